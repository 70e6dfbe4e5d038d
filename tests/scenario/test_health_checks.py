# SPDX-License-Identifier: Apache-2.0
"""A DestinationRule's healthCheck: endpoints are asked how they are, and left alone while they are not well."""

from concurrent import futures

import grpc
import pytest
from harness.process import wait_for
from harness.wire import get

OFTEN = "timeout: 2s, interval: 50ms, unhealthyThreshold: 2, healthyThreshold: 2"
HTTP = "loadBalancer: {simple: ROUND_ROBIN}\nhealthCheck: {" + OFTEN + ", http: {path: /healthz"
COUNTER = "envoy_cluster_health_check_"


@pytest.fixture
def ab(origin):
    return [origin(name) for name in "ab"]


def health(mesh):
    """Of each endpoint of the pool: is it healthy?"""
    cluster, = (c for c in get(mesh.admin, "/clusters")[2] if c["name"].startswith("outbound|80||pool.test"))
    return {endpoint["address"]: endpoint["healthy"] for endpoint in cluster["endpoints"]}


def wait_for_health(mesh, *wanted):
    wait_for(lambda: list(health(mesh).values()) == list(wanted), f"the endpoints are {wanted}")


def checks(server):
    return [request for request in server.requests if request["path"] == "/healthz"]


def test_who_answers_badly_is_left_alone_until_it_is_well_again(pool, mesh, ab):
    asked = pool(ab, HTTP + "}}", workers=2)
    wait_for(lambda: len(checks(ab[0])) > 3 and len(checks(ab[1])) > 3, "both are asked")
    assert asked.picks(4) == {"a": 2, "b": 2}
    assert checks(ab[0])[0]["headers"]["host"] == "pool.test"

    ab[0].status = 500
    wait_for_health(mesh, False, True)
    assert asked.picks(10) == {"b": 10}
    mesh.proxy.wait_for_log("fails its health check: it answers 500")
    assert mesh.metrics()[COUNTER + "failure"] >= 2
    assert mesh.metrics()[COUNTER + "success"] >= 2
    assert mesh.metrics()[COUNTER + "attempt"] >= 4

    ab[0].status = 200
    wait_for_health(mesh, True, True)
    assert asked.picks(4) == {"a": 2, "b": 2}
    mesh.proxy.wait_for_log("passes its health check again")


def test_who_is_gone_is_found_by_tcp(pool, mesh, ab, origin):
    asked = pool(ab, "healthCheck: {" + OFTEN + ", tcp: {}}")
    wait_for(lambda: ab[0].connections > 2, "it is asked")
    port = ab[0].port
    ab[0].stop()
    wait_for_health(mesh, False, True)
    assert asked.picks(6) == {"b": 6}
    assert mesh.metrics()[COUNTER + "network_failure"] >= 2
    origin("a", port=port)
    wait_for_health(mesh, True, True)


def test_with_nobody_well_there_is_no_answer(pool, mesh, ab):
    for server in ab:
        server.status = 503
    asked = pool(ab, HTTP + "}}")
    wait_for_health(mesh, False, False)
    status, _, body = asked.get()
    assert (status, body) == (503, b"no healthy upstream")


def test_expected_statuses_and_host(pool, mesh, ab):
    ab[0].status = 404
    pool(ab, HTTP + ", host: probe.test, expectedStatuses: [200, 404]}}")
    wait_for(lambda: len(checks(ab[0])) > 4, "it is asked")
    assert checks(ab[0])[0]["headers"]["host"] == "probe.test"
    assert list(health(mesh).values()) == [True, True]
    ab[0].status = 204
    wait_for_health(mesh, False, True)


def test_who_is_silent_is_given_up(pool, mesh, ab, raw_origin):
    async def say_nothing(reader, writer):
        await reader.read()

    pool([raw_origin(say_nothing), ab[1]], HTTP.replace("timeout: 2s", "timeout: 200ms") + "}}")
    mesh.proxy.wait_for_log("fails its health check: no answer in time")
    wait_for_health(mesh, False, True)


