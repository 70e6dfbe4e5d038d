# SPDX-License-Identifier: Apache-2.0
"""Ports that do not say what they speak, and TLS that may be the mesh's or the application's own."""

import socket
import ssl
import subprocess
import time

import pytest
from harness.process import free_port
from harness.wire import client_tls, get, talk
from test_tcp import connect, echo, is_closed, policy, read_all, say

MODE = """
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: default, namespace: istio-system}}
spec: {{mtls: {{mode: {mode}}}}}
"""

WEB = "spiffe://cluster.local/ns/default/sa/web"


@pytest.fixture
def app(mesh, raw_origin, origin):
    """app(mode): "api" speaks HTTP and "db" does not; neither port says so."""

    def start(mode="PERMISSIVE", more="", kind="app", on_connection=echo):
        mesh.serve("api", origin("api").port, kind=kind)
        mesh.serve("db", raw_origin(on_connection).port, kind=kind)
        mesh.write("mtls.yaml", MODE.format(mode=mode) + more)
        mesh.start()

    return start


# --- is it HTTP? ---

def test_http_is_seen_for_what_it_is(app, mesh, ca):
    app()
    assert mesh.get("api", "/plain", plain=True)[0] == 200
    assert mesh.get("api", "/mutual", leaf=ca.leaf(WEB))[0] == 200
    assert mesh.wait_for_line(path="/plain")["status"] == 200
    assert mesh.wait_for_line(path="/mutual")["source_principal"] == WEB


@pytest.mark.parametrize("leaf", [False, True], ids=["plain", "mutual TLS"])
def test_bytes_that_are_no_http_are_passed_on(app, mesh, ca, leaf):
    app()
    address, port = mesh.inbound("db")
    wire = connect(port, address)
    if leaf:
        wire = client_tls(ca.leaf(WEB), alpn=["istio"]).wrap_socket(wire)
    with wire:
        for data in (b"\0\1\2 no HTTP", b"GET key\r\n", b"\x16\x03"):
            wire.sendall(data)
            assert wire.recv(100) == data
    assert mesh.wait_for_line(protocol="tcp")["source_principal"] == (WEB if leaf else None)


