# SPDX-License-Identifier: Apache-2.0
"""Injected faults: how long, how often, what is logged and counted. What is answered: tests/table/routing/faults.yaml."""

import socket
import time

import pytest
from harness.process import wait_for
from harness.wire import get

HOST = "api.example"


@pytest.fixture
def out(mesh, origin):
    """out(fault) runs a proxy whose workload asks an origin through a route with this fault."""

    class Out:
        def __call__(self, fault):
            self.origin = origin("api")
            mesh.outside(HOST, self.origin.port)
            self.port = mesh.speak_as("web")
            mesh.route(HOST, f"- route: [{{destination: {{host: {HOST}}}}}]\n  fault: {fault}\n")
            mesh.start()
            return self

        def get(self, path="/", **options):
            return get(self.port, path, headers={"Host": HOST}, **options)

    return Out()


def test_a_delay_takes_its_time_and_is_counted(out, mesh):
    out("{delay: {fixedDelay: 200ms, percentage: {value: 100}}}")
    started = time.monotonic()
    assert out.get("/late", method="POST", body=b"x" * 100000)[0] == 200
    assert 0.2 <= time.monotonic() - started < 5
    assert mesh.wait_for_line(path="/late")["response_flags"] == "DI"
    assert mesh.metrics()["envoy_http_fault_delays_injected"] == 1


def test_an_abort_is_counted_and_nobody_is_asked(out, mesh):
    out("{delay: {fixedDelay: 1ms, percentage: {value: 100}}, abort: {httpStatus: 555, percentage: {value: 100}}}")
    assert out.get("/no")[0] == 555
    line = mesh.wait_for_line(path="/no")
    assert (line["response_flags"], line["details"]) == ("DI,FI", "fault_filter_abort")
    assert mesh.metrics()["envoy_http_fault_aborts_injected"] == 1
    assert not out.origin.requests


def test_percentages_are_kept(out):
    out("{abort: {httpStatus: 555, percentage: {value: 25}}}")
    aborted = [out.get()[0] for _ in range(400)].count(555)
    assert 60 <= aborted <= 140  # the chance to be outside is one in a million


def test_a_client_that_leaves_during_a_delay_ends_it(out, mesh):
    out("{delay: {fixedDelay: 30s, percentage: {value: 100}}}")
    with socket.create_connection(("127.0.0.1", out.port), 5) as wire:
        wire.sendall(b"GET /gone HTTP/1.1\r\nHost: api.example\r\n\r\n")
        wait_for(lambda: mesh.metrics()["envoy_http_fault_delays_injected"], "the delay has begun")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert mesh.wait_for_line(path="/gone")["response_flags"] == "DI,DC"


@pytest.mark.parametrize("fault, says", [
    ("{delay: {exponentialDelay: 1s, percentage: {value: 1}}}", "'exponentialDelay' is injected by no proxy"),
    ("{abort: {http2Error: PROTOCOL_ERROR, percentage: {value: 1}}}", "'http2Error' is injected by no proxy"),
    ("{abort: {grpcStatus: UNAVAILBLE, percentage: {value: 1}}}", "UNAVAILABLE"),
])
def test_faults_that_cannot_be(mangrove, tmp_path, fault, says):
    path = tmp_path / "routes.yaml"
    path.write_text(f"""apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: v, namespace: default}}
spec:
  hosts: [{HOST}]
  http:
  - route: [{{destination: {{host: {HOST}}}}}]
    fault: {fault}
""")
    done = mangrove("check", "resources", path)
    assert done.returncode != 0
    assert says in done.stdout + done.stderr
