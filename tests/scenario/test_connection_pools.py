# SPDX-License-Identifier: Apache-2.0
"""How many connections, requests and retries a destination gets, and what those beyond are told."""

import concurrent.futures
import socket
import struct
import time

import pytest
from harness.process import wait_for
from harness.wire import get

OVERFLOW = b"upstream connect error or disconnect/reset before headers. reset reason: overflow"


@pytest.fixture
def server(origin):
    return origin("a")


def at_once(asked, count, path):
    """So many requests at the same time: their answers."""
    with concurrent.futures.ThreadPoolExecutor(count) as executor:
        return [future.result() for future in [executor.submit(asked.get, path) for _ in range(count)]]


def statuses(answers):
    return sorted(status for status, _, _ in answers)


def test_one_connection_and_one_that_waits(pool, mesh, server):
    """Of five at once one is served, one waits for the connection, three are refused at once."""
    asked = pool([server], """
        connectionPool:
          tcp: {maxConnections: 1}
          http: {http1MaxPendingRequests: 1}
        """)
    asked.get()
    start = time.monotonic()
    answers = at_once(asked, 5, "/slow/0.7")
    assert statuses(answers) == [200, 200, 503, 503, 503]
    assert time.monotonic() - start > 1.3
    for status, headers, body in answers:
        if status == 503:
            assert (headers["x-envoy-overloaded"], body) == ("true", OVERFLOW)
    assert server.connections == 1
    assert mesh.metrics()["envoy_cluster_upstream_rq_pending_overflow"] == 3
    mesh.wait_for_line(status=503, response_flags="UO")


def test_waiting_ones_are_served_in_turn(pool, server):
    asked = pool([server], "connectionPool: {tcp: {maxConnections: 2}}")
    assert statuses(at_once(asked, 10, "/slow/0.05")) == [200] * 10
    assert server.connections == 2


def test_a_connection_that_breaks_makes_room(pool, mesh, server):
    mesh.write("routes.yaml", NO_RETRIES)
    asked = pool([server], "connectionPool: {tcp: {maxConnections: 1}}")
    server.status = None
    assert statuses(at_once(asked, 4, "/")) == [503] * 4
    assert server.connections == 4
    server.status = 200
    assert asked.get()[0] == 200


NO_RETRIES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pool, namespace: default}
spec:
  hosts: [pool.test]
  http: [{route: [{destination: {host: pool.test}}], retries: {attempts: 0}}]