@pytest.mark.parametrize("begin, rest", [(b"GE", b"T / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                         (b"\r\nGET / H", b"TTP/1.1\r\nHost: a\r\n\r\n")])
def test_http_may_come_in_pieces(app, mesh, begin, rest):
    app()
    address, port = mesh.inbound("api")
    with connect(port, address) as wire:
        wire.sendall(begin)
        time.sleep(0.1)
        wire.sendall(rest)
        assert wire.recv(12) in (b"HTTP/1.1 200", b"HTTP/1.1 400")


def test_what_a_parser_refuses_is_not_let_through_as_bytes(app, mesh):
    """Else a client could choose by a mistake which policies it is judged by."""
    app()
    for line in (b"GET /a\"b HTTP/1.1", b"GET /\xff HTTP/1.1", b"GET /../.. HTTP/1.9", b"get / HTTP/1.1"):
        assert mesh.talk("db", line + b"\r\nHost: a\r\n\r\n", plain=True).startswith(b"HTTP/1.1 "), line


def test_a_few_bytes_and_an_end_are_bytes(app, mesh):
    app()
    address, port = mesh.inbound("db")
    with connect(port, address) as wire:
        wire.sendall(b"GE")
        wire.shutdown(socket.SHUT_WR)
        assert read_all(wire) == b"GE<end>"


def test_http2_may_begin_without_asking(app, mesh):
    app(kind="http")
    address, port = mesh.inbound("api")
    done = subprocess.run(
        ["curl", "-sS", "--http2-prior-knowledge", "-w", "%{http_version} %{http_code}", "-o", "/dev/null",
         f"http://{address}:{port}/h2"], capture_output=True, text=True, timeout=10)
    assert done.stdout == "2 200", done.stderr
    assert mesh.wait_for_line(path="/h2")


def test_policies_of_http_hold_for_http_alone(app, mesh):
    app(more=policy("ALLOW", '{to: [{operation: {paths: ["/open"]}}]}').replace("app: db", "app: api")
        + policy("DENY", '{to: [{operation: {paths: ["/closed"]}}]}'))
    assert mesh.get("api", "/open", plain=True)[0] == 200
    assert mesh.get("api", "/closed", plain=True)[0] == 403
    assert mesh.talk("api", b"\0no HTTP", plain=True) == b""
    assert mesh.talk("db", b"\0no HTTP", plain=True) == b""


def test_who_waits_for_a_greeting_is_asked_for_none_after_a_while(app, mesh):
    app(on_connection=say("220 hello"), more="""
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "protocolDetectionTimeout: 0.3s"}
""")
    with connect(mesh.ports["db"], mesh.addresses["db"]) as wire:
        start = time.monotonic()
        assert read_all(wire) == b"220 hello"
        assert time.monotonic() - start > 0.2


def test_without_a_time_a_greeting_is_not_asked_for(app, mesh):
    async def greet(reader, writer):
        writer.write(b"220 hello")
        await reader.read(1)

    app(on_connection=greet)
    with connect(mesh.ports["db"], mesh.addresses["db"], seconds=1) as wire:
        with pytest.raises(socket.timeout):
            wire.recv(1)
        wire.settimeout(5)
        wire.sendall(b"\0")
        assert wire.recv(100) == b"220 hello"


# --- whose TLS is it? ---

@pytest.fixture
def tls_app(mesh, raw_origin, ca):
    """An application with TLS of its own, on a port that says kind."""

    def start(mode, kind):
        leaf = ca.leaf("spiffe://cluster.local/ns/default/sa/own")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(leaf.certificate, leaf.key)
        mesh.serve("db", raw_origin(say("of the application"), tls=context).port, kind=kind)
        mesh.write("mtls.yaml", MODE.format(mode=mode))
        mesh.start()

    return start


def hello(mesh, alpn=None, leaf=None, name=None):
    address, port = mesh.inbound("db")
    try:
        with client_tls(leaf, alpn=alpn).wrap_socket(connect(port, address), server_hostname=name) as wire:
            return wire.recv(100)
    except (ConnectionError, ssl.SSLError):
        return None


@pytest.mark.parametrize("kind", ["tcp", "tls-db", "https", "app"])
def test_permissive_ports_pass_tls_of_others_on(tls_app, mesh, kind):
    tls_app("PERMISSIVE", kind)
    assert hello(mesh) == b"of the application"
    assert hello(mesh, alpn=["h2", "http/1.1"], name="db.example") == b"of the application"
    line = mesh.wait_for_line(protocol="tcp", server_name="db.example")
    assert line["source_principal"] is None


@pytest.mark.parametrize("kind", ["tcp", "app"])
def test_permissive_ports_open_tls_of_the_mesh(tls_app, mesh, ca, kind):
    """Inside is the application's own: here plain bytes meet its TLS, which ends it."""
    tls_app("PERMISSIVE", kind)
    address, port = mesh.inbound("db")
    with client_tls(ca.leaf(WEB), alpn=["istio"]).wrap_socket(connect(port, address)) as wire:
        wire.sendall(b"no TLS\r\n")
        is_closed(wire)
    assert mesh.wait_for_line(protocol="tcp")["source_principal"] == WEB


def test_disabled_ports_pass_all_tls_on(tls_app, mesh):
    tls_app("DISABLE", "tcp")
    assert hello(mesh, alpn=["istio"]) == b"of the application"


def test_strict_ports_pass_none_on(tls_app, mesh):
    tls_app("STRICT", "tcp")
    assert hello(mesh) is None
    assert hello(mesh, alpn=["istio"]) is None


def test_a_hello_in_many_pieces(tls_app, mesh):
    tls_app("PERMISSIVE", "tcp")
    address, port = mesh.inbound("db")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = client_tls(alpn=["h2"]).wrap_bio(incoming, outgoing, server_hostname="db.example")
    with connect(port, address) as wire:
        with pytest.raises(ssl.SSLWantReadError):
            session.do_handshake()
        sent = outgoing.read()
        for start in range(0, len(sent), 50):
            wire.sendall(sent[start:start + 50])
            time.sleep(0.005)
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                wire.sendall(outgoing.read())
                incoming.write(wire.recv(65536))
        wire.sendall(outgoing.read())
        while True:
            try:
                assert session.read(100) == b"of the application"
                break
            except ssl.SSLWantReadError:
                incoming.write(wire.recv(65536))


# --- at the edge ---

GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge, namespace: default}}
spec:
  selector: {{istio: edge}}
  servers:
  - port: {{number: {port}, name: tls, protocol: TLS}}
    bind: 127.0.0.1
    hosts: ["one.example", "*.two.example"]
    tls: {{mode: PASSTHROUGH}}
  - port: {{number: {port}, name: https, protocol: HTTPS}}
    bind: 127.0.0.1
    hosts: ["web.example"]
    tls: {{mode: SIMPLE, serverCertificate: {certificate}, privateKey: {key}}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: edge, namespace: default}}