def test_a_full_pool_is_no_illness(pool, mesh, ab):
    """Checks have their own room: what connectionPool allows is for requests."""
    limits = "connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1, http2MaxRequests: 1}}\n"
    asked = pool(ab[:1], limits + HTTP + "}}")
    with futures.ThreadPoolExecutor(1) as background:
        slow = background.submit(asked.get, "/slow/1")
        wait_for(lambda: any(r["path"] == "/slow/1" for r in ab[0].requests), "the request is there")
        seen = len(checks(ab[0]))
        wait_for(lambda: len(checks(ab[0])) > seen + 4, "checks go on")
        assert list(health(mesh).values()) == [True]
        assert slow.result()[0] == 200


def test_a_reload_forgets_nothing_and_who_is_no_longer_checked_is_used(pool, mesh, ab):
    ab[0].status = 500
    asked = pool(ab, HTTP + "}}")
    wait_for_health(mesh, False, True)
    asked.rule(HTTP.replace("interval: 50ms", "interval: 60s") + "}}")
    mesh.wait_for_plan(2)
    assert list(health(mesh).values()) == [False, True]
    asked.rule("loadBalancer: {simple: ROUND_ROBIN}")
    mesh.wait_for_plan(3)
    assert list(health(mesh).values()) == [True, True]
    assert asked.picks(4) == {500: 2, "b": 2}


class HealthService:
    """grpc.health.v1.Health/Check: answers are one field, an enum."""

    def __init__(self):
        self.status, self.asked = 1, []
        handler = grpc.method_handlers_generic_handler(
            "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(self.check)})
        self.server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[handler])
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def check(self, request, context):
        self.asked.append(request)
        return bytes([0x08, self.status])


def test_grpc_health(pool, mesh):
    service = HealthService()
    try:
        pool([service], "healthCheck: {" + OFTEN + ", grpc: {serviceName: shop.Orders}}")
        wait_for(lambda: len(service.asked) > 2, "it is asked")
        assert service.asked[0] == b"\x0a\x0bshop.Orders"
        assert list(health(mesh).values()) == [True]
        service.status = 2
        wait_for_health(mesh, False)
        mesh.proxy.wait_for_log("does not say SERVING")
        service.status = 1
        wait_for_health(mesh, True)
    finally:
        service.server.stop(None).wait(5)


@pytest.mark.parametrize("kind", ["http: {path: /healthz}", "tcp: {}"])
def test_inside_the_mesh_checks_have_the_workloads_identity(mesh, origin, kind):
    """So policies over there hold for them, too."""
    server = origin("api")
    mesh.serve("api", server.port)
    way_out = mesh.speak_as("web")
    mesh.write("rule.yaml", f"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {{name: api, namespace: default}}
        spec:
          host: api
          trafficPolicy: {{healthCheck: {{{OFTEN}, {kind}}}}}
        """)
    mesh.write("policy.yaml", """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {name: default, namespace: istio-system}
        spec: {mtls: {mode: STRICT}}
        """)
    mesh.start()

    def healthy():
        cluster, = (c for c in get(mesh.admin, "/clusters")[2] if c["name"].startswith("outbound|80||api"))
        return [e["healthy"] for e in cluster["endpoints"]]

    wait_for(lambda: mesh.metrics().get("envoy_cluster_health_check_success", 0) > 2, "asked")
    assert healthy() == [True]
    assert get(way_out, "/", headers={"Host": "api"})[0] == 200
    assert mesh.metrics().get("envoy_cluster_health_check_failure", 0) == 0
    if "http" in kind:
        assert "spiffe://cluster.local/ns/default/sa/web" in checks(server)[0]["headers"]["x-forwarded-client-cert"]
        mesh.write("deny.yaml", """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: deny, namespace: default}
            spec: {action: DENY, rules: [{to: [{operation: {paths: [/healthz]}}]}]}
            """)
        wait_for(lambda: healthy() == [False], "denied")


@pytest.mark.parametrize("check, problem", [
    ("{interval: 1s}", "say what is asked: 'http: {path: /healthz}', 'tcp: {}' or 'grpc: {}'"),
    ("{http: {path: healthz}}", "'path' must begin with '/'"),
    ("{tcp: {}, interval: 1ms}", "'interval' must be at least 10ms"),
    ("{tcp: {}, http: {path: /}}", "tcp"),
])
def test_mistakes_are_named(start, resources, check, problem):
    resources.write("rule.yaml", f"""
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {{name: pool, namespace: default}}
        spec:
          host: pool.test
          trafficPolicy:
            healthCheck: {check}
        """)
    process = start("proxy", str(resources.path))
    assert process.child.wait(10) == 2
    assert problem in process.log and "rule.yaml:8:" in process.log
