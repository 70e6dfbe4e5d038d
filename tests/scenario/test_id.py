# SPDX-License-Identifier: Apache-2.0
"""`mangrove id`: identities for people, certificates judged with a reason."""

import json
import subprocess

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

WEB = "spiffe://cluster.local/ns/shop/sa/web"


@pytest.fixture
def identity(start, state, resources):
    resources.write("workloads.yaml", """
        apiVersion: networking.istio.io/v1
        kind: WorkloadEntry
        metadata: {name: web, namespace: shop}
        spec: {address: 127.0.0.1, serviceAccount: web}
    """)
    process = start("identity", "--state", state, resources.path)
    process.wait_for_log("Workload API at")
    return process


def test_list_names_our_identities(identity, mangrove, state):
    result = mangrove("id", "list", "--state", state)
    assert result.returncode == 0
    assert WEB in result.stdout
    listed = json.loads(mangrove("id", "list", "--state", state, "--json").stdout)
    assert [each["id"] for each in listed] == [WEB]


def test_the_environment_names_the_socket(identity, mangrove, state):
    endpoint = f"unix://{state}/workload-api.sock"
    result = mangrove("id", "list", env={"SPIFFE_ENDPOINT_SOCKET": endpoint, "HOME": "/nowhere"})
    assert result.returncode == 0 and WEB in result.stdout


def test_show_tells_the_whole_chain(identity, mangrove, state):
    shown = json.loads(mangrove("id", "show", WEB, "--state", state, "--json").stdout)
    assert [each["authority"] for each in shown] == [False, True]
    assert shown[0]["issuer"] == shown[1]["subject"]
    assert mangrove("id", "show", WEB + "x", "--state", state).returncode == 1


def test_the_bundle_as_pem_and_as_json(identity, mangrove, state, tmp_path):
    pem = mangrove("id", "bundle", "--state", state).stdout
    (tmp_path / "bundle.pem").write_text(pem)
    assert pem == (state / "ca/root-1.pem").read_text()
    document = json.loads(mangrove("id", "bundle", "--format", "jwks", "--state", state).stdout)
    assert [key["use"] for key in document["keys"]] == ["x509-svid", "jwt-svid"]
    assert len(document["keys"][0]["x5c"]) == 1
    body = "".join(pem.splitlines()[1:-1])
    assert document["keys"][0]["x5c"][0] == body


def test_a_socket_that_is_not_there_is_named(mangrove, state):
    result = mangrove("id", "list", "--state", state)
    assert result.returncode == 2
    assert f"{state}/workload-api.sock: No such file" in result.stderr


CLIENT_ONLY, SERVER_ONLY = (ExtendedKeyUsageOID.CLIENT_AUTH,), (ExtendedKeyUsageOID.SERVER_AUTH,)


@pytest.mark.parametrize("reason, arguments, options", [
    ("TRUSTED", [WEB], {}),
    ("SEVERAL_URI_NAMES", [WEB, WEB + "2"], {}),
    ("SEVERAL_URI_NAMES", [WEB, "https://cluster.local/"], {}),
    ("NO_URI_NAME", [], {"dns": ["web.shop"]}),
    ("MALFORMED_ID", ["https://cluster.local/web"], {}),
    ("NO_PATH_IN_ID", ["spiffe://cluster.local"], {}),
    ("EXPIRED", [WEB], {"minutes": (-120, -60)}),
    ("NOT_YET_VALID", [WEB], {"minutes": (60, 120)}),
    ("LEAF_IS_CA", [WEB], {"is_ca": True}),
    ("KEY_USAGE_MISSING", [WEB], {"uses": None}),
    ("KEY_USAGE_NOT_CRITICAL", [WEB], {"uses_critical": False}),
    ("NO_DIGITAL_SIGNATURE", [WEB], {"uses": ("key_agreement",)}),
    ("LEAF_MAY_SIGN", [WEB], {"uses": ("digital_signature", "key_cert_sign")}),
    ("LEAF_MAY_SIGN", [WEB], {"uses": ("digital_signature", "crl_sign")}),
    ("WRONG_EXTENDED_KEY_USAGE", [WEB], {"roles": SERVER_ONLY}),
    ("TRUSTED", [WEB], {"roles": CLIENT_ONLY}),
    ("TRUSTED", [WEB], {"roles": None}),
])
def test_verify_gives_the_reason(mangrove, ca, reason, arguments, options):
    leaf = ca.leaf(*arguments, **options)
    result = mangrove("id", "verify", leaf.certificate, "--bundle", leaf.bundle)
    assert result.stdout.startswith(reason + ":")
    assert result.returncode == (0 if reason == "TRUSTED" else 1)


