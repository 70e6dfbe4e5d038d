# SPDX-License-Identifier: Apache-2.0
"""Hosts outside the registry: let through by name, or not at all."""

import pytest
from harness.certificates import CertificateAuthority
from harness.dns import DnsServer
from harness.wire import client_tls, get, talk
from test_upstream_tls import server_tls

POLICY = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: istio, namespace: istio-system}}
data:
  mesh: |
    outboundTrafficPolicy: {{mode: {mode}}}
"""
PATTERN = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: pattern, namespace: default}}
spec:
  hosts: ["*.example.test"]
  ports: [{{number: {port}, name: http, protocol: HTTP}}]
  resolution: {resolution}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: pattern, namespace: default}}
spec:
  host: "*.example.test"
  trafficPolicy: {{{traffic}}}
"""


@pytest.fixture
def dns():
    server = DnsServer(ttl=60)
    yield server
    server.stop()


@pytest.fixture
def way_out(mesh, dns):
    """way_out(mode) runs the client's proxy; its port."""

    def start(mode=None):
        port = mesh.speak_as("web")
        if mode:
            mesh.write("mesh.yaml", POLICY.format(mode=mode))
        mesh.start("--dns", dns.address, "--drain", "1s")
        return port

    return start


def ask(port, host, path="/"):
    return get(port, path, headers={"Host": host})


@pytest.mark.parametrize("mode", [None, "ALLOW_ANY"])
def test_any_host_is_let_through(way_out, mesh, dns, origin, mode):
    server = origin("out")
    dns.names["shop.test"] = ["127.0.0.1"]
    port = way_out(mode)
    for _ in range(3):
        assert ask(port, f"shop.test:{server.port}")[2]["headers"]["host"] == f"shop.test:{server.port}"
    assert server.connections == 1
    assert dns.asked["shop.test"] == 2  # A and AAAA, once
    assert 'destination_service_name="PassthroughCluster"' in metrics(mesh)


def metrics(mesh):
    return get(mesh.admin, "/metrics")[2].decode()


def test_an_address_needs_no_dns(way_out, dns, origin):
    server = origin("out")
    assert ask(way_out(), f"127.0.0.1:{server.port}")[0] == 200
    assert not dns.asked


def test_a_request_line_with_a_whole_url(way_out, dns, origin):
    """As programs with an http_proxy send it."""
    server = origin("out")
    dns.names["shop.test"] = ["127.0.0.1"]
    url = f"http://shop.test:{server.port}/a?b"
    answer = talk(way_out(), f"GET {url} HTTP/1.1\r\nHost: shop.test:{server.port}\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200"), answer
    assert (server.requests[0]["path"], server.requests[0]["headers"]["host"]) == ("/a?b", f"shop.test:{server.port}")


def test_a_host_that_nobody_knows(way_out):
    status, _, body = ask(way_out(), "nowhere.test")
    assert (status, body) == (503, b"no healthy upstream")


def test_only_the_registry(way_out, mesh, dns, origin):
    server = origin("out")
    dns.names["shop.test"] = ["127.0.0.1"]
    mesh.serve("api", origin("api").port)
    port = way_out("REGISTRY_ONLY")
    status, _, body = ask(port, f"shop.test:{server.port}")
    assert (status, body) == (502, b"")
    assert ask(port, "api")[2]["origin"] == "api"
    assert ask(port, "127.0.0.1:%d" % server.port)[0] == 502
    assert not dns.asked and not server.requests
    assert 'destination_service_name="BlackHoleCluster"' in metrics(mesh)
    mesh.wait_for_line(status=502)


def test_the_sidecars_word_counts_more(way_out, mesh, dns, origin):
    server = origin("out")
    port = way_out("ALLOW_ANY")
    text = (mesh.resources.path / "web.yaml").read_text()
    mesh.write("web.yaml", text + "  outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n")
    mesh.wait_for_plan(2)
    assert ask(port, f"127.0.0.1:{server.port}")[0] == 502


@pytest.mark.parametrize("resolution", ["NONE", "DYNAMIC_DNS"])
def test_a_pattern_of_hosts(way_out, mesh, dns, origin, resolution):
    """Each is looked up; others are not let through."""
    server = origin("out")
    dns.names.update({"a.example.test": ["127.0.0.1"], "a.other.test": ["127.0.0.1"]})
    mesh.write("pattern.yaml", PATTERN.format(port=server.port, resolution=resolution, traffic=""))
    port = way_out("REGISTRY_ONLY")
    assert ask(port, "a.example.test")[2]["headers"]["host"] == "a.example.test"
    assert ask(port, "b.example.test")[0] == 503
    assert ask(port, "a.other.test")[0] == 502


@pytest.mark.parametrize("name, status", [("a.example.test", 200), ("b.example.test", 503)])
def test_the_host_asked_for_is_the_name_verified(way_out, mesh, dns, origin, tmp_path, name, status):
    web = CertificateAuthority(tmp_path / "web", name="web root")
    server = origin("out", tls=server_tls(web.leaf(dns=[name])))
    dns.names["a.example.test"] = ["127.0.0.1"]
    mesh.write("pattern.yaml", PATTERN.format(
        port=server.port, resolution="DYNAMIC_DNS",
        traffic=f"tls: {{mode: SIMPLE, caCertificates: {web.bundle}}}"))
    assert ask(way_out("REGISTRY_ONLY"), "a.example.test")[0] == status


def test_a_server_that_does_not_answer_does_not_hold_the_others_up(way_out, dns, origin):
    server = origin("out")
    dns.is_silent = True
    port = way_out()
    answer = talk(port, b"GET / HTTP/1.1\r\nHost: slow.test\r\n\r\n", seconds=0.3)
    assert answer == b""
    assert ask(port, f"127.0.0.1:{server.port}")[0] == 200



@pytest.fixture
def raw_way_out(mesh, dns):
    """A port of the client's that takes TLS for any host, passed on to the same port of that host."""

    def start(mode):
        port = mesh.speak_as("web", kind="tls")
        mesh.write("mesh.yaml", POLICY.format(mode=mode))
        mesh.start("--dns", dns.address, "--drain", "1s")
        return port

    return start


HELLO = b"GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"


def test_tls_for_any_name_is_passed_on(raw_way_out, dns, origin, mesh, tmp_path):
    web = CertificateAuthority(tmp_path / "web", name="web root")
    port = raw_way_out("ALLOW_ANY")
    server = origin("out", address="127.0.0.9", port=port, tls=server_tls(web.leaf(dns=["shop.test"])))
    dns.names.update({"shop.test": ["127.0.0.9"], "loop.test": ["127.0.0.1"]})
    assert b" 200 " in talk(port, HELLO, tls=client_tls(), server_name="shop.test")
    assert 'destination_service_name="PassthroughCluster"' in metrics(mesh)
    for name in ("nowhere.test", "loop.test", None):  # nobody knows it; it is this very port; none is asked for
        assert talk(port, HELLO, tls=client_tls(), server_name=name) == b""
    assert talk(port, HELLO) == b""  # no TLS, so no name either
    assert len(server.requests) == 1


def test_tls_for_unknown_names_is_closed(raw_way_out, dns, origin, tmp_path):
    web = CertificateAuthority(tmp_path / "web", name="web root")
    port = raw_way_out("REGISTRY_ONLY")
    server = origin("out", address="127.0.0.9", port=port, tls=server_tls(web.leaf(dns=["shop.test"])))
    dns.names["shop.test"] = ["127.0.0.9"]
    assert talk(port, HELLO, tls=client_tls(), server_name="shop.test") == b""
    assert not server.connections and not dns.asked
