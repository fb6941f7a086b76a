"""From an entry's wish, its secrets and the environment to who asks."""

import re
from collections.abc import Callable, Mapping

from backends.azure.ambient import (
    ambient_id,
    ambient_password,
    ambient_proof,
    in_app,
    job_token,
    method_of,
    wants_chain,
)
from backends.azure.certificate import load_certificate
from backends.azure.errors import unusable
from backends.azure.login import (
    CLIENT,
    PROOFS,
    TENANT,
    AssertionLogin,
    IdentityLogin,
    Login,
    SecretLogin,
    Wish,
)
from backends.base import RunContext, Secret
from backends.errors import SecretNotFound


async def login_for(
    wish: Wish, secrets: Mapping[str, Secret], context: RunContext, *, whole: bool
) -> Login:
    """Return who asks; reads variables and files, and asks a CI for the job's token.

    Args:
        wish: of the entry.
        secrets: by credential field.
        context: the run's.
        whole: the secrets are of one document, which must have the proof in it.

    Raises:
        BackendError: something that is needed is not there, or can not be used.
    """
    if whole:
        _require_proof(wish, secrets)
    method = method_of(wish, secrets, context)
    if method == "managed_identity":
        return _machine(wish, context)
    tenant_id = _id("tenant_id", TENANT, wish, secrets, context)
    client_id = _id("client_id", CLIENT, wish, secrets, context)
    if method == "certificate":
        return AssertionLogin(tenant_id, client_id, _signer(client_id, wish, secrets, context))
    if method == "client_secret":
        secret = secrets.get("client_secret") or ambient_proof(method, context)
        return SecretLogin(tenant_id, client_id, secret)
    token = secrets.get("federated_token") or await job_token(wish, context)
    return AssertionLogin(tenant_id, client_id, lambda _audience: token.reveal())


def _require_proof(wish: Wish, secrets: Mapping[str, Secret]) -> None:
    """Refuse a document without a proof: the environment's one is another identity's."""
    wanted = list(PROOFS.values()) if wish.method is None else [PROOFS.get(wish.method, "")]
    if any(proof in secrets for proof in wanted):
        return
    raise unusable(
        "proof-missing",
        f"the secret has no field {' and none '.join(wanted)}",
        f"name it: credentials: {{from: REFERENCE, fields: {{{wanted[0]}: FIELD}}}}; "
        "a user name and a password are provider: static",
    )


def _machine(wish: Wish, context: RunContext) -> IdentityLogin:
    client_id = None
    if not (wish.object_id or wish.resource_id):
        client_id = ambient_id("client_id", wish.client_id, context)
    here = in_app(context)
    return IdentityLogin(
        client_id, wish.object_id, wish.resource_id, here, asked=here or wish.method is not None
    )


def _signer(
    client_id: str, wish: Wish, secrets: Mapping[str, Secret], context: RunContext
) -> Callable[[str], str]:
    password = secrets.get("certificate_password")
    if "certificate" in secrets:
        content = secrets["certificate"].reveal().encode()
    else:
        content = ambient_proof("certificate", context).reveal().encode("latin-1")
        password = password or ambient_password(context)
    certificate = load_certificate(content, password)
    send_chain = wish.send_certificate_chain or wants_chain(context)
    return lambda audience: certificate.assertion(
        client_id, audience, context.clock(), send_chain=send_chain
    )


def _id(
    name: str, form: str, wish: Wish, secrets: Mapping[str, Secret], context: RunContext
) -> str:
    """Return the tenant's or client's id: the entry's own, a secret's, the environment's."""
    given = secrets[name].reveal().strip() if name in secrets else None
    value = getattr(wish, name) or given or ambient_id(name, None, context)
    if not value:
        variable = f"AZURE_{name.upper()}"
        raise SecretNotFound(
            "azure-id-missing",
            f"Azure: no {name} is known",
            f"write {name}: in the entry, store it in the secret, or set {variable}",
        )
    if re.fullmatch(form, value, re.ASCII) is None:
        raise unusable("id-malformed", f"the {name} has a form that none has", f"check {name}")
    return str(value)