"""


def test_requests_in_progress_are_limited(pool, server):
    asked = pool([server], "connectionPool: {http: {http2MaxRequests: 2}}", workers=2)
    assert statuses(at_once(asked, 6, "/slow/0.6")) == [200, 200, 503, 503, 503, 503]
    assert asked.get()[0] == 200


def test_who_gives_up_waiting_is_not_counted_any_more(pool, server):
    asked = pool([server], """
        connectionPool:
          tcp: {maxConnections: 1}
          http: {http1MaxPendingRequests: 1}
        """)
    with concurrent.futures.ThreadPoolExecutor() as executor:
        slow = executor.submit(asked.get, "/slow/1.5")
        wait_for(lambda: server.requests, "the first is served")
        with socket.create_connection(("127.0.0.1", asked.port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: pool.test\r\n\r\n")
            wait_for(lambda: asked.get()[0] == 503, "it waits, and another is refused")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closes by a reset
        waits = executor.submit(asked.get)
        assert slow.result()[0] == 200
        assert waits.result()[0] == 200


def test_a_connection_is_used_so_often(pool, server):
    asked = pool([server], "connectionPool: {http: {maxRequestsPerConnection: 3}}")
    assert asked.picks(9) == {"a": 9}
    assert server.connections == 3


@pytest.mark.parametrize("settings", [
    "http: {idleTimeout: 0.2s}", "tcp: {idleTimeout: 0.2s}", "tcp: {maxConnectionDuration: 0.2s}"])
def test_a_connection_is_kept_so_long(pool, server, settings):
    asked = pool([server], f"connectionPool: {{{settings}}}")
    assert asked.picks(3) == {"a": 3}
    assert server.connections == 1
    time.sleep(0.4)
    assert asked.picks(3) == {"a": 3}
    assert server.connections == 2


def test_a_new_plan_keeps_the_limits_and_the_counts(pool, mesh, server):
    asked = pool([server], "connectionPool: {http: {http2MaxRequests: 1}}")
    with concurrent.futures.ThreadPoolExecutor() as executor:
        slow = executor.submit(asked.get, "/slow/1")
        wait_for(lambda: server.requests, "it is served")
        mesh.write("routes.yaml", NO_RETRIES)
        mesh.wait_for_plan(2)
        assert asked.get()[0] == 503
        assert slow.result()[0] == 200
    assert asked.get()[0] == 200


def test_connecting_takes_at_most_so_long(pool, mesh):
    """Nobody answers at an address that is set aside for that (RFC 5737)."""
    mesh.write("routes.yaml", NO_RETRIES)

    class Nowhere:
        address, port = "192.0.2.1", 80

    asked = pool([Nowhere], "connectionPool: {tcp: {connectTimeout: 0.3s}}")
    start = time.monotonic()
    assert asked.get()[0] == 503
    assert time.monotonic() - start < 5


# --- which HTTP ---


def versions(mesh, settings, origin):
    """What two proxies speak to each other when the client speaks HTTP/1.1."""
    mesh.serve("api", origin("api").port)
    way_out = mesh.speak_as("web")
    mesh.write("rule.yaml", f"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {{name: api, namespace: default}}
        spec:
          host: api
          trafficPolicy: {{connectionPool: {{http: {{{settings}}}}}}}
        """)
    mesh.write("mesh.yaml", LOG_PROTOCOLS)
    mesh.start()
    assert get(way_out, headers={"Host": "api"})[0] == 200
    lines = wait_for(lambda: lines if len(lines := mesh.log_file.read_text().splitlines()) == 2 else None, "two lines")
    lines.remove("HTTP/1.1")  # the client's
    return lines[0]


LOG_PROTOCOLS = r"""
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    accessLogFormat: "%PROTOCOL%\n"
"""


@pytest.mark.parametrize("settings, version", [
    ("h2UpgradePolicy: DEFAULT", "HTTP/2"),
    ("h2UpgradePolicy: UPGRADE", "HTTP/2"),
    ("h2UpgradePolicy: DO_NOT_UPGRADE", "HTTP/1.1"),
    ("useClientProtocol: true", "HTTP/1.1"),
])
def test_which_http_is_spoken(mesh, origin, settings, version):
    assert versions(mesh, settings, origin) == version


@pytest.mark.parametrize("settings, upgraded", [("", True), ("h2UpgradePolicy: DO_NOT_UPGRADE", False)])
def test_the_whole_mesh_can_be_upgraded(pool, mesh, raw_origin, settings, upgraded):
    """Of plain text too; a DestinationRule's word counts more."""
    first = []

    async def note(reader, _writer):
        first.append(await reader.read(3))

    mesh.write("mesh.yaml", """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: istio, namespace: istio-system}
        data:
          mesh: "h2UpgradePolicy: UPGRADE"
        """)
    asked = pool([raw_origin(note)], "connectionPool: {http: {%s}}" % settings)
    asked.get()
    assert first[0] == (b"PRI" if upgraded else b"GET")


@pytest.mark.parametrize("settings, status", [
    ("http2MaxRequests: 2", [200, 200, 503, 503]), ("maxConcurrentStreams: 1", [200, 200, 200, 200]),
    ("maxRequestsPerConnection: 2", [200, 200, 200, 200])])
def test_limits_of_http2(mesh, origin, settings, status):
    mesh.serve("api", origin("api").port)
    way_out = mesh.speak_as("web")
    mesh.write("rule.yaml", f"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {{name: api, namespace: default}}
        spec:
          host: api
          trafficPolicy: {{connectionPool: {{http: {{{settings}}}}}}}
        """)
    mesh.start()

    class Asked:
        @staticmethod
        def get(path):
            return get(way_out, path, headers={"Host": "api"})

    Asked.get("/")
    assert statuses(at_once(Asked, 4, "/slow/0.5")) == status
    for _ in range(6):
        assert Asked.get("/")[0] == 200
