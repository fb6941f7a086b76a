"""Oracle Cloud's container registry: a signed request is answered with a bearer token.

The registry's own token service takes a request signed with a user's API key, and the registry
takes its token from the user ``BEARER_TOKEN`` (Oracle A-Team, "Authentication Mechanisms for OCI
Container Registry"). How long it lives is for the token to say: it is a JSON Web Token.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit

from backends.base import RunContext, Secret
from backends.jwt_identity import claims_of
from backends.options import EndpointUrl
from generator.errors import AccessDenied
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.clock import wrong_clock
from generator.registries.issuer import Issuer, Refusal, TokenAnswer
from generator.registries.ocir.login import OcirLoginOptions, ambient_login, named_login
from generator.registries.ocir.signature import CLOCK_S, signed_get

USERNAME = "BEARER_TOKEN"
_PATH = "/20180419/docker/token"
# Oracle's domains are those of its Python SDK (oci/regions_definitions.py).
_HOST = re.compile(
    r"[a-z0-9-]+\.ocir\.io"
    r"|ocir\.[a-z0-9-]+\.oci\.(oraclecloud\.(com|eu)|oraclegovcloud\.(com|uk)"
    r"|oraclecloud(8|9|10|14|15|20|21|23|24|26|29|35|42|51|52)\.com)"
)
_REFUSED = Refusal(
    AccessDenied,
    "key-refused",
    "the API key is not accepted",
    "check tenancy, user and fingerprint in the console: the key may have been deleted",
)
_DENIED = Refusal(
    AccessDenied,
    "denied",
    "this user may not use the registry",
    "add a policy as: allow group GROUP to read repos in tenancy",
)
_ORACLE = Issuer("ocir", "Oracle's registry", {401: _REFUSED, 403: _DENIED, 404: _DENIED})


class OcirOptions(OcirLoginOptions):
    """Options of ``provider: ocir``."""

    endpoint: EndpointUrl | None = None
    """The URL that gives the registry's tokens, if it is not the registry itself."""
    allow_http: bool = False
    """Let the endpoint speak plain http to another host."""


class OcirProvider:
    """Bearer tokens of Oracle's registry, for a user's API key."""

    options: ClassVar[type[ProviderOptions]] = OcirOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("*.ocir.io", "ocir.*.oci.oraclecloud.com"),
        lives="as long as it says",
        example="""\
server: fra.ocir.io
tenancy: ocid1.tenancy.oc1..aaaaexample
user: ocid1.user.oc1..aaaaexample
credentials: {private_key: env:OCI_KEY}
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField(
            "private_key", ("key_content", "key"), required=False, multiline=True, primary=True
        ),
        CredentialField("passphrase", ("pass_phrase",), required=False),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check the host; who names a key must say whose it is."""
        problems = list(_server_problems(entry))
        if not entry.credentials.references:
            return problems
        if entry.credentials.document is None and "private_key" not in entry.credentials.fields:
            hint = "add private_key: REFERENCE"
            problems.append(Problem(("credentials",), "they hold no private_key", hint))
        for name in ("tenancy", "user"):
            if getattr(entry.options, name) is None:
                hint = f"add {name}: ocid1.{name}.oc1..…"
                problems.append(Problem((name,), "is not named, and no key tells it", hint))
        return problems

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """A token is of one registry, and of whose key signs."""
        options: OcirOptions = entry.options
        parts = [("server", entry.server or ""), ("endpoint", options.endpoint or "")]
        if not entry.credentials.references:
            return GrantKey((*parts, *ambient_login(entry, context).identity))
        return GrantKey(
            (
                *parts,
                ("tenancy", options.tenancy or ""),
                ("user", options.user or ""),
                ("fingerprint", options.fingerprint or ""),
            )
        )

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Sign a request for a token, and send it to the registry."""
        entry = request.entry
        options: OcirOptions = entry.options
        if entry.credentials.references:
            login = named_login(entry, request.credentials)
        else:
            login = ambient_login(entry, context)
        key, key_id = login.key()
        url = (options.endpoint or f"https://{entry.server}").rstrip("/") + _PATH
        there = urlsplit(url)
        answer = await _ORACLE.ask(
            context,
            "GET",
            url,
            headers=signed_get(key, key_id, there.netloc, there.path, context.clock()),
            allow_http=options.allow_http,
            meaning=wrong_clock(context, slow_s=CLOCK_S, fast_s=CLOCK_S),
        )
        token = answer.token("token")
        return answer.grant(USERNAME, token, _expiry(answer, token), endpoint=options.endpoint)


def _expiry(answer: TokenAnswer, token: Secret) -> datetime:
    """Return when it expires by its own word, else by the answer's ``expires_in``."""
    if "exp" in (claims_of(token) or {}):
        return answer.end_of(token)
    return answer.after(answer.body.get("expires_in"))


def _server_problems(entry: RegistryEntry) -> Sequence[Problem]:
    if entry.server is None:
        return [Problem(("server",), "no server is named", "write server: REGIONKEY.ocir.io")]
    if _HOST.fullmatch(entry.server) is None:
        hint = "write REGIONKEY.ocir.io; a domain of your own goes under aliases"
        return [Problem(("server",), "not a host of Oracle's registry", hint)]
    return []
