# SPDX-License-Identifier: Apache-2.0
"""The steady path: once warm, a request takes no memory from the heap and leaves none behind.

plain -> sidecar -> mutual TLS -> sidecar -> plain, both sidecars in one proxy. The ordinary suite sends
some ten thousand requests; MANGROVE_LONG=1 (./dev test --long) a million.
"""

import os
import socket

import pytest
from harness.load import Backend, Load

LONG = bool(os.environ.get("MANGROVE_LONG"))
REQUESTS = 1_000_000 if LONG else 20_000
OURS, OF_OPENSSL = "mangrove_worker_heap_allocations_total", "mangrove_worker_tls_allocations_total"


@pytest.fixture
def out(mesh, state):
    backend = Backend(state)
    mesh.serve("api", backend.port)
    port = mesh.speak_as("web")
    yield port
    backend.kill()


def run(port, requests, **options):
    with Load(port, "/1000", requests=requests, seconds=300, **options) as load:
        result = load.finish(600)
    assert result["requests"] == requests
    assert (result["bad_status"], result["lost_hard"], result["lost_reused"]) == (0, 0, 0)


def counted(mesh):
    metrics = mesh.metrics()
    return metrics[OURS], metrics[OF_OPENSSL]


@pytest.mark.timeout(700)
def test_the_steady_path_takes_nothing_from_the_heap(mesh, out):
    """Connections are made and the proxy's pools filled, which costs; then the number of requests costs nothing."""
    mesh.start()
    run(out, 5000)
    few, many = taken_by(mesh, out, 1000), taken_by(mesh, out, REQUESTS)
    # the same eight connections and one scrape in both; only the number of requests differs
    assert abs(many[0] - few[0]) <= 10
    if mesh.resident_bytes():  # a sanitizer is to see every piece of OpenSSL's come and go
        assert abs(many[1] - few[1]) <= 10


def taken_by(mesh, port, requests):
    before = counted(mesh)
    run(port, requests)
    after = counted(mesh)
    return after[0] - before[0], after[1] - before[1]


@pytest.mark.timeout(700)
def test_memory_is_flat_over_many_requests(mesh, out):
    mesh.start()
    run(out, 10000)
    before = mesh.resident_bytes()
    for _ in range(4):
        run(out, REQUESTS // 4)
    assert mesh.resident_bytes() - before < 2 << 20


@pytest.mark.timeout(700)
def test_memory_is_flat_over_many_connections(mesh, out, ca):
    """Handshakes, requests and goodbyes: what a connection took comes back."""
    mesh.write("mtls.yaml", """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {name: default, namespace: istio-system}
        spec: {mtls: {mode: STRICT}}
        """)
    mesh.start()
    address, port = mesh.inbound("api")
    leaf = ca.leaf(mesh.id_of("web"))

    def connect(times):
        for _ in range(times):
            run(port, 100, address=address, leaf=leaf, connections=50)

    connect(22)  # more than the sessions that are kept for clients who come back
    before = mesh.resident_bytes()
    connect(200 if LONG else 20)
    assert mesh.resident_bytes() - before < 2 << 20


def test_bytes_of_a_connection_take_nothing_from_the_heap(mesh, raw_origin):
    async def echo(reader, writer):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()

    mesh.serve("db", raw_origin(echo).port, kind="tcp")
    out = mesh.speak_as("web", kind="tcp")
    mesh.start()
    piece = bytes(16384)
    with socket.create_connection(("127.0.0.1", out), 10) as wire:
        def send(times):
            before = counted(mesh)
            for _ in range(times):
                wire.sendall(piece)
                left = len(piece)
                while left:
                    left -= len(wire.recv(left))
            after = counted(mesh)
            return after[0] - before[0], after[1] - before[1]

        send(200)
        few, many = send(100), send(2000)
    assert abs(many[0] - few[0]) <= 10  # the scrapes alone
    if mesh.resident_bytes():
        assert abs(many[1] - few[1]) <= 10
