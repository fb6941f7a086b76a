"""Google Artifact Registry, and Container Registry's hosts.

One access token, from the user ``oauth2accesstoken``, serves every host; a key file may be used as
a password without expiry from the user ``_json_key`` (Artifact Registry documentation, "Configure
authentication to Artifact Registry for Docker").
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from backends.base import IdentityPart, RunContext, Secret
from backends.ci_identity import CiIdentity
from backends.google.errors import implausible
from backends.google.gate import Gate, metadata_host
from backends.google.key import key_text, parse_key
from backends.google.sdk import Wish
from backends.google.subject import document_here, subject_identity
from backends.google.token import (
    Answer,
    TokenCalls,
    token_of_document,
    token_of_metadata,
)
from backends.host import host_identity
from generator.model import Grant, GrantKey, GrantRequest, Problem, RegistryEntry
from generator.registries.base import CredentialField, KindDocs, ProviderOptions
from generator.registries.gar.entry import GarOptions, entry_problems

USERNAME = "oauth2accesstoken"
_POOLS = "//iam.googleapis.com/"
# The longest that an organisation's policy can allow, and some for a clock.
_LONGEST_S = 43200 + 300
_LARGEST_KEY = 64 * 1024


class GarProvider:
    """Access tokens of Google Cloud; they live an hour, unless an organisation allows more."""

    options: ClassVar[type[ProviderOptions]] = GarOptions
    docs: ClassVar[KindDocs] = KindDocs(
        hosts=("*.pkg.dev", "gcr.io", "*.gcr.io"),
        lives="1 h",
        example="""\
server: europe-west1-docker.pkg.dev
credentials: file:/run/secrets/google-key.json
""",
    )
    credential_fields: ClassVar[tuple[CredentialField, ...]] = (
        CredentialField(
            "key",
            aliases=("json_key", "credentials_json", "service_account_key"),
            required=False,
            multiline=True,
            primary=True,
            whole=True,
        ),
        CredentialField("subject_token", ("id_token",), required=False, job_token=True),
    )

    def validate(self, entry: RegistryEntry) -> Sequence[Problem]:
        """Check the host, and options against each other."""
        return entry_problems(entry)

    def grant_key(self, entry: RegistryEntry, context: RunContext) -> GrantKey:
        """One token for all hosts, told apart by whom it stands for."""
        options: GarOptions = entry.options
        parts: list[IdentityPart] = [
            ("method", options.method),
            ("impersonate", options.impersonate or ""),
            ("delegates", ",".join(options.delegates)),
            ("lifetime", f"{options.lifetime:g}"),
            ("scope", options.scope),
            ("provider", options.workload_identity_provider or ""),
            ("audience", options.audience or ""),
            ("endpoint", options.endpoint or ""),
        ]
        if not entry.credentials.references:
            parts += _ambient_identity(options, context)
        if options.workload_identity_provider is None:
            parts += _subject(entry, context)
        return GrantKey(tuple(parts))

    async def fetch(self, request: GrantRequest, context: RunContext) -> Grant:
        """Get an access token, as another account if one is named, or hand out the key."""
        options: GarOptions = request.entry.options
        key = request.credentials.get("key") or _default_key(context)
        if options.method == "json_key" and key is not None:
            parse_key(key)
            return Grant("_json_key", Secret(key_text(key)), context.clock(), None)
        gate = Gate(options.endpoint, options.trusted_sources, context)
        calls = TokenCalls(gate, context, allow_http=options.allow_http)
        wish = Wish(options.scope, options.impersonate, options.delegates, options.lifetime)
        if options.workload_identity_provider is not None:
            token = request.credentials.get("subject_token") or await _ci_token(options, context)
            document = _pool(options.workload_identity_provider)
            return _grant(await token_of_document(document, token, wish, calls))
        if key is not None:
            document = parse_key(key)
            gate.check_source(document.get("credential_source", {}), context)
            return _grant(await token_of_document(document, None, wish, calls))
        return _grant(await token_of_metadata(wish, calls, metadata_host(context)))


def _grant(answer: Answer) -> Grant:
    token = answer.body.get("access_token", answer.body.get("accessToken"))
    if not isinstance(token, str) or not token:
        raise implausible("it holds no token")
    expires_at = _expiry(answer)
    lives_s = (expires_at - answer.requested_at).total_seconds()
    # milliseconds would be a life of weeks
    if not 0 < lives_s <= _LONGEST_S:
        raise implausible("its time of expiry is past, or too far off")
    return Grant(
        username=USERNAME,
        secret=Secret(token),
        requested_at=answer.requested_at,
        expires_at=expires_at,
        endpoint=answer.endpoint,
        clock_skew_s=answer.skew_s,
    )


def _expiry(answer: Answer) -> datetime:
    """Return when a token expires by our clock: told in seconds from now, or as a time."""
    expires_in, expire_time = answer.body.get("expires_in"), answer.body.get("expireTime")
    try:
        if expires_in is not None:
            return answer.requested_at + timedelta(seconds=int(str(expires_in)))
        there = datetime.fromisoformat(str(expire_time))
        return datetime.fromtimestamp(there.timestamp() - answer.skew_s, UTC)
    except (ValueError, OverflowError):
        raise implausible("it says no time of expiry") from None


def _ambient_identity(options: GarOptions, context: RunContext) -> Sequence[IdentityPart]:
    """Say whom an entry without credentials stands for: the CI's job, a key file, the machine."""
    if options.workload_identity_provider is not None:
        return CiIdentity(context, context.transport).identity(_audience(options))
    if (key := _default_key(context)) is not None:
        return [("key", key)]
    host = host_identity(context.inputs, "google-metadata")
    return [("metadata", metadata_host(context)), *host]


def _subject(entry: RegistryEntry, context: RunContext) -> Sequence[IdentityPart]:
    """Say whom the credential document stands for, if it leaves that to the job."""
    trusted = entry.options.trusted_sources
    ref = entry.credentials.fields.get("key") or entry.credentials.document
    if ref is None:
        key = _default_key(context)
        return [] if key is None else subject_identity(key, trusted, context)
    return subject_identity(document_here(ref, context), trusted, context)


def _default_key(context: RunContext) -> Secret | None:
    path = context.setting("GOOGLE_APPLICATION_CREDENTIALS")
    if path is None:
        return None
    content = context.read_file(path, limit=_LARGEST_KEY)
    return Secret(content.decode("utf-8", "replace"))


async def _ci_token(options: GarOptions, context: RunContext) -> Secret:
    return await CiIdentity(context, context.transport).token(_audience(options))


def _audience(options: GarOptions) -> str:
    provider = (options.workload_identity_provider or "").removeprefix(_POOLS)
    return options.audience or f"https://iam.googleapis.com/{provider}"


def _pool(provider: str) -> dict[str, Any]:
    return {
        "type": "external_account",
        "audience": _POOLS + provider.removeprefix(_POOLS),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {},
    }
