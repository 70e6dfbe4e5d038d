# SPDX-License-Identifier: Apache-2.0
"""Ports that speak no HTTP: bytes both ways, as they are, under the same identities and policies."""

import asyncio
import hashlib
import os
import socket
import ssl
import struct
import threading
import time

import pytest
from harness.process import free_port, wait_for
from harness.wire import client_tls, get

STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""

WEB = "spiffe://cluster.local/ns/default/sa/web"


async def echo(reader, writer):
    """Sends back what comes; after the client's last byte, its own."""
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.write(b"<end>")
    writer.write_eof()


def connect(port, address="127.0.0.1", seconds=10):
    wire = socket.create_connection((address, port), seconds)
    wire.settimeout(seconds)
    return wire


def read_all(wire):
    received = b""
    while piece := wire.recv(65536):
        received += piece
    return received


def is_closed(wire):
    try:
        return wire.recv(1) == b""
    except (ConnectionError, ssl.SSLError):
        return True


@pytest.fixture
def db(mesh, raw_origin):
    """db(on_connection): a service that speaks TCP, and web's way to it."""

    def start(on_connection=echo, policy="", kind="tcp-db", **options):
        server = raw_origin(on_connection, **options)
        mesh.serve("db", server.port, kind=kind)
        out = mesh.speak_as("web", kind="tcp", hosts='"./db.default.svc.cluster.local"')
        mesh.write("mtls.yaml", STRICT + policy)
        mesh.start()
        return out

    return start


def test_bytes_go_both_ways_and_each_ends_by_itself(db, mesh):
    with connect(db()) as wire:
        wire.sendall(b"hello")
        assert wire.recv(5) == b"hello"
        wire.sendall(b"\0\xff\r\n\r\n")
        wire.shutdown(socket.SHUT_WR)
        assert read_all(wire) == b"\0\xff\r\n\r\n<end>"
    line = mesh.wait_for_line(listener="inbound", protocol="tcp")
    assert line["source_principal"] == WEB
    assert (line["bytes_received"], line["bytes_sent"], line["response_flags"]) == (11, 16, "-")
    assert line["decision"] == "allow"
    out = mesh.wait_for_line(listener="outbound", protocol="tcp")
    assert out["cluster"] == "outbound|80||db.default.svc.cluster.local"


def test_a_server_may_speak_first(db):
    async def greet(reader, writer):
        writer.write(b"220 ready\r\n")
        await reader.read(1)

    with connect(db(greet)) as wire:
        assert wire.recv(100) == b"220 ready\r\n"


def test_an_upstream_that_ends_first_still_hears_the_client(db):
    heard = []

    async def goodbye(reader, writer):
        writer.write(b"goodbye")
        writer.write_eof()
        heard.append(await reader.read(-1))

    with connect(db(goodbye)) as wire:
        assert read_all(wire) == b"goodbye"
        time.sleep(0.1)
        wire.sendall(b"one more thing")
        wire.shutdown(socket.SHUT_WR)
    wait_for(lambda: heard == [b"one more thing"], "the last words arrived")


def test_a_client_that_breaks_off_is_seen_to(db):
    ended = []

    async def listen(reader, writer):
        try:
            while await reader.read(100):
                pass
            ended.append("end")
        except ConnectionError:
            ended.append("reset")

    wire = connect(db(listen))
    wire.sendall(b"begin")
    time.sleep(0.2)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()
    wait_for(lambda: ended == ["reset"], "the upstream saw that something is missing")


def test_an_upstream_that_breaks_off_is_seen_to(db):
    async def break_off(reader, writer):
        writer.write(b"half of it")
        await writer.drain()
        await reader.read(10)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    with connect(db(break_off)) as wire:
        assert wire.recv(100) == b"half of it"
        wire.sendall(b"go on")
        with pytest.raises(ConnectionResetError):
            wire.recv(100)


