"""How the AWS SDK's session is set up."""

from collections.abc import Mapping
from typing import Any

from backends.aws_http import make_client_config
from backends.tls import TlsTrust

# One client may serve many entries; aiohttp would queue what goes beyond this.
_CONNECTIONS = 64
_CONNECT_TIMEOUT_S = 3
# Three attempts of it fit into the deadline of one grant.
_READ_TIMEOUT_S = 5
_RETRIES = {"mode": "standard", "total_max_attempts": 3}


def make_sdk_session(environment: Mapping[str, str], tls: TlsTrust, profile: str | None) -> Any:
    """Return an ``aioboto3.Session`` with our timeouts, retries and TLS, STS and SSO included."""
    import aioboto3
    import aiobotocore.session

    # An empty variable, as CI systems leave them, would be the name of a profile to the SDK
    names = [name for name in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE") if environment.get(name)]
    variables = {"profile": (None, names or None, None, None)}
    session = aiobotocore.session.AioSession(variables, profile=profile)
    # On the session, for a client's own config does not reach STS and SSO of the chain
    for name, value in (
        ("retry_mode", _RETRIES["mode"]),
        ("max_attempts", _RETRIES["total_max_attempts"]),
        ("metadata_service_timeout", 1),
        ("metadata_service_num_attempts", 1),
    ):
        session.set_config_variable(name, value)
    session.set_default_client_config(
        make_client_config(
            tls,
            session.get_config_variable("ca_bundle"),
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=_READ_TIMEOUT_S,
            retries=_RETRIES,
            max_pool_connections=_CONNECTIONS,
        )
    )
    return aioboto3.Session(botocore_session=session)


def endpoint_config(*, fips: bool, dual_stack: bool) -> Any:
    """Return the config that moves a client to another of its service's endpoints.

    ``None`` leaves it to the AWS variables and config files.
    """
    if not (fips or dual_stack):
        return None
    from aiobotocore.config import AioConfig

    # what is not asked for stays unsaid, so that a variable can still say it
    wanted: dict[str, Any] = {"use_fips_endpoint": True} if fips else {}
    return AioConfig(**wanted | ({"use_dualstack_endpoint": True} if dual_stack else {}))
