"""Whom AWS's ordinary credential chain would find, told without asking anybody."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from pwd import getpwuid

from backends.host import host_identity
from backends.inputs import InputRecorder
from backends.jwt_identity import identity_of_token
from backends.secret import IdentityPart, Secret

_PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_NAMES = (
    *_PROFILES,
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    # a job may have a metadata service of its own, as IAM Roles Anywhere's helper is one
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_EC2_METADATA_DISABLED",
)
_FILES = (
    ("AWS_CONFIG_FILE", "~/.aws/config"),
    ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
)
# Files of older tools, in which botocore still finds keys after those above.
_CREDENTIAL_FILE = "AWS_CREDENTIAL_FILE"
_BOTO_FILE, _BOTO_FILES = "BOTO_CONFIG", ("/etc/boto.cfg", "~/.boto")
_TOKEN_FILES = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)
_TOKEN_FILE_SETTING = re.compile(
    r"^[ \t]*web_identity_token_file[ \t]*=[ \t]*(.+?)[ \t\r]*$", re.MULTILINE
)
_SOURCE = "aws-credential-chain"
_LARGEST_FILE = 1024 * 1024


def ambient_identity(
    environment: Mapping[str, str], inputs: InputRecorder, profile: str | None = None
) -> list[IdentityPart]:
    """Return what decides which credentials the chain, or the named profile, gives.

    The order is botocore's: a named profile, then keys in variables win over everything else; of
    the rest all that is there counts, since which one wins is settled only by asking. The config
    file counts always, and then which part of it is meant, for it may move region and endpoints as
    well.
    """
    inputs.prefix("AWS_")
    config, shared = (_file_part(*file, environment, inputs) for file in _FILES)
    keys = _keys(environment)
    if keys and not profile:
        return [*keys, *config, *(_set(_PROFILES, environment) if config else ())]
    parts: list[IdentityPart] = [*_set(_NAMES, environment)]
    parts += [("profile", profile)] if profile else []
    parts += [*config, *shared, *_older_files(environment, inputs)]
    profiles = "\n".join(secret.reveal() for _, secret in (*config, *shared))
    # a profile may be a role that the keys in variables take over
    parts += keys if "credential_source" in profiles else []
    tokens = [*_tokens(profiles, environment, inputs)]
    if tokens:
        # Which role a container or a single sign-on session has, only they can tell.
        inputs.opaque(_SOURCE)
        return [*parts, *tokens]
    return [*parts, *host_identity(inputs, _SOURCE)]


def _set(names: Iterable[str], environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name in names if (value := environment.get(name)))


def _older_files(
    environment: Mapping[str, str], inputs: InputRecorder
) -> Iterator[tuple[str, Secret]]:
    inputs.variable(_BOTO_FILE)
    for variable, defaults in ((_CREDENTIAL_FILE, ()), (_BOTO_FILE, _BOTO_FILES)):
        # the defaults count unless the variable is there, be it empty
        for default in defaults if variable not in environment else ("",):
            yield from _file_part(variable, default, environment, inputs)


def _keys(environment: Mapping[str, str]) -> list[IdentityPart]:
    """Return the keys in variables, nothing if one of them is missing."""
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        return []
    return [
        ("access_key_id", key),
        ("secret_access_key", Secret(secret)),
        ("session_token", Secret(environment.get("AWS_SESSION_TOKEN", ""))),
    ]


def _tokens(
    profiles: str, environment: Mapping[str, str], inputs: InputRecorder
) -> Iterator[IdentityPart]:
    """Tell whom the platform's tokens stand for, those of pods and containers."""
    named = [(name, environment.get(name)) for name in _TOKEN_FILES]
    named += [("web_identity_token_file", path) for path in _TOKEN_FILE_SETTING.findall(profiles)]
    for name, path in named:
        if path and (content := _content(Path(path), inputs)) is not None:
            for part, value in identity_of_token(Secret(content.strip())):
                yield f"{name}.{part}", value
    if token := environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"):
        yield "AWS_CONTAINER_AUTHORIZATION_TOKEN", Secret(token)


def file_endpoints(environment: Mapping[str, str], inputs: InputRecorder) -> list[IdentityPart]:
    """Return the config file and which part of it is meant, if it says anything of endpoints."""
    for name in (_FILES[0][0], *_PROFILES):
        inputs.variable(name)
    config = _file_part(*_FILES[0], environment, inputs)
    if not any("endpoint" in content.reveal() for _, content in config):
        return []
    return [*config, *_set(_PROFILES, environment)]


def record_sdk_inputs(environment: Mapping[str, str], inputs: InputRecorder) -> None:
    """Record what the AWS SDK looks at by itself, whosever credentials it is given."""
    for prefix in ("AWS_", "BOTO_", "BOTOCORE_"):
        inputs.prefix(prefix)
    for name in ("REQUEST_METHOD", "REQUESTS_CA_BUNDLE"):
        inputs.variable(name)
    for variable, default in _FILES:
        inputs.file(_path(variable, default, environment, inputs))
    inputs.file(_expand("~/.aws/models", environment, inputs))


def _file_part(
    variable: str, default: str, environment: Mapping[str, str], inputs: InputRecorder
) -> list[tuple[str, Secret]]:
    content = _content(_path(variable, default, environment, inputs), inputs)
    return [] if content is None else [(variable, Secret(content))]


def _path(
    variable: str, default: str, environment: Mapping[str, str], inputs: InputRecorder
) -> Path:
    named = environment.get(variable)
    if named and ("$" in named or (named.startswith("~") and not named.startswith("~/"))):
        # The SDK replaces variables and the homes of users in it; what it then reads, it knows
        inputs.opaque(f"the path in {variable}")
    return _expand(named or default, environment, inputs)


def _expand(path: str, environment: Mapping[str, str], inputs: InputRecorder) -> Path:
    if not path.startswith("~/"):
        return Path(path)
    inputs.variable("HOME")
    home = environment.get("HOME")
    return Path((_home_of_user() if home is None else home).rstrip("/") + path[1:])


def _home_of_user() -> str:
    """Return the folder that the SDK takes where HOME is not set: the system's, else ``~``."""
    try:
        return getpwuid(os.getuid()).pw_dir
    except KeyError:
        return "~"


def _content(path: Path, inputs: InputRecorder) -> str | None:
    inputs.file(path)
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_FILE).decode("utf-8", "replace")
    except OSError:
        return None
