# SPDX-License-Identifier: Apache-2.0
"""Transparent capture: a cgroup's connections come to the proxy and go where resources say.

Nobody is at the addresses that clients connect to (TEST-NET): who is answered was taken elsewhere.
"""

import json
import os
import socket
import subprocess
import sys

import pytest
from harness.cgroup import Cgroup, tree
from harness.process import free_port
from harness.wire import talk
from test_egress import POLICY

pytestmark = pytest.mark.skipif(tree() is None, reason="capturing needs root and cgroups of version 2")

ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, namespace: default}}
spec:
  hosts: [{name}.test]
  {addresses}
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{{number: {number}, name: {kind}, protocol: {protocol}}}]
  endpoints: [{{address: 127.0.0.1, ports: {{{kind}: {port}}}}}]
"""
# connects, says the second argument, and prints what comes
TALK = """
import socket, sys
host, port, words = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with socket.create_connection((host, port), 5) as wire:
    wire.sendall(words.encode())
    wire.shutdown(socket.SHUT_WR)
    while piece := wire.recv(65536):
        sys.stdout.write(piece.decode())
"""
HELLO = """
import socket, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
with context.wrap_socket(socket.create_connection(("203.0.113.1", 443), 5), server_hostname=sys.argv[1]) as wire:
    print(wire.recv(100).decode())
"""


@pytest.fixture
def web(mesh):
    """The workload "web" in a cgroup of its own; web.start() captures it, web.port is where to."""
    group = Cgroup("web")
    group.port = free_port()
    mesh.speak_as("web")

    def start(mode="ALLOW_ANY", address="127.0.0.1"):
        mesh.write("mesh.yaml", POLICY.format(mode=mode))
        mesh.start("--drain", "1s", "--capture", f"{group.path},default/web,{address}:{group.port}")

    def curl(url, *options):
        done = group.run("curl", "-sS", "-m", "5", "-w", "\n%{http_code}", *options, url)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    group.start, group.curl = start, curl
    group.talk = lambda *words: group.run(sys.executable, "-c", TALK, *words).stdout
    yield group
    group.remove()


async def echo(reader, writer):
    writer.write(b"said " + await reader.read())
    await writer.drain()


async def greet(reader, writer):
    writer.write(b"hello")
    await writer.drain()


def test_http_goes_by_its_host_with_the_workloads_identity(web, mesh, origin):
    api = origin("api")
    mesh.serve("api", api.port)
    web.start("REGISTRY_ONLY")
    assert "are captured as those of default/web" in mesh.proxy.log
    status, body = web.curl("http://203.0.113.1/", "-H", "Host: api.default")
    assert status == 200
    assert mesh.id_of("web") in json.loads(body)["headers"]["x-forwarded-client-cert"]


def test_http_to_a_port_goes_to_the_service_that_has_it(web, mesh, origin):
    server = origin("shop")
    mesh.write("shop.yaml", ENTRY.format(name="shop", addresses="", number=8080, kind="http", protocol="HTTP",
                                         port=server.port))
    web.start("REGISTRY_ONLY")
    assert web.curl("http://203.0.113.1:8080/", "-H", "Host: shop.test")[0] == 200
    assert web.curl("http://203.0.113.1:8081/", "-H", "Host: shop.test")[0] == 502
    # IPv6 comes to the same place
    assert web.curl("http://[2001:db8::1]:8080/", "-H", "Host: shop.test")[0] == 200


def test_bytes_go_by_their_address(web, mesh, raw_origin):
    server = raw_origin(echo)
    mesh.write("db.yaml", ENTRY.format(name="db", addresses="addresses: [203.0.113.9]", number=5432, kind="tcp",
                                       protocol="TCP", port=server.port))
    web.start("REGISTRY_ONLY")
    assert web.talk("203.0.113.9", "5432", "\x01words") == "said \x01words"
    assert web.talk("203.0.113.9", "5433", "\x01words") == ""
    assert web.talk("203.0.113.8", "5432", "\x01words") == ""
    assert server.connections == 1


def test_tls_goes_by_its_name(web, mesh, raw_origin):
    from test_upstream_tls import server_tls
    server = raw_origin(greet, tls=server_tls(mesh.ca.leaf(dns=["bank.test"])))
    mesh.write("bank.yaml", ENTRY.format(name="bank", addresses="", number=443, kind="tls", protocol="TLS",
                                         port=server.port))
    web.start("REGISTRY_ONLY")
    assert web.run(sys.executable, "-c", HELLO, "bank.test").stdout.strip() == "hello"
    assert web.run(sys.executable, "-c", HELLO, "other.test").returncode != 0
    assert server.connections == 1


def own_address():
    """Of this machine, no loopback address; or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return None


