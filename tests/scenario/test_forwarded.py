# SPDX-License-Identifier: Apache-2.0
"""Who the client is, with proxies in front of us and behind us: PROXY protocol, X-Forwarded-*,
certificates that are passed on, traces."""

import asyncio
import re
import socket
import subprocess

import pytest
from harness.process import free_port
from harness.wire import client_tls, get, talk
from test_tcp import connect, echo, is_closed, policy, read_all

GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge, namespace: default}}
spec:
  selector: {{istio: edge}}
  servers:
  - port: {{number: {port}, name: http, protocol: HTTP}}
    bind: 127.0.0.1
    hosts: ["*"]
  - port: {{number: {tcp}, name: tcp, protocol: TCP}}
    bind: 127.0.0.1
    hosts: ["*"]
  - port: {{number: {tls}, name: tls, protocol: HTTPS}}
    bind: 127.0.0.1
    hosts: ["*"]
    tls: {{mode: ISTIO_MUTUAL}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: edge, namespace: default}}
spec: {{address: 127.0.20.99, labels: {{istio: edge}}, serviceAccount: edge}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: edge, namespace: default}}
spec:
  hosts: ["*"]
  gateways: [edge]
  http: [{{route: [{{destination: {{host: api}}}}]}}]
  tcp: [{{route: [{{destination: {{host: db}}}}]}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: istio, namespace: istio-system}}
data: {{mesh: "defaultConfig: {{gatewayTopology: {topology}}}"}}
"""

WEB = "spiffe://cluster.local/ns/default/sa/web"


@pytest.fixture
def edge(mesh, origin, raw_origin, ca):
    """edge(topology): the ports of a gateway for HTTP, TCP and mutual TLS."""

    def start(topology="{}", more="", api=None, db=None):
        mesh.serve("api", api or origin("api").port)
        mesh.serve("db", db or raw_origin(echo).port, kind="tcp")
        mesh.leaves["edge"] = ca.leaf(mesh.id_of("edge"))
        ports = [free_port() for _ in range(3)]
        mesh.write("edge.yaml", GATEWAY.format(port=ports[0], tcp=ports[1], tls=ports[2], topology=topology) + more)
        mesh.start()
        return ports

    return start


def told(port, **headers):
    return get(port, headers=headers)[2]["headers"]


# --- X-Forwarded-* ---

@pytest.mark.parametrize("hops, forwarded, client", [
    (0, "203.0.113.9", "127.0.0.1"),
    (1, "203.0.113.9", "203.0.113.9"),
    (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
    (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
    (2, "6.6.6.6, 198.51.100.1,203.0.113.9", "198.51.100.1"),
    (2, "203.0.113.9", "127.0.0.1"),
    (1, "nonsense", "127.0.0.1"),
    (1, None, "127.0.0.1"),
])
def test_so_many_proxies_are_believed(edge, mesh, hops, forwarded, client):
    allow = policy("ALLOW", '{from: [{source: {remoteIpBlocks: ["%s"]}}]}' % client).replace("app: db", "istio: edge")
    port = edge("{numTrustedProxies: %d}" % hops, allow)[0]
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    status, _, body = get(port, headers={**headers, "X-Forwarded-Proto": "https", "X-Envoy-External-Address": "1.1.1.1"})
    assert status == 200
    expect = f"{forwarded},127.0.0.1" if forwarded else "127.0.0.1"
    assert body["headers"]["x-forwarded-for"] == expect
    assert body["headers"]["x-forwarded-proto"] == ("https" if hops else "http")
    assert body["headers"].get("x-envoy-external-address") == (client if client != "127.0.0.1" else None)


def test_two_fields_count_as_one_list(edge, mesh):
    allow = policy("ALLOW", '{from: [{source: {remoteIpBlocks: ["203.0.113.9"]}}]}').replace("app: db", "istio: edge")
    port = edge("{numTrustedProxies: 1}", allow)[0]
    said = talk(port, b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n"
                      b"X-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200")
    assert b"6.6.6.6, 203.0.113.9,127.0.0.1" in said


@pytest.mark.parametrize("details, is_mutual, want", [
    ("UNDEFINED", True, "set"), ("SANITIZE_SET", True, "set"), ("SANITIZE_SET", False, None),
    ("SANITIZE", True, None), ("APPEND_FORWARD", True, "given,set"), ("APPEND_FORWARD", False, None),
    ("FORWARD_ONLY", True, "given"), ("FORWARD_ONLY", False, None),
    ("ALWAYS_FORWARD_ONLY", False, "given"), ("WRONG", True, None),
])
def test_certificates_are_passed_on_as_the_gateway_is_told(edge, mesh, ca, details, is_mutual, want):
    plain, _, mutual = edge("{forwardClientCertDetails: %s}" % details)
    given = {"X-Forwarded-Client-Cert": "URI=given"}
    if is_mutual:
        headers = get(mutual, headers=given, tls=client_tls(ca.leaf(WEB)))[2]["headers"]
    else:
        headers = told(plain, **given)
    parts = headers.get("x-forwarded-client-cert", "").split(",")
    assert f"URI={mesh.id_of('edge')}" in parts[-1]  # the sidecar's own word comes last
    seen = ["set" if f"URI={WEB}" in part else part.replace("URI=", "") for part in parts[:-1]]
    assert ",".join(seen) == (want or "")
    assert ("none of SANITIZE" in mesh.proxy.log) == (details == "WRONG")


def test_a_stranger_s_certificate_is_told_with_its_names(mesh, origin, ca, tmp_path):
    """A gateway that asks clients for certificates of another authority than the mesh's."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=tmp_path)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "root.key",
            "-out", "root.pem", "-subj", "/CN=root", "-days", "2")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "client.key",
            "-out", "client.csr", "-subj", '/O=A "B", C/CN=client')
    (tmp_path / "ext").write_text("subjectAltName=DNS:a.example,URI:https://b.example/,DNS:c\nextendedKeyUsage=clientAuth\n")
    openssl("x509", "-req", "-in", "client.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
            "-out", "client.pem", "-days", "1", "-extfile", "ext")
    mesh.serve("api", origin("api").port)
    leaf = mesh.leaves["edge"] = ca.leaf(mesh.id_of("edge"))
    port = free_port()
    text = GATEWAY.format(port=free_port(), tcp=free_port(), tls=port, topology="{}")
    mesh.write("edge.yaml", text.replace(
        "{mode: ISTIO_MUTUAL}", f"{{mode: OPTIONAL_MUTUAL, serverCertificate: {leaf.certificate}, privateKey: {leaf.key}, "
                                f"caCertificates: {tmp_path}/root.pem}}").replace("host: db", "host: api"))
    mesh.start()
    tls = client_tls()
    assert "Subject" not in get(port, tls=tls)[2]["headers"]["x-forwarded-client-cert"].split(",By=")[0].replace('Subject="";', "")
    tls.load_cert_chain(tmp_path / "client.pem", tmp_path / "client.key")
    told = get(port, tls=tls, headers={"X-Forwarded-Client-Cert": "URI=given"})[2]["headers"]["x-forwarded-client-cert"]
    assert "given" not in told
    assert re.match(r'By=spiffe://cluster.local/ns/default/sa/edge;Hash=[0-9a-f]{64};Subject="CN=client,O=.*B.*";'
                    r"URI=https://b.example/;DNS=a.example;DNS=c,By=", told), told