spec: {{address: 127.0.20.99, labels: {{istio: edge}}, serviceAccount: edge}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: tls, namespace: default}}
spec:
  hosts: ["one.example", "*.two.example"]
  gateways: [edge]
  tls:
  - match: [{{port: {port}, sniHosts: [one.example]}}]
    route: [{{destination: {{host: one.internal}}}}]
  - match: [{{sniHosts: ["*.two.example"]}}]
    route: [{{destination: {{host: two.internal}}}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: web, namespace: default}}
spec:
  hosts: [web.example]
  gateways: [edge]
  http: [{{directResponse: {{status: 200, body: {{string: "opened here"}}}}}}]
"""

ENTRY = """
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, namespace: default}}
spec:
  hosts: [{name}.internal]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{{number: 443, name: tls, protocol: TLS, targetPort: {port}}}]
  endpoints: [{{address: 127.0.0.1}}]
"""


@pytest.fixture
def tls_origins(raw_origin, ca):
    def start(*names):
        leaf = ca.leaf("spiffe://cluster.local/ns/default/sa/own")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(leaf.certificate, leaf.key)
        return {name: raw_origin(say(name), tls=context).port for name in names}

    return start


def test_a_gateway_passes_tls_on_by_name(mesh, tls_origins, ca):
    port = free_port()
    leaf = mesh.leaves["edge"] = ca.leaf(mesh.id_of("edge"))
    entries = "".join(ENTRY.format(name=name, port=number) for name, number in tls_origins("one", "two").items())
    mesh.write("edge.yaml", GATEWAY.format(port=port, certificate=leaf.certificate, key=leaf.key) + entries)
    mesh.start()

    def ask(name):
        try:
            with client_tls().wrap_socket(connect(port), server_hostname=name) as wire:
                return wire.recv(100)
        except (ConnectionError, ssl.SSLError):
            return None

    assert ask("one.example") == b"one"
    assert ask("ONE.example") == b"one"
    assert ask("a.two.example") == b"two"
    assert ask("three.example") is None
    assert ask("two.example") is None
    assert ask(None) is None
    assert get(port, headers={"Host": "web.example"}, tls=sni("web.example"))[2] == b"opened here"
    assert talk(port, b"GET / HTTP/1.1\r\nHost: web.example\r\n\r\n") == b""
    assert talk(port, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00") == b""
    assert mesh.wait_for_line(server_name="one.example")["cluster"] == "outbound|443||one.internal"


def sni(name):
    """A client context that asks for this name whatever it connects to."""
    context = client_tls()
    wrap = context.wrap_socket
    context.wrap_socket = lambda *arguments, **options: wrap(*arguments, **{**options, "server_hostname": name})
    return context


def test_a_way_out_passes_tls_on_by_name(mesh, tls_origins):
    out = mesh.speak_as("web", kind="tls")
    entries = "".join(ENTRY.format(name=name, port=number) for name, number in tls_origins("one", "two").items())
    mesh.write("entries.yaml", entries)
    mesh.start()

    def ask(name):
        try:
            with client_tls().wrap_socket(connect(out), server_hostname=name) as wire:
                return wire.recv(100)
        except (ConnectionError, ssl.SSLError):
            return None

    assert ask("one.internal") == b"one"
    assert ask("two.internal") == b"two"
    assert ask("three.internal") is None
    # ALLOW_ANY: it would be let out to where that name is, but nobody knows
    assert mesh.wait_for_line(server_name="three.internal")["response_flags"] == "UH"