def test_nobody_at_the_other_end_closes_the_connection(mesh):
    mesh.serve("db", free_port(), kind="tcp")
    out = mesh.speak_as("web", kind="tcp")
    mesh.start()
    with connect(out) as wire:
        assert is_closed(wire)
    assert mesh.wait_for_line(listener="inbound", protocol="tcp")["response_flags"] == "UF"


def test_connections_and_bytes_are_counted(db, mesh):
    with connect(db()) as wire:
        wire.sendall(b"hello")
        assert wire.recv(5) == b"hello"
        text = get(mesh.admin, "/metrics")[2].decode()
        series = [line for line in text.splitlines() if line.startswith("istio_tcp_") and 'reporter="destination"' in line]
        value = {line.partition("{")[0]: float(line.rpartition(" ")[2]) for line in series}
        assert value["istio_tcp_connections_opened_total"] == 1
        assert value["istio_tcp_received_bytes_total"] == 5  # while it is open
        assert value["istio_tcp_sent_bytes_total"] == 5
        assert value["istio_tcp_connections_closed_total"] == 0
        assert f'source_principal="{WEB}"' in series[0]
        assert 'request_protocol="tcp"' in series[0]
        assert 'connection_security_policy="mutual_tls"' in series[0]
        assert "response_code" not in series[0]
        assert 'istio_requests_total{reporter' not in text
    wait_for(lambda: mesh.metrics()["istio_tcp_connections_closed_total"] == 2, "both ends count the end")


# --- who may ---

def policy(action, rule):
    return f"""
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: db-{action.lower()}, namespace: default}}
spec:
  selector: {{matchLabels: {{app: db}}}}
  action: {action}
  rules: [{rule}]
"""


@pytest.mark.parametrize("action, rule, allowed", [
    ("ALLOW", '{from: [{source: {principals: ["cluster.local/ns/default/sa/web"]}}]}', True),
    ("ALLOW", '{from: [{source: {principals: ["cluster.local/ns/default/sa/other"]}}]}', False),
    ("ALLOW", '{from: [{source: {namespaces: [default]}}]}', True),
    ("ALLOW", '{from: [{source: {ipBlocks: ["127.0.0.0/8"]}}]}', True),
    ("ALLOW", '{from: [{source: {ipBlocks: ["10.0.0.0/8"]}}]}', False),
    ("ALLOW", '{to: [{operation: {ports: ["1"]}}]}', False),
    ("ALLOW", '{to: [{operation: {paths: ["/"]}}]}', False),
    ("ALLOW", '{to: [{operation: {methods: ["GET"]}}]}, {from: [{source: {namespaces: [default]}}]}', True),
    ("DENY", '{from: [{source: {principals: ["*/sa/web"]}}]}', False),
    ("DENY", '{from: [{source: {principals: ["*/sa/other"]}}]}', True),
    ("DENY", '{to: [{operation: {paths: ["/admin"]}}]}', False),
    ("DENY", '{from: [{source: {namespaces: [other]}}], to: [{operation: {paths: ["/admin"]}}]}', True),
], ids=["principal", "another principal", "namespace", "ip", "another ip", "another port", "only HTTP",
        "HTTP or namespace", "denied", "another denied", "DENY of HTTP takes all",
        "DENY of HTTP from another"])
def test_policies_judge_connections(db, mesh, action, rule, allowed):
    with connect(db(policy=policy(action, rule))) as wire:
        wire.sendall(b"hello")
        if allowed:
            assert wire.recv(5) == b"hello"
        else:
            assert is_closed(wire)
    if not allowed:
        line = mesh.wait_for_line(listener="inbound", decision="deny")
        assert (line["response_flags"], line["policy"]) == ("RBAC", f"default/db-{action.lower()}")