@pytest.mark.skipif(own_address() is None, reason="this machine has no address but loopback")
@pytest.mark.parametrize("mode", ["ALLOW_ANY", "REGISTRY_ONLY"])
def test_what_nobody_declared(web, mesh, origin, raw_origin, mode):
    there = own_address()
    page, silent = origin("out", address=there), raw_origin(greet, address=there)
    web.start(mode)
    status, body = web.curl(f"http://{there}:{page.port}/", "-H", "Host: any.test")
    greeting = web.run(sys.executable, "-c", TALK.replace("wire.shutdown(socket.SHUT_WR)", ""),
                       there, str(silent.port), "").stdout
    if mode == "ALLOW_ANY":
        assert (status, json.loads(body)["headers"]["host"], greeting) == (200, "any.test", "hello")
    else:
        assert (status, greeting, page.connections, silent.connections) == (502, "", 0, 0)


def test_only_the_cgroup_is_captured_and_only_it_may_come(web, mesh, origin):
    api = origin("api")
    mesh.serve("api", api.port)
    web.start()
    request = b"GET / HTTP/1.1\r\nHost: api.default\r\nConnection: close\r\n\r\n"
    assert talk(web.port, request) == b""  # from outside
    assert web.curl(f"http://127.0.0.1:{web.port}/", "-H", "Host: api.default")[0] == 0  # by itself
    assert api.connections == 0
    assert web.curl(f"http://127.0.0.1:{api.port}/")[0] == 200  # its own machine's programs
    assert api.connections == 1

class OtherNetwork:
    """A network namespace, as a container has, joined to this one: its end is .2, ours .1."""

    def __init__(self):
        name, self.name = f"mg{os.getpid()}", f"mangrove-{os.getpid()}"
        net = f"198.18.{os.getpid() % 250}"
        self.host = f"{net}.1"
        self._ip("netns", "add", self.name)
        self._ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        self._ip("addr", "add", f"{self.host}/30", "dev", name)
        self._ip("link", "set", name, "up")
        self._ip("-n", self.name, "addr", "add", f"{net}.2/30", "dev", "eth0")
        self._ip("-n", self.name, "link", "set", "eth0", "up")
        self.enter = ["ip", "netns", "exec", self.name]

    @staticmethod
    def _ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True)

    def remove(self):
        self._ip("netns", "del", self.name)  # and with it both ends


@pytest.fixture
def container():
    try:
        network = OtherNetwork()
    except (OSError, subprocess.CalledProcessError) as problem:
        pytest.skip(f"no network namespaces here (package iproute2): {problem}")
    yield network
    network.remove()


def test_a_container_is_captured_from_its_own_network(web, mesh, origin, container):
    api = origin("api")
    mesh.serve("api", api.port)
    web.start("REGISTRY_ONLY", address=container.host)
    asks = [*container.enter, "curl", "-sS", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}",
            "-H", "Host: api.default"]
    assert web.run(*asks, "http://203.0.113.1/").stdout == "200"
    # its neighbours reach the listener, and are not let in
    by_itself = subprocess.run([*asks, f"http://{container.host}:{web.port}/"], capture_output=True, text=True)
    assert by_itself.stdout == "000"
    assert api.connections == 1
    # loopback is its own, never the proxy's
    assert web.run(*asks, f"http://127.0.0.1:{api.port}/").stdout == "000"


@pytest.mark.skipif(own_address() is None, reason="this machine has no address but loopback")
def test_capture_ends_with_the_proxy(web, mesh, origin):
    server = origin("plain", address=own_address())
    web.start("REGISTRY_ONLY")
    assert web.curl(f"http://{own_address()}:{server.port}/")[0] == 502
    assert mesh.proxy.stop() == 0
    assert web.curl(f"http://{own_address()}:{server.port}/")[0] == 200


@pytest.mark.parametrize("written, says", [
    ("/tmp,default/web", "is no cgroup of version 2"),
    ("/nowhere,default/web", "No such file"),
    ("/tmp,web", "--capture wants CGROUP,NAMESPACE/NAME"),
    ("/tmp,default/web,[::1]:15001", "an IPv4 address"),
])
def test_what_cannot_be_captured_is_said(mangrove, resources, written, says):
    resources.write("mesh.yaml", POLICY.format(mode="ALLOW_ANY"))
    done = mangrove("proxy", "--capture", written, "--workload-api", "unix:///nowhere", resources.path)
    assert done.returncode != 0
    assert says in done.stderr