def test_verify_knows_foreign_authorities_and_trust_domains(mangrove, ca, foreign_ca):
    leaf = foreign_ca.leaf(WEB)
    assert mangrove("id", "verify", leaf.certificate, "--bundle", ca.bundle).stdout.startswith(
        "UNKNOWN_AUTHORITY:")
    leaf = ca.leaf("spiffe://example.org/web")
    assert mangrove("id", "verify", leaf.certificate, "--bundle", ca.bundle, "--trust-domain",
                    "cluster.local").stdout.startswith("UNKNOWN_TRUST_DOMAIN:")


def test_verify_by_role_and_for_programs(mangrove, ca):
    leaf = ca.leaf(WEB, roles=SERVER_ONLY)
    result = mangrove("id", "verify", leaf.certificate, "--bundle", leaf.bundle, "--as", "server", "--json")
    told = json.loads(result.stdout)
    assert told.pop("validationMs") < 1000
    assert told == {"trusted": True, "allowed": True, "reason": "TRUSTED", "code": None, "id": WEB}
    result = mangrove("id", "verify", leaf.certificate, "--bundle", leaf.bundle, "--json")
    assert json.loads(result.stdout)["reason"] == "WRONG_EXTENDED_KEY_USAGE"


def test_an_intermediate_is_found_in_the_file(mangrove, ca):
    leaf = ca.intermediate().leaf(WEB)
    assert mangrove("id", "verify", leaf.certificate, "--bundle", leaf.bundle).returncode == 0


def test_our_issuer_cannot_be_used_as_a_workload(identity, mangrove, state):
    result = mangrove("id", "verify", state / "ca/issuer-1-1.pem", "--state", state)
    assert result.stdout.startswith("LEAF_IS_CA:")


def test_a_leaf_signed_with_our_issuer_s_key_for_another_domain_is_refused(identity, mangrove, state, tmp_path):
    """The issuer's name constraint and our own check both stand against it."""
    extensions = tmp_path / "extensions"
    extensions.write_text("subjectAltName=URI:spiffe://example.org/web\nkeyUsage=critical,digitalSignature\n")
    subprocess.run(
        f"openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout {tmp_path}/key "
        f"-out {tmp_path}/csr && openssl x509 -req -in {tmp_path}/csr -CA {state}/ca/issuer-1-1.pem "
        f"-CAkey {state}/ca/issuer-1-1.key -days 1 -extfile {extensions} -out {tmp_path}/leaf.pem && "
        f"cat {state}/ca/issuer-1-1.pem >> {tmp_path}/leaf.pem",
        shell=True, check=True, capture_output=True)
    result = mangrove("id", "verify", tmp_path / "leaf.pem", "--state", state)
    assert result.stdout.startswith("UNKNOWN_TRUST_DOMAIN:")
    result = mangrove("id", "verify", tmp_path / "leaf.pem", "--bundle", state / "ca/root-1.pem")
    assert result.stdout.startswith("NAME_NOT_PERMITTED:")


# --- a connection's three answers ---

POLICY = """
    apiVersion: networking.istio.io/v1
    kind: WorkloadEntry
    metadata: {name: orders, namespace: shop, labels: {app: orders}}
    spec: {address: 127.0.0.9, labels: {app: orders}, serviceAccount: orders}
    ---
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {name: orders, namespace: shop}
    spec:
      selector: {matchLabels: {app: orders}}
      rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]
"""

REVOKED = """
    apiVersion: mangrove.dev/v1
    kind: Revocation
    metadata: {name: gone}
    spec: {reason: it left, deny: [{spiffeID: spiffe://cluster.local/ns/shop/sa/gone}]}
"""


@pytest.mark.parametrize("code, make", [
    (None, lambda ca: ca.leaf(WEB)),
    ("INVALID_CERTIFICATE", lambda ca: ca.leaf(WEB, minutes=(-120, -60))),
    ("INVALID_IDENTITY", lambda ca: ca.leaf(WEB, WEB + "2")),
    ("INVALID_IDENTITY", lambda ca: ca.leaf(WEB.replace("web", "gone"))),
    ("AUTHORIZATION_DENIED", lambda ca: ca.leaf(WEB.replace("web", "other"))),
])
def test_a_connection_is_judged_by_certificate_identity_and_policy(mangrove, ca, resources, code, make):
    resources.write("policy.yaml", POLICY)
    resources.write("revoked.yaml", REVOKED)
    leaf = make(ca)
    arguments = ("id", "verify", leaf.certificate, "--bundle", leaf.bundle, "--for", "shop/orders",
                 "--resources", resources.path)
    told = json.loads(mangrove(*arguments, "--json").stdout)
    assert (told["code"], told["allowed"]) == (code, code is None)
    assert 0 < told["validationMs"] < 5000
    result = mangrove(*arguments)
    assert result.returncode == (0 if code is None else 1)
    assert (code or "TRUSTED") in result.stdout and "validated in" in result.stdout
    if code == "AUTHORIZATION_DENIED":
        assert "policy.yaml:" in told["text"]
