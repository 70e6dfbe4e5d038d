# SPDX-License-Identifier: Apache-2.0
"""Where services are: host names and their changes, addresses, Kubernetes' own kinds."""

import threading

import pytest
from harness.dns import DnsServer
from harness.process import wait_for
from harness.wire import get

ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: out, namespace: default}}
spec:
  hosts: [{host}]
  ports: [{{number: 80, name: http, protocol: HTTP, targetPort: {port}}}]
  resolution: {resolution}
{more}
"""


@pytest.fixture
def dns():
    server = DnsServer()
    yield server
    server.stop()


@pytest.fixture
def ask(mesh, dns):
    """ask(host, port, resolution) runs a client; ask.picks(10): which origins answered."""

    class Ask:
        def __call__(self, host, port, resolution="DNS", more="", files=()):
            self.host = host
            self.port = mesh.speak_as("web")
            if resolution:
                mesh.write("entry.yaml", ENTRY.format(host=host, port=port, resolution=resolution, more=more))
            for number, text in enumerate(files):
                mesh.write(f"file{number}.yaml", text)
            mesh.start("--dns", dns.address)
            return self

        def get(self, path="/", host=None):
            return get(self.port, path, headers={"Host": host or self.host})

        def picks(self, count):
            answers = [self.get() for _ in range(count)]
            return {headers.get("x-origin", status) for status, headers, _ in answers}

    return Ask()


@pytest.fixture
def twins(origin):
    """Servers on the same port of two addresses."""
    one = origin("one", address="127.0.0.3")
    return one, origin("two", address="127.0.0.4", port=one.port)


def test_all_addresses_of_a_name_are_used(ask, dns, twins):
    dns.names["db.test"] = ["127.0.0.3", "127.0.0.4"]
    assert ask("db.test", twins[0].port).picks(40) == {"one", "two"}


def test_both_families(ask, dns, origin):
    four = origin("four")
    six = origin("six", address="::1", port=four.port)
    dns.names["db.test"] = ["127.0.0.1", "::1"]
    assert ask("db.test", six.port).picks(40) == {"four", "six"}


def test_the_first_address_only(ask, dns, twins):
    dns.names["db.test"] = ["127.0.0.4", "127.0.0.3"]
    assert ask("db.test", twins[0].port, "DNS_ROUND_ROBIN").picks(20) == {"two"}


def test_a_change_is_followed_without_a_failed_request(ask, mesh, dns, twins):
    dns.names["db.test"] = ["127.0.0.3"]
    asked = ask("db.test", twins[0].port)
    statuses, stop = [], threading.Event()

    def load():
        while not stop.is_set():
            statuses.append(asked.get()[0])

    thread = threading.Thread(target=load)
    thread.start()
    dns.names["db.test"] = ["127.0.0.4"]
    wait_for(lambda: asked.picks(5) == {"two"}, "the new address is asked")
    stop.set()
    thread.join()
    assert set(statuses) == {200}


def test_the_last_good_answer_stays(ask, mesh, dns, twins):
    dns.names["db.test"] = ["127.0.0.3"]
    asked = ask("db.test", twins[0].port)
    del dns.names["db.test"]
    mesh.proxy.wait_for_log("db.test is not found (Domain name not found); its last addresses stay")
    assert asked.picks(5) == {"one"}


def test_a_ttl_is_kept(ask, dns, twins):
    dns.names["db.test"], dns.ttl = ["127.0.0.3"], 600
    asked = ask("db.test", twins[0].port)
    before = dns.asked["db.test"]
    dns.names["db.test"] = ["127.0.0.4"]
    assert asked.picks(20) == {"one"}
    assert dns.asked["db.test"] == before == 2  # A and AAAA, once


def test_a_name_that_comes_late(ask, mesh, dns, twins):
    asked = ask("db.test", twins[0].port)
    status, _, body = asked.get()
    assert (status, body) == (503, b"no healthy upstream")


def test_names_of_endpoints(ask, dns, twins):
    dns.names.update({"a.test": ["127.0.0.3"], "b.test": ["127.0.0.4"]})
    asked = ask("db.test", twins[0].port, more="  endpoints: [{address: a.test}, {address: b.test, weight: 3}]")
    assert asked.picks(40) == {"one", "two"}


@pytest.mark.parametrize("more", ["", "  addresses: [127.0.0.4]"], ids=["name", "address"])
def test_where_the_client_meant_to_go(ask, dns, twins, more):
    """Resolution NONE: the service's own address, or what its name is at."""
    dns.names["db.test"] = ["127.0.0.3"]
    assert ask("db.test", twins[0].port, "NONE", more=more).picks(10) == {"two" if more else "one"}


def test_a_unix_socket(ask, mesh, origin, state):
    import asyncio
    from harness.origin import HttpOrigin

    server = HttpOrigin("local")
    path = state / "local.sock"
    asyncio.run_coroutine_threadsafe(asyncio.start_unix_server(server._serve, path), server._loop).result()
    asked = ask("db.test", 80, "STATIC", more=f"  endpoints: [{{address: 'unix://{path}'}}]")
    assert asked.picks(3) == {"local"}
    server.stop()


# --- Kubernetes ---

SERVICE = """
apiVersion: v1
kind: Service
metadata: {{name: db, namespace: default}}
spec:
  {spec}
"""
SLICE = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: db-1, namespace: default, labels: {{kubernetes.io/service-name: db}}}}
addressType: IPv4
ports: [{{name: http, port: {port}}}]
endpoints:
{endpoints}
"""


def test_an_external_name(ask, dns, twins):
    dns.names["elsewhere.test"] = ["127.0.0.3"]
    service = SERVICE.format(spec=f"type: ExternalName\n  externalName: elsewhere.test\n  ports: [{{name: http, port: {twins[0].port}}}]")
    assert ask("db", 0, None, files=[service]).picks(3) == {"one"}


@pytest.mark.parametrize("spec", ["clusterIP: None", "clusterIP: 10.96.0.9", "selector: {app: db}"])
def test_endpoints_that_are_ready(ask, mesh, twins, spec):
    service = SERVICE.format(spec=f"{spec}\n  ports: [{{name: http, port: 80}}]")
    endpoints = ("- {addresses: [127.0.0.3]}\n- {addresses: [127.0.0.4], conditions: {ready: false}}\n"
                 "- {addresses: [127.0.0.9], conditions: {ready: false, serving: true, terminating: true}}")
    slices = SLICE.format(port=twins[0].port, endpoints=endpoints)
    asked = ask("db", 0, None, files=[service, slices])
    assert asked.picks(10) == {"one"}
    mesh.write("file1.yaml", slices.replace("ready: false}}\n- {addresses: [127.0.0.9]", "ready: true}}\n- {addresses: [127.0.0.9]"))
    wait_for(lambda: asked.picks(10) == {"one", "two"}, "the second is ready")


def test_a_service_by_its_own_address(ask, twins):
    service = SERVICE.format(spec="clusterIP: 10.96.0.9\n  ports: [{name: http, port: 8080}]")
    asked = ask("db", 0, None, files=[
        service, SLICE.format(port=twins[0].port, endpoints="- {addresses: [127.0.0.3]}")])
    assert asked.get(host="10.96.0.9:8080")[0] == 200