# --- traces ---

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize("given, is_kept", [
    (TRACE, True), (TRACE.replace("00-", "01-", 1) + "-more", True), (None, False), ("nonsense", False),
    (TRACE + "-more", False), (TRACE.upper(), False), (TRACE.replace("00-", "ff-", 1), False),
    ("00-" + "0" * 32 + TRACE[35:], False), (TRACE[:36] + "0" * 16 + "-01", False),
])
def test_traces_are_passed_on_or_begun(edge, given, is_kept):
    headers = {"traceparent": given, "tracestate": "a=1"} if given else {}
    seen = told(edge()[0], **headers)
    if is_kept:
        assert (seen["traceparent"], seen["tracestate"]) == (given, "a=1")
    else:
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", seen["traceparent"])
        assert "tracestate" not in seen


# --- PROXY protocol ---

V1 = b"PROXY TCP4 203.0.113.9 198.51.100.1 4000 80\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V2 = SIGNATURE + b"\x21\x11\0\x0c" + bytes([203, 0, 113, 9, 198, 51, 100, 1]) + b"\x0f\xa0\0\x50"
V6 = SIGNATURE + b"\x21\x21\0\x24" + bytes.fromhex("20010db8" + "00" * 11 + "09") + bytes(16) + b"\x0f\xa0\0\x50"
LOCAL = SIGNATURE + b"\x20\0\0\0"
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("header, client", [
    (V1, "203.0.113.9"), (V2, "203.0.113.9"), (V6, "2001:db8::9"), (LOCAL, "127.0.0.1"),
    (b"PROXY UNKNOWN\r\n", "127.0.0.1")], ids=["v1", "v2", "v2 IPv6", "v2 local", "v1 unknown"])