def test_only_the_mesh_gets_in(db, mesh, ca, foreign_ca):
    db()
    address, port = mesh.inbound("db")

    def ask(**tls):
        try:
            with client_tls(**tls).wrap_socket(connect(port, address)) as wire:
                wire.sendall(b"hello")
                return wire.recv(5)
        except (ConnectionError, ssl.SSLError):
            return b""

    assert ask(leaf=ca.leaf(WEB)) == b"hello"
    assert ask(leaf=ca.leaf(WEB), alpn=["istio"]) == b"hello"
    assert ask(leaf=ca.leaf(WEB), alpn=["h2", "http/1.1"]) == b"hello"
    assert ask() == b""
    assert ask(leaf=foreign_ca.leaf(WEB)) == b""
    with connect(port, address) as wire:
        wire.sendall(b"hello")
        assert is_closed(wire)


# --- pace, time, end ---

SIZE = 64 << 20


def test_who_is_slow_sets_the_pace(db, mesh):
    sent = 0

    async def pour(reader, writer):
        nonlocal sent
        piece = bytes(range(256)) * 256
        while sent < SIZE:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
        writer.write_eof()
        await reader.read(1)

    with connect(db(pour), seconds=30) as wire:
        before = mesh.resident_bytes()
        time.sleep(1)
        assert sent < SIZE * 3 // 4, "the origin was not slowed"
        growth, received = mesh.resident_bytes() - before, hashlib.sha256()
        length = 0
        while piece := wire.recv(1 << 20):
            received.update(piece)
            length += len(piece)
    assert length == SIZE
    assert received.digest() == hashlib.sha256(bytes(range(256)) * (SIZE // 256)).digest()
    assert growth < 6 << 20


def test_a_slow_server_slows_the_client(db, mesh):
    received = hashlib.sha256()
    length = 0

    async def swallow(reader, writer):
        nonlocal length
        await asyncio.sleep(1)
        while piece := await reader.read(1 << 20):
            received.update(piece)
            length += len(piece)
        writer.write(b"thanks")

    data = os.urandom(1 << 20)
    with connect(db(swallow), seconds=30) as wire:
        before, start = mesh.resident_bytes(), time.monotonic()
        for _ in range(SIZE // len(data)):
            wire.sendall(data)
        assert time.monotonic() - start > 0.5, "the client was not slowed"
        assert mesh.resident_bytes() - before < 6 << 20
        wire.shutdown(socket.SHUT_WR)
        assert read_all(wire) == b"thanks"
    assert length == SIZE
    assert received.digest() == hashlib.sha256(data * (SIZE // len(data))).digest()


RULE = """
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: db, namespace: default}}
spec:
  host: db
  trafficPolicy: {{connectionPool: {{tcp: {settings}}}}}
"""


def test_silence_ends_a_connection(db, mesh):
    with connect(db(policy=RULE.format(settings="{idleTimeout: 0.5s}"))) as wire:
        start = time.monotonic()
        for _ in range(4):
            wire.sendall(b"x")
            assert wire.recv(1) == b"x"
            time.sleep(0.2)
        assert time.monotonic() - start > 0.7  # longer than the limit, but never silent
        assert is_closed(wire)
    assert mesh.wait_for_line(listener="outbound")["details"] == "idle_timeout"


def test_a_connection_lasts_no_longer_than_it_may(db, mesh):
    with connect(db(policy=RULE.format(settings="{maxConnectionDuration: 0.5s}"))) as wire:
        start = time.monotonic()
        with pytest.raises((ConnectionError, AssertionError)):
            while time.monotonic() - start < 5:
                wire.sendall(b"x")
                assert wire.recv(1) == b"x"
    assert time.monotonic() - start < 4
    assert mesh.wait_for_line(listener="outbound")["response_flags"] == "DT"


def test_a_reload_leaves_connections_alone(db, mesh):
    with connect(db()) as wire:
        wire.sendall(b"a")
        assert wire.recv(1) == b"a"
        mesh.write("more.yaml", policy("ALLOW", '{from: [{source: {namespaces: [default]}}]}'))
        mesh.wait_for_plan(2)
        wire.sendall(b"b")
        assert wire.recv(1) == b"b"


def test_a_reload_cuts_off_who_may_no_longer(db, mesh):
    with connect(db()) as wire:
        wire.sendall(b"a")
        assert wire.recv(1) == b"a"
        mesh.write("more.yaml", policy("DENY", '{from: [{source: {principals: ["*/sa/web"]}}]}'))
        assert is_closed(wire)
    line = mesh.wait_for_line(listener="inbound", decision="deny")
    assert (line["details"], line["policy"], line["bytes_received"]) == ("policy_changed", "default/db-deny", 1)


def test_who_came_without_an_identity_is_cut_off_when_one_is_asked_for(mesh, raw_origin):
    mesh.serve("db", raw_origin(echo).port, kind="tcp")
    mesh.write("mtls.yaml", STRICT.replace("STRICT", "PERMISSIVE"))
    mesh.start()
    address, port = mesh.inbound("db")
    with connect(port, address) as wire:
        wire.sendall(b"a")
        assert wire.recv(1) == b"a"
        mesh.write("mtls.yaml", STRICT)
        assert is_closed(wire)


def test_a_drain_lets_connections_end(db, mesh):
    with connect(db()) as wire:
        wire.sendall(b"a")
        assert wire.recv(1) == b"a"
        ending = threading.Thread(target=mesh.proxy.stop)
        ending.start()
        time.sleep(0.3)
        wire.sendall(b"b")
        assert wire.recv(1) == b"b"
        wire.shutdown(socket.SHUT_WR)
        assert read_all(wire) == b"<end>"
    ending.join(5)
    assert not ending.is_alive()


# --- where it goes ---

def say(name):
    async def on_connection(reader, writer):
        writer.write(name.encode())
        await writer.drain()

    return on_connection


def route(text):
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: db, namespace: default}}
spec:
  hosts: [db]
  tcp:
{text}"""


@pytest.mark.parametrize("text, want", [
    ("  - route: [{destination: {host: other}}]", b"other"),
    ("  - match: [{port: 80}]\n    route: [{destination: {host: other}}]", b"other"),
    ("  - match: [{port: 81}]\n    route: [{destination: {host: other}}]", b"db"),
    ("  - match: [{sourceLabels: {app: web}}]\n    route: [{destination: {host: other}}]", b"other"),
    ("  - match: [{sourceLabels: {app: api}}]\n    route: [{destination: {host: other}}]", b"db"),
    ("  - match: [{sourceNamespace: default}]\n    route: [{destination: {host: other}}]", b"other"),
    ("  - match: [{sourceNamespace: shop}]\n    route: [{destination: {host: other}}]", b"db"),
    ("  - match: [{destinationSubnets: [127.0.0.0/8]}]\n    route: [{destination: {host: other}}]", b"other"),
    ("  - match: [{destinationSubnets: [10.0.0.0/8]}]\n    route: [{destination: {host: other}}]", b"db"),
    ("  - match: [{gateways: [mesh]}]\n    route: [{destination: {host: other}}]", b"other"),
    ("  - match: [{gateways: [edge]}]\n    route: [{destination: {host: other}}]", b"db"),
    ("  - match: [{port: 81}, {port: 80}]\n    route: [{destination: {host: other}}]", b"other"),
    ("  - route: [{destination: {host: db}, weight: 0}, {destination: {host: other}, weight: 100}]", b"other"),
], ids=lambda value: value.decode() if isinstance(value, bytes) else value.split("\n")[0].strip(" -"))
def test_routes(mesh, raw_origin, text, want):
    for name in ("db", "other"):
        mesh.serve(name, raw_origin(say(name)).port, kind="tcp")
    out = mesh.speak_as("web", kind="tcp", hosts='"./db.default.svc.cluster.local"')
    mesh.write("route.yaml", route(text))
    mesh.start()
    with connect(out) as wire:
        assert read_all(wire) == want


def test_weights_share_connections(mesh, raw_origin):
    for name in ("db", "other"):
        mesh.serve(name, raw_origin(say(name)).port, kind="tcp")
    out = mesh.speak_as("web", kind="tcp", hosts='"./db.default.svc.cluster.local"')
    mesh.write("route.yaml", route(
        "  - route: [{destination: {host: db}, weight: 25}, {destination: {host: other}, weight: 75}]"))
    mesh.start()
    count = {b"db": 0, b"other": 0}
    for _ in range(120):
        with connect(out) as wire:
            count[read_all(wire)] += 1
    assert 10 < count[b"db"] < 55


def test_a_service_is_found_by_its_address(mesh, raw_origin):
    """Two services on one port: the address that was connected to tells which is meant."""
    port = free_port()
    for number, name in enumerate(("one", "two")):
        mesh.serve(name, raw_origin(say(name)).port, kind="tcp")
        mesh.write(f"vip-{name}.yaml", f"""
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {{name: vip-{name}, namespace: default}}
            spec:
              hosts: [{name}.example]
              addresses: [127.0.40.{number + 1}]
              location: MESH_INTERNAL
              resolution: STATIC
              ports: [{{number: {port}, name: tcp, protocol: TCP, targetPort: {mesh.ports[name]}}}]
              workloadSelector: {{labels: {{app: {name}}}}}
            """)
    mesh.speak_as("web", kind="tcp")
    text = (mesh.resources.path / "web.yaml").read_text()
    before = text[text.index("  - port:"):]
    mesh.write("web.yaml", text.replace(before, "".join(f"""
  - port: {{number: {port}, name: tcp, protocol: TCP}}
    bind: 127.0.40.{number}
    captureMode: NONE
    hosts: ["*/*"]""" for number in (1, 2))))
    mesh.start()
    for number, name in enumerate((b"one", b"two")):
        with connect(port, f"127.0.40.{number + 1}") as wire:
            assert read_all(wire) == name


# --- at the edge ---

GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: edge, namespace: default}}
spec:
  selector: {{istio: edge}}
  servers:
  - port: {{number: {port}, name: tcp, protocol: {protocol}}}
    bind: 127.0.0.1
    hosts: ["*"]
    {tls}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {{name: edge, namespace: default}}
spec: {{address: 127.0.20.99, labels: {{istio: edge}}, serviceAccount: edge}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: db, namespace: default}}
spec:
  hosts: ["*"]
  gateways: [edge]
  tcp:
  - match: [{{port: {port}}}]
    route: [{{destination: {{host: db}}}}]
"""


def test_a_gateway_takes_tcp_in(mesh, raw_origin, ca):
    mesh.serve("db", raw_origin(echo).port, kind="tcp")
    port = free_port()
    mesh.leaves["edge"] = ca.leaf(mesh.id_of("edge"))
    mesh.write("edge.yaml", GATEWAY.format(port=port, protocol="TCP", tls=""))
    mesh.write("mtls.yaml", STRICT + policy(
        "ALLOW", '{from: [{source: {principals: ["cluster.local/ns/default/sa/edge"]}}]}'))
    mesh.start()
    with connect(port) as wire:
        wire.sendall(b"hello")
        wire.shutdown(socket.SHUT_WR)
        assert read_all(wire) == b"hello<end>"


def test_a_gateway_opens_tls_and_passes_tcp_on(mesh, raw_origin, ca):
    mesh.serve("db", raw_origin(echo).port, kind="tcp")
    port = free_port()
    leaf = mesh.leaves["edge"] = ca.leaf(mesh.id_of("edge"))
    mesh.write("edge.yaml", GATEWAY.format(
        port=port, protocol="TLS",
        tls=f"tls: {{mode: SIMPLE, serverCertificate: {leaf.certificate}, privateKey: {leaf.key}}}"))
    mesh.start()
    with client_tls(alpn=["h2", "http/1.1"]).wrap_socket(connect(port), server_hostname="db.example") as wire:
        assert wire.selected_alpn_protocol() is None
        wire.sendall(b"hello")
        assert wire.recv(5) == b"hello"
    assert mesh.wait_for_line(listener="gateway")["server_name"] == "db.example"
