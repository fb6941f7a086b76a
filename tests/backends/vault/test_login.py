"""Every login method that the real server has, and how each refusal is told."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from backends.base import SecretRef
from backends.errors import BackendError, BackendMisconfigured, SecretDenied, SecretNotFound
from backends.testing import make_context
from backends.vault.backend import VaultBackendFactory
from backends.vault.options import VaultAuth, VaultOptions
from tests.backends.vault.vault import CANARY, JwtIssuer, Vault, ref
from tests.parts.loopback import QuietHandler, serving
from tests.parts.openbao import READ_CI, OpenBao, TlsServer, agent

FIELDS = {"username": "ci", "password": CANARY}
APPROLE = VaultAuth(
    method="approle", credentials={"role_id": ref("ROLE_ID"), "secret_id": ref("SECRET_ID")}
)
WRAPPED = VaultAuth(
    method="approle", credentials={"role_id": ref("ROLE_ID"), "wrapped_secret_id": ref("WRAPPED")}
)
JWT = VaultAuth(method="jwt", role="ci", credentials={"jwt": ref("VAULT_ID_TOKEN")})
USERPASS = VaultAuth(method="userpass", username="ci", credentials={"password": ref("PASSWORD")})


async def refused(vault: Vault, auth: VaultAuth, environment: dict[str, str]) -> BackendError:
    with pytest.raises(BackendError) as caught:
        await vault.read(auth=auth, environment=environment)
    error = caught.value
    assert CANARY not in f"{error.message}{error.hint}{error.__cause__!r}"
    for value in environment.values():
        assert value not in error.message + error.hint
    return error


async def test_approle(vault: Vault) -> None:
    role_id, secret_id = vault.approle()
    environment = {"ROLE_ID": role_id, "SECRET_ID": f"{secret_id}\n"}
    assert (await vault.read(auth=APPROLE, environment=environment)).content == FIELDS


async def test_a_used_up_secret_id_is_tried_once_and_told(vault: Vault) -> None:
    role_id, secret_id = vault.approle(secret_id_num_uses=1)
    environment = {"ROLE_ID": role_id, "SECRET_ID": secret_id}
    await vault.read(auth=APPROLE, environment=environment)
    error = await refused(vault, APPROLE, environment)
    assert (type(error), error.reference) == (SecretDenied, "vault-approle-refused")


def _wrap(vault: Vault, path: str, **body: Any) -> str:
    adapter = vault.operator.adapter
    wrapped = adapter.post(f"/v1/{path}", json=body, wrap_ttl="60s")
    return str(wrapped["wrap_info"]["token"])


async def test_a_wrapped_secret_id_is_unwrapped_once(vault: Vault) -> None:
    role_id, _ = vault.approle()
    wrapped = _wrap(vault, "auth/approle/role/ci/secret-id")
    environment = {"ROLE_ID": role_id, "WRAPPED": wrapped}
    assert (await vault.read(auth=WRAPPED, environment=environment)).content == FIELDS
    error = await refused(vault, WRAPPED, environment)
    assert (type(error), error.reference) == (SecretDenied, "vault-wrapping-spent")
    assert "stolen" in error.hint


async def test_a_wrapping_token_around_something_else_is_not_unwrapped(vault: Vault) -> None:
    role_id, _ = vault.approle()
    wrapped = _wrap(vault, "sys/wrapping/wrap", secret_id="forged")
    error = await refused(vault, WRAPPED, {"ROLE_ID": role_id, "WRAPPED": wrapped})
    assert (type(error), error.reference) == (SecretDenied, "vault-wrapping-foreign")


async def test_jwt(vault: Vault) -> None:
    issuer = JwtIssuer()
    issuer.trusted_by(vault)
    environment = {"VAULT_ID_TOKEN": issuer.token()}
    assert (await vault.read(auth=JWT, environment=environment)).content == FIELDS


@pytest.mark.parametrize(
    ("claims", "reference"),
    [
        ({"aud": "https://elsewhere.example"}, "vault-jwt-audience"),
        ({"exp": 1_000_000_000, "iat": 999_999_000, "nbf": 999_999_000}, "vault-jwt-expired"),
        ({"nbf": 4_000_000_000}, "vault-jwt-early"),
        ({"iss": "https://other.example"}, "vault-jwt-issuer"),
        ({"ref": "feature"}, "vault-jwt-claims"),
    ],
)
async def test_a_jwt_that_the_role_does_not_take_says_why(
    vault: Vault, claims: dict[str, Any], reference: str
) -> None:
    issuer = JwtIssuer()
    issuer.trusted_by(vault)
    error = await refused(vault, JWT, {"VAULT_ID_TOKEN": issuer.token(**claims)})
    assert (type(error), error.reference) == (SecretDenied, reference)


async def test_a_jwt_of_another_signer_is_refused(vault: Vault) -> None:
    JwtIssuer().trusted_by(vault)
    error = await refused(vault, JWT, {"VAULT_ID_TOKEN": JwtIssuer().token()})
    assert error.reference == "vault-jwt-signature"


async def test_a_role_that_does_not_exist_is_told(vault: Vault) -> None:
    issuer = JwtIssuer()
    issuer.trusted_by(vault)
    auth = JWT.model_copy(update={"role": "nope"})
    error = await refused(vault, auth, {"VAULT_ID_TOKEN": issuer.token()})
    assert error.reference == "vault-role-not-found"


async def test_an_auth_mount_that_does_not_exist_is_told(vault: Vault) -> None:
    error = await refused(vault, JWT, {"VAULT_ID_TOKEN": JwtIssuer().token()})
    assert error.reference == "vault-login-denied"


async def test_userpass_and_its_refusal(vault: Vault) -> None:
    vault.policy()
    vault.operator.sys.enable_auth_method("userpass")
    vault.operator.auth.userpass.create_or_update_user("ci", "right-CANARY", policies=["ci"])
    document = await vault.read(auth=USERPASS, environment={"PASSWORD": "right-CANARY"})
    assert document.content == FIELDS
    error = await refused(vault, USERPASS, {"PASSWORD": "wrong-CANARY"})
    assert error.reference == "vault-userpass-refused"


@pytest.mark.parametrize("method", ["approle", "userpass"])
async def test_a_login_without_its_credentials_says_what_to_write(
    vault: Vault, method: Any
) -> None:
    error = await refused(vault, VaultAuth(method=method), {})
    assert (type(error), error.reference) == (BackendMisconfigured, "vault-login-incomplete")


async def test_a_login_whose_variable_is_not_set_names_it(vault: Vault) -> None:
    error = await refused(vault, JWT, {})
    assert (type(error), error.message) == (SecretNotFound, "variable VAULT_ID_TOKEN is not set")


@pytest.fixture
def token_review() -> Iterator[tuple[str, list[bool]]]:
    """What Kubernetes auth needs of a cluster: one endpoint."""
    accepts = [True]

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            spec = json.loads(self.body())["spec"]
            user = {"username": "system:serviceaccount:default:ci", "uid": "1234"}
            status = {"authenticated": True, "audiences": spec.get("audiences"), "user": user}
            if not accepts[0]:
                status = {"error": "invalid bearer token"}
            review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview"}
            self.answer(201, json.dumps({**review, "status": status}).encode())

    with serving(Handler) as url:
        yield url, accepts


async def test_kubernetes_by_a_service_accounts_token_in_a_file(
    vault: Vault, token_review: tuple[str, list[bool]]
) -> None:
    url, accepts = token_review
    vault.policy()
    vault.operator.sys.enable_auth_method("kubernetes")
    issuer = JwtIssuer()
    vault.operator.auth.kubernetes.configure(
        kubernetes_host=url, disable_local_ca_jwt=True, kubernetes_ca_cert=_some_ca()
    )
    vault.operator.auth.kubernetes.create_role(
        "ci",
        bound_service_account_names="ci",
        bound_service_account_namespaces="default",
        policies=["ci"],
    )
    account = {"name": "ci", "uid": "1234"}
    token = issuer.token(
        iss="kubernetes/serviceaccount",
        aud=["vault"],
        sub="system:serviceaccount:default:ci",
        **{"kubernetes.io": {"namespace": "default", "serviceaccount": account}},
    )
    (vault.folder / "sa").write_text(token)
    auth = VaultAuth(method="kubernetes", role="ci", credentials={"jwt": SecretRef("file", "sa")})
    assert (await vault.read(auth=auth)).content == FIELDS
    accepts[0] = False
    assert (await refused(vault, auth, {})).reference == "vault-login-denied"


def _some_ca() -> str:
    return trustme.CA().cert_pem.bytes().decode()


async def test_a_token_that_dies_in_between_is_renewed_once(vault: Vault) -> None:
    issuer = JwtIssuer()
    issuer.trusted_by(vault)
    context = make_context({"VAULT_ID_TOKEN": issuer.token()})
    options = VaultOptions(address=vault.url, namespace=vault.namespace, auth=JWT)
    path = SecretRef("vault", "secret/ci/registry")
    async with VaultBackendFactory()(options, context) as backend:
        await backend.read(path)
        _revoke_all_of_jwt(vault)
        assert (await backend.read(path)).content == FIELDS
        _revoke_all_of_jwt(vault)
        with pytest.raises(SecretDenied) as caught:
            await backend.read(path)
    assert caught.value.reference == "vault-token-dead"


def _revoke_all_of_jwt(vault: Vault) -> None:
    vault.operator.sys.revoke_prefix("auth/jwt")


async def test_the_token_of_a_login_is_revoked_at_the_end(vault: Vault) -> None:
    issuer = JwtIssuer()
    issuer.trusted_by(vault)
    await vault.read(auth=JWT, environment={"VAULT_ID_TOKEN": issuer.token()})
    listed = vault.operator.list("auth/token/accessors")
    accessors = listed["data"]["keys"] if listed else []
    names = [
        vault.operator.auth.token.lookup_accessor(accessor)["data"]["display_name"]
        for accessor in accessors
    ]
    assert not [name for name in names if name.startswith("jwt")]


async def test_two_jobs_of_a_project_are_one_identity_and_another_project_is_none() -> None:
    issuer = JwtIssuer()

    def identity(**claims: Any) -> Any:
        context = make_context({"VAULT_ID_TOKEN": issuer.token(**claims)})
        options = VaultOptions(address="https://vault.example", auth=JWT)

        async def ask() -> Any:
            async with VaultBackendFactory()(options, context) as backend:
                return list(backend.identity(SecretRef("vault", "secret/x")))

        return ask()

    first, second = await identity(jti="1"), await identity(jti="2", exp=4_000_000_000)
    assert first == second
    for other in ({"sub": "project:2"}, {"aud": "x"}, {"iss": "https://other.example"}):
        assert await identity(**other) != first


async def test_aws_login_sends_a_signed_request_for_the_callers_identity(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """OpenBao has no aws method built in: the request is what can be shown."""
    bodies: list[dict[str, Any]] = []

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.body()))
            self.answer(403, b'{"errors": ["permission denied"]}')

    environment = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": CANARY}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    auth = VaultAuth(method="aws", role="ci", server_id="vault.example", region="eu-west-1")
    with serving(Handler) as url:
        error = await refused(Vault(url, "", None, tmp_path), auth, environment)
    assert error.reference == "vault-login-denied"
    headers = json.loads(base64.b64decode(bodies[0]["iam_request_headers"]))
    assert bodies[0]["role"] == "ci"
    assert b"GetCallerIdentity" in base64.b64decode(bodies[0]["iam_request_body"])
    assert headers["X-Vault-AWS-IAM-Server-ID"] == ["vault.example"]
    assert "AKIAEXAMPLE" in headers["Authorization"][0]
    assert CANARY not in json.dumps(bodies)


async def test_an_agent_needs_no_token_and_gets_none(vault: Vault) -> None:
    """A token that lies around must not reach a healthy agent, for it would win over its own."""
    environment = {"VAULT_TOKEN": "stale-CANARY", "HOME": str(vault.folder)}
    error = await refused(vault, VaultAuth(method="agent"), environment)
    assert error.reference in ("vault-denied", "vault-token-dead", "vault-path-not-found")


async def test_an_agent_on_a_unix_socket_adds_its_own_token(vault: Vault, bao: OpenBao) -> None:
    role_id, secret_id = vault.approle()
    with agent(vault.folder, bao, vault.namespace, role_id, secret_id) as socket:
        options: dict[str, Any] = {"address": f"unix://{socket}", "namespace": vault.namespace}
        document = await vault.read(auth=VaultAuth(method="agent"), **options)
    assert document.content == FIELDS


async def test_cert_by_a_client_certificate(bao_tls: TlsServer, vault: Vault) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("ci.example", common_name="ci.example")
    certificate.private_key_and_cert_chain_pem.write_to_path(vault.folder / "client.pem")
    operator = bao_tls.client
    operator.secrets.kv.v2.create_or_update_secret("ci/registry", FIELDS, mount_point="secret")
    operator.sys.create_or_update_policy("ci", READ_CI)
    operator.sys.enable_auth_method("cert")
    pem = authority.cert_pem.bytes().decode()
    operator.auth.cert.create_ca_certificate_role("ci", certificate=pem, token_policies=["ci"])
    options: dict[str, Any] = {
        "address": bao_tls.url,
        "namespace": None,
        "ca_file": str(bao_tls.ca_file),
        "client_certificate": "client.pem",
    }
    auth = VaultAuth(method="cert", role="ci")
    assert (await vault.read(auth=auth, **options)).content == FIELDS
    stranger = trustme.CA().issue_cert("ci.example", common_name="ci.example")
    stranger.private_key_and_cert_chain_pem.write_to_path(vault.folder / "client.pem")
    with pytest.raises(SecretDenied) as caught:
        await vault.read(auth=auth, **options)
    assert caught.value.reference == "vault-cert-refused"
