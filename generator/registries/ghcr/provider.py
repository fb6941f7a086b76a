"""GitHub's container registry, for a GitHub App; experimental.

An App's installation token ("Create an installation access token for an app", GitHub REST API
reference) lives an hour and is the password of the user ``x-access-token``. GitHub documents no
more than classic personal access tokens and the token of an Actions job for its registry; reports
of Apps that log in and are then refused an image are in ``docs/registries/ghcr.md``. A token that
is there already, whosever it is, needs no exchange: that is ``provider: static``.
"""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, WithJsonSchema

from backends.base import RunContext
from backends.options import EndpointUrl
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.ghcr.app import App
from generator.registries.ghcr.key import load_key

HOST = "ghcr.io"
API = "https://api.github.com"
USERNAME = "x-access-token"

# No name is made of dots alone, which in a URL would lead elsewhere.
_NAME = r"[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*"
AppId = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_.-]+$"),
    # an editor sees a number in the one, a text in the other
    WithJsonSchema({"type": ["number", "string"], "pattern": "^[A-Za-z0-9_.-]+$"}),
]
Account = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
Repository = Annotated[str, Field(pattern=f"^{_NAME}$")]
OwnedRepository = Annotated[str, Field(pattern=f"^[A-Za-z0-9_-]+/{_NAME}$")]


class GhcrPermissions(ProviderOptions):
    """What a token may be used for; GitHub's own words."""

    packages: Literal["read", "write"] = "read"
    """``read`` to pull, ``write`` to push as well."""


class GhcrOptions(ProviderOptions):
    """Options of ``provider: ghcr``."""

    app_id: AppId
    """The App's id, or its client id."""
    installation_id: Annotated[int, Field(gt=0)] | None = None
    """The number of the App's installation, if it is not found by ``owner`` or ``repository``."""
    owner: Account | None = None
    """The account that the App is installed in."""
    repository: OwnedRepository | None = None
    """A repository that the App is installed in: OWNER/NAME."""
    repositories: Annotated[tuple[Repository, ...], Field(max_length=500)] = ()
    """Names of repositories that the token is for; without them, all of the installation."""
    permissions: GhcrPermissions = GhcrPermissions()
    """What the token may be used for: ``{packages: read}`` or ``{packages: write}``."""
    endpoint: EndpointUrl = API
    """The URL of another GitHub's API: ``https://HOST/api/v3`` or ``https://api.NAME.ghe.com``."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""

    @property
    def url(self) -> str:
        """The endpoint, to put a path behind."""
        return self.endpoint.rstrip("/")

    @property
    def is_public(self) -> bool:
        """Whether the API is github.com's."""
        return self.url.lower() == API


class GhcrProvider:
    """Experimental: tokens of a GitHub App, which GitHub may let log in and yet refuse an image."""

    default_server: ClassVar[str] = HOST
    options: ClassVar[type[ProviderOptions]] = GhcrOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=(HOST,),
        lives="1 h; experimental",
        example="""\
provider: ghcr
app_id: 123456
owner: acme
permissions: {packages: write}
credentials: {private_key: env:GITHUB_APP_PRIVATE_KEY}
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField(
            "private_key",
            ("privateKey", "pem", "app_private_key", "github_app_private_key"),
            multiline=True,
            primary=True,
        ),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check which installation is meant, and that registry and API are of one GitHub."""
        return [*_installation_problems(entry.options), *_server_problems(entry)]

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One token for an installation, told apart by what it may be used for."""
        options: GhcrOptions = entry.options
        return GrantKey(
            (
                ("endpoint", options.url),
                ("app", options.app_id),
                ("installation", str(options.installation_id or "")),
                ("owner", options.owner or ""),
                ("repository", options.repository or ""),
                ("repositories", ",".join(sorted(options.repositories))),
                ("packages", options.permissions.packages),
            )
        )

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Ask as the App for a token of its installation."""
        options: GhcrOptions = request.entry.options
        app = App(
            options.app_id,
            load_key(request.credentials["private_key"]),
            options.url,
            context,
            allow_http=options.allow_http,
        )
        place = f"repos/{options.repository}" if options.repository else f"users/{options.owner}"
        installation = options.installation_id or await app.installation(place)
        answer = await app.token(installation, _wish(options))
        return answer.grant(
            USERNAME,
            # of no known form or length: they have changed, and may again
            answer.token("token"),
            answer.on(answer.body.get("expires_at")),
            endpoint=None if options.is_public else options.endpoint,
        )


def _wish(options: GhcrOptions) -> dict[str, Any]:
    """Return what is asked for: always less than the App has, if it has more than packages."""
    wish: dict[str, Any] = {"permissions": options.permissions.model_dump()}
    if options.repositories:
        wish["repositories"] = list(options.repositories)
    return wish


def _installation_problems(options: GhcrOptions) -> list[Problem]:
    places = ("installation_id", "owner", "repository")
    named = [place for place in places if getattr(options, place) is not None]
    if not named:
        hint = "write owner: ACCOUNT, repository: OWNER/NAME or installation_id: NUMBER"
        return [Problem(("owner",), "no installation of the App is named", hint)]
    return [
        Problem((other,), f"contradicts {named[0]}", "keep the one that names the installation")
        for other in named[1:]
    ]


def _server_problems(entry: RegistryEntry) -> list[Problem]:
    """Find a registry of one GitHub with the API of another: neither knows the other's tokens."""
    options: GhcrOptions = entry.options
    if options.is_public and entry.server != HOST:
        hint = (
            f"write {HOST}, with a domain of your own under aliases; for another GitHub, add its "
            "endpoint: URL"
        )
        return [Problem(("server",), "not github.com's registry", hint)]
    if not options.is_public and HOST in (entry.server, *entry.aliases):
        hint = "write server: with the host of its container registry, as containers.HOST"
        return [Problem(("server",), f"{HOST} is not the registry of this endpoint", hint)]
    return []
