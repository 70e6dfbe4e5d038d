# SPDX-License-Identifier: Apache-2.0
"""Who gets in: inbound ports under STRICT, PERMISSIVE and DISABLE, and whom an outbound port believes."""

import http.client
import ssl

import pytest
from harness.certificates import ExtendedKeyUsageOID
from harness.process import wait_for
from harness.wire import client_tls, get, talk

WEB = "spiffe://cluster.local/ns/default/sa/web"
REQUEST = b"GET / HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n"

PEER_AUTHENTICATION = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  {selector}
  mtls: {{mode: {mode}}}
  {ports}
---
"""


def peer_authentication(mode, name="default", namespace="istio-system", app=None, ports=None):
    selector = f"selector: {{matchLabels: {{app: {app}}}}}" if app else ""
    levels = ", ".join(f"{port}: {{mode: {level}}}" for port, level in (ports or {}).items())
    return PEER_AUTHENTICATION.format(name=name, namespace=namespace, mode=mode, selector=selector,
                                      ports=f"portLevelMtls: {{{levels}}}" if ports else "")


@pytest.fixture
def api(mesh, origin):
    """An origin behind a sidecar; `start_with(mode)` runs it."""
    server = origin("api")
    mesh.serve("api", server.port)

    def start_with(*policies):
        mesh.write("mtls.yaml", "".join(policies))
        mesh.start()
        return server

    return start_with


def is_answered(mesh, name="api", **options):
    return mesh.talk(name, REQUEST, **options).startswith(b"HTTP/1.1 200")


# --- STRICT: one right certificate, and all the wrong ones ---

WRONG = {
    "two URI SANs": (lambda ca: ca.leaf(WEB, "spiffe://cluster.local/ns/default/sa/other"), "URI"),
    "expired": (lambda ca: ca.leaf(WEB, minutes=(-120, -60)), "expired"),
    "not yet valid": (lambda ca: ca.leaf(WEB, minutes=(60, 120)), "valid"),
    "a CA used as leaf": (lambda ca: ca.leaf(WEB, is_ca=True), "certificate authority"),
    "another trust domain": (lambda ca: ca.leaf("spiffe://evil.example/ns/default/sa/web"), "trust domain"),
    "only a DNS name": (lambda ca: ca.leaf(dns=["web.default.svc"], common_name="web"), "URI"),
    "no name at all": (lambda ca: ca.leaf(common_name="web"), "URI"),
    "a URI that is no SPIFFE ID": (lambda ca: ca.leaf("https://cluster.local/ns/default/sa/web"), "SPIFFE"),
    "a trust domain in capitals": (lambda ca: ca.leaf("spiffe://Cluster.Local/ns/default/sa/web"), ""),
    "no path": (lambda ca: ca.leaf("spiffe://cluster.local"), ""),
    "a key that signs certificates": (
        lambda ca: ca.leaf(WEB, uses=("digital_signature", "key_cert_sign")), "key"),
    "a key that does not sign": (lambda ca: ca.leaf(WEB, uses=("key_encipherment",)), "digital signature"),
    "no key usage": (lambda ca: ca.leaf(WEB, uses=None), "usage"),
    "a server's certificate": (lambda ca: ca.leaf(WEB, roles=[ExtendedKeyUsageOID.SERVER_AUTH]), "extended key usage"),
}


NAMELESS = {"two URI SANs", "another trust domain", "only a DNS name", "no name at all", "a URI that is no SPIFFE ID",
            "a trust domain in capitals", "no path"}


def test_strict_lets_in_who_has_a_certificate_of_the_mesh(api, mesh, ca):
    server = api(peer_authentication("STRICT"))
    for leaf in (ca.leaf(WEB), ca.intermediate().leaf(WEB)):
        status, _, told = mesh.get("api", "/hello", leaf=leaf)
        assert (status, told["origin"]) == (200, "api")
        assert f"URI={WEB}" in told["headers"]["x-forwarded-client-cert"]
    assert mesh.get("api", leaf=ca.leaf(WEB), alpn=["http/1.1"])[0] == 200
    assert mesh.get("api", leaf=ca.leaf(WEB), alpn=None)[0] == 200
    line = mesh.wait_for_line(path="/hello")
    assert (line["source_principal"], line["status"], line["decision"]) == (WEB, 200, "allow")
    assert len(server.requests) == 4


def test_strict_refuses_every_other(api, mesh, ca, foreign_ca):
    server = api(peer_authentication("STRICT"))
    wrong = {name: (make(ca), word) for name, (make, word) in WRONG.items()}
    wrong["a foreign CA"] = (foreign_ca.leaf(WEB), "")
    let_in, unexplained = [], []
    for name, (leaf, word) in wrong.items():
        before = len(mesh.log_lines())
        if mesh.talk("api", REQUEST, leaf=leaf):
            let_in.append(name)
        wait_for(lambda before=before: len(mesh.log_lines()) > before, f"the log speaks of {name}")
        line = mesh.log_lines()[-1]
        code = "INVALID_IDENTITY" if name in NAMELESS else "INVALID_CERTIFICATE"
        if ((line["stage"], line["decision"], line["reason"]) != ("handshake", "deny", code)
                or word not in line["details"] or not 0 < line["validation_ms"] < 1000):
            unexplained.append((name, line))
    assert not let_in
    assert not unexplained
    assert not server.requests


def test_strict_refuses_who_shows_nothing(api, mesh):
    server = api(peer_authentication("STRICT"))
    assert mesh.talk("api", REQUEST) == b""
    assert mesh.wait_for_line(stage="handshake")["details"] == "peer did not return a certificate"
    assert mesh.talk("api", REQUEST, plain=True) == b""
    assert mesh.talk("api", b"\x16\x03\x01garbage" * 10, plain=True)[:1] in (b"", b"\x15")
    assert not server.requests


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1], ids=["1.0", "1.1"])
def test_old_tls_is_not_spoken(api, mesh, ca, version):
    server = api(peer_authentication("STRICT"))
    tls = client_tls(ca.leaf(WEB))
    tls.set_ciphers("ALL:@SECLEVEL=0")
    tls.minimum_version = tls.maximum_version = version
    address, port = mesh.inbound("api")
    assert talk(port, REQUEST, address=address, tls=tls) == b""
    assert not server.requests


# --- the other modes, and where they are said ---


def test_permissive_takes_plain_text_and_the_mesh_s_tls(api, mesh, ca):
    api(peer_authentication("PERMISSIVE"))
    status, _, told = mesh.get("api", plain=True, headers={"X-Forwarded-Client-Cert": f"URI={WEB}"})
    assert status == 200
    assert "x-forwarded-client-cert" not in told["headers"]  # nobody proved it
    assert mesh.get("api", leaf=ca.leaf(WEB))[0] == 200
    assert mesh.get("api", leaf=ca.leaf(WEB), alpn=["http/1.1", "istio"])[0] == 200
    assert mesh.talk("api", REQUEST, leaf=ca.leaf(WEB), alpn=["http/1.1"]) == b""
    assert mesh.talk("api", REQUEST, leaf=ca.leaf(WEB), alpn=None) == b""
    assert mesh.talk("api", REQUEST) == b""  # no certificate


def test_permissive_checks_what_is_shown(api, mesh, foreign_ca):
    api(peer_authentication("PERMISSIVE"))
    assert mesh.talk("api", REQUEST, leaf=foreign_ca.leaf(WEB)) == b""


def test_permissive_is_the_default(api, mesh, ca):
    api()
    assert mesh.get("api", plain=True)[0] == 200
    assert mesh.get("api", leaf=ca.leaf(WEB))[0] == 200


def test_disable_speaks_plain_text_alone(api, mesh, ca):
    api(peer_authentication("DISABLE"))
    assert mesh.get("api", plain=True)[0] == 200
    assert not is_answered(mesh, leaf=ca.leaf(WEB))


@pytest.mark.parametrize("policies, takes_plain", [
    ((peer_authentication("STRICT"),), False),
    ((peer_authentication("STRICT"), peer_authentication("PERMISSIVE", namespace="default")), True),
    ((peer_authentication("PERMISSIVE"), peer_authentication("STRICT", namespace="default")), False),
    ((peer_authentication("PERMISSIVE"), peer_authentication("STRICT", namespace="other")), True),
    ((peer_authentication("STRICT", namespace="default"),
      peer_authentication("DISABLE", "workload", "default", app="api")), True),
    ((peer_authentication("PERMISSIVE", namespace="default"),
      peer_authentication("STRICT", "workload", "default", app="api")), False),
    ((peer_authentication("STRICT", namespace="default"),
      peer_authentication("PERMISSIVE", "workload", "default", app="another")), False),
    ((peer_authentication("STRICT", "workload", "default", app="api", ports={"PORT": "DISABLE"}),), True),
    ((peer_authentication("DISABLE", "workload", "default", app="api", ports={"PORT": "STRICT"}),), False),
    ((peer_authentication("STRICT", "workload", "default", app="api", ports={"1": "DISABLE"}),), False),
    ((peer_authentication("STRICT"),
      peer_authentication("UNSET", "workload", "default", app="api")), False),
], ids=["mesh", "namespace over mesh", "namespace over mesh, stricter", "another namespace",
        "workload over namespace", "workload over namespace, stricter", "another workload", "port",
        "port, stricter", "another port", "UNSET inherits"])
def test_the_nearest_word_counts(mesh, origin, ca, policies, takes_plain):
    server = origin("api")
    mesh.serve("api", server.port)
    mesh.write("mtls.yaml", "".join(policies).replace("PORT:", f"{server.port}:"))
    mesh.start()
    assert is_answered(mesh, plain=True) == takes_plain


def test_who_was_let_in_as_plain_text_is_not_when_it_turns_strict(api, mesh):
    api(peer_authentication("PERMISSIVE"))
    address, port = mesh.inbound("api")
    connection = http.client.HTTPConnection(address, port, timeout=5)
    connection.request("GET", "/")
    assert connection.getresponse().read()
    mesh.write("mtls.yaml", peer_authentication("STRICT"))
    mesh.wait_for_plan(2)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):  # it was idle: it is closed
        connection.request("GET", "/secret")
        connection.getresponse()


# --- the way out ---


def test_the_way_out_proves_who_calls_and_hides_it_from_nobody(mesh, origin):
    mesh.serve("api", origin("api").port)
    out = mesh.speak_as("web")
    mesh.write("mtls.yaml", peer_authentication("STRICT"))
    mesh.start()
    for host in ("api", "api.default", "api.default.svc", "api.default.svc.cluster.local", "api:80"):
        status, _, told = get(out, "/x", headers={"Host": host})
        assert (status, told["origin"]) == (200, "api"), host
    assert f"URI={WEB}" in told["headers"]["x-forwarded-client-cert"]
    assert mesh.wait_for_line(listener="inbound", path="/x")["source_principal"] == WEB


@pytest.mark.parametrize("wrong", ["another account", "a foreign CA", "a client's certificate", "expired"])
def test_the_way_out_believes_only_the_service_it_asked_for(mesh, origin, ca, foreign_ca, wrong, raw_origin):
    """A stranger listens where the service should be."""
    api = mesh.id_of("api")
    leaf = {
        "another account": lambda: ca.leaf(mesh.id_of("other")),
        "a foreign CA": lambda: foreign_ca.leaf(api),
        "a client's certificate": lambda: ca.leaf(api, roles=[ExtendedKeyUsageOID.CLIENT_AUTH]),
        "expired": lambda: ca.leaf(api, minutes=(-120, -60)),
    }[wrong]()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(leaf.certificate, leaf.key)
    stranger = origin("stranger", tls=tls, address="127.0.30.1")
    out = mesh.speak_as("web")
    mesh.write("api.yaml", f"""
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {{name: api, namespace: default}}
        spec:
          hosts: [api.example]
          location: MESH_INTERNAL
          resolution: STATIC
          ports: [{{number: 80, name: http, protocol: HTTP}}]
          workloadSelector: {{labels: {{app: api}}}}
        ---
        apiVersion: networking.istio.io/v1
        kind: WorkloadEntry
        metadata: {{name: api, namespace: default}}
        spec: {{address: 127.0.30.1, ports: {{http: {stranger.port}}}, labels: {{app: api}}, serviceAccount: api}}
        ---
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {{name: api, namespace: default}}
        spec: {{host: api.example, trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL}}}}}}
        """)
    mesh.start("--workload", "default/web")
    status, _, body = get(out, headers={"Host": "api.example"})
    assert (status, body) == (503, b"upstream connect error: connection failed")
    assert not stranger.requests
    refusals = [line for line in mesh.proxy.log_lines() if f"upstream 127.0.30.1:{stranger.port}: " in line["message"]]
    assert refusals and refusals[0]["level"] == "warn"
    assert "UF" in mesh.wait_for_line(listener="outbound")["response_flags"].split(",")


def test_the_way_out_never_falls_back_to_plain_text(mesh, origin):
    """The other end speaks no TLS: better no answer than one from anybody."""
    plain = origin("plain", address="127.0.30.2")
    out = mesh.speak_as("web")
    mesh.serve("api", plain.port)
    text = (mesh.resources.path / "api.yaml").read_text()
    mesh.write("api.yaml", text.replace(mesh.addresses["api"], "127.0.30.2"))
    mesh.write("rule.yaml", """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: api, namespace: default}
        spec:
          host: api
          trafficPolicy: {connectionPool: {tcp: {connectTimeout: 0.3s}}}
        """)
    mesh.start("--workload", "default/web")
    assert get(out, headers={"Host": "api"})[0] == 503
    assert not plain.requests


def test_proxies_among_themselves_speak_as_istio_does(mesh, origin):
    """A port that sniffs lets TLS in by its ALPN: ours must offer it."""
    mesh.serve("api", origin("api").port)
    out = mesh.speak_as("web")
    mesh.write("mtls.yaml", peer_authentication("PERMISSIVE"))
    mesh.start()
    assert get(out, "/x", headers={"Host": "api"})[0] == 200
    assert mesh.wait_for_line(listener="inbound", path="/x")["source_principal"] == WEB