def test_a_proxy_in_front_says_who_the_client_is(edge, mesh, header, client):
    port, tcp, _ = edge("{proxyProtocol: {}}")
    said = talk(port, header + REQUEST)
    assert said.startswith(b"HTTP/1.1 200") and f'"x-forwarded-for": "{client}"'.encode() in said
    assert mesh.wait_for_line(listener="gateway", path="/")["source_ip"] == client
    with connect(tcp) as wire:
        wire.sendall(header[:7])
        wire.sendall(header[7:] + b"bytes")
        wire.shutdown(socket.SHUT_WR)
        assert read_all(wire) == b"bytes<end>"
    assert mesh.wait_for_line(listener="gateway", protocol="tcp")["source_ip"] == client


def test_a_server_that_speaks_first_behind_a_proxy(edge, raw_origin):
    async def greet(reader, writer):
        writer.write(b"220 hello")

    with connect(edge("{proxyProtocol: {}}", db=raw_origin(greet).port)[1]) as wire:
        wire.sendall(V2)
        assert read_all(wire) == b"220 hello"


@pytest.mark.parametrize("begin", [REQUEST, V1.replace(b"9 ", b"9  "), V2[:12] + b"\x31" + V2[13:], b"PROXY TCP4\r\n"],
                         ids=["none", "two blanks", "version 3", "cut"])
def test_who_says_it_wrong_is_not_served(edge, mesh, begin):
    port = edge("{proxyProtocol: {}}")[0]
    assert talk(port, begin + REQUEST, seconds=2) == b""
    assert "PROXY" in mesh.wait_for_line(stage="handshake")["details"]


def test_what_it_says_is_for_remote_ip_and_not_for_source_ip(edge, mesh):
    deny = policy("DENY", '{from: [{source: {ipBlocks: ["203.0.113.9"]}}]}, {from: [{source: {notRemoteIpBlocks: ["203.0.113.9"]}}]}')
    port, tcp, _ = edge("{proxyProtocol: {}}", deny.replace("app: db", "istio: edge"))
    assert talk(port, V1 + REQUEST).startswith(b"HTTP/1.1 200")
    assert talk(port, LOCAL + REQUEST).startswith(b"HTTP/1.1 403")
    with connect(tcp) as wire:
        wire.sendall(LOCAL + b"x")
        assert is_closed(wire)


def test_without_the_setting_it_is_no_header(edge):
    assert talk(edge()[0], V1 + REQUEST).startswith(b"HTTP/1.1 400")


OUT = """
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: behind, namespace: default}}
spec:
  hosts: [behind.example]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{{number: 80, name: {kind}, protocol: {protocol}, targetPort: {port}}}]
  endpoints: [{{address: 127.0.0.1}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: behind, namespace: default}}
spec: {{host: behind.example, trafficPolicy: {{proxyProtocol: {{version: {version}}}}}}}
"""


@pytest.mark.parametrize("version", ["V1", "V2"])
@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_a_proxy_behind_is_told_who_the_client_is(mesh, raw_origin, kind, version):
    heard = []

    async def listen(reader, writer):
        header = await reader.readuntil(b"\r\n") if version == "V1" else await reader.readexactly(28)
        heard.append(header)
        if kind == "http":
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        else:
            writer.write(await reader.read(100))
        await reader.read(-1)

    server = raw_origin(listen)
    out = mesh.speak_as("web", kind=kind, hosts='"./behind.example"')
    mesh.write("behind.yaml", OUT.format(kind=kind, protocol=kind.upper(), port=server.port, version=version))
    mesh.start()

    def ask():
        with connect(out) as wire:
            own = wire.getsockname()[1]
            wire.sendall(b"GET / HTTP/1.1\r\nHost: behind.example\r\n\r\n" if kind == "http" else b"ok")
            assert wire.recv(1000).endswith(b"ok")
            return own

    for own in (ask(), ask()):
        header = heard.pop(0)
        if version == "V1":
            assert header == b"PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r\n" % (own, out)
        else:
            assert header == (SIGNATURE + b"\x21\x11\0\x0c\x7f\0\0\1\x7f\0\0\1"
                              + own.to_bytes(2, "big") + out.to_bytes(2, "big"))
