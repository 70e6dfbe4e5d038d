# SPDX-License-Identifier: Apache-2.0
"""Endpoints that fail again and again are left alone for a while, by all workers."""

import time

import pytest
from harness.process import wait_for
from harness.wire import get

TURNS = "loadBalancer: {simple: ROUND_ROBIN}\noutlierDetection: "
COUNTER = "envoy_cluster_outlier_detection_ejections_enforced_"


@pytest.fixture
def ab(origin):
    return [origin(name) for name in "ab"]


def test_five_errors_in_a_row_eject(pool, mesh, ab):
    ab[0].status = 500
    asked = pool(ab, TURNS + "{maxEjectionPercent: 50}", workers=2)
    assert asked.picks(10) == {500: 5, "b": 5}
    assert asked.picks(20) == {"b": 20}
    assert mesh.metrics()[COUNTER + "consecutive_5xx"] == 1
    cluster, = (c for c in get(mesh.admin, "/clusters")[2] if c["name"] == "outbound|80||pool.test")
    assert cluster["balancer"] == "ROUND_ROBIN"
    ejected = {endpoint["address"]: endpoint["ejected"] for endpoint in cluster["endpoints"]}
    assert ejected == {f"127.0.0.1:{ab[0].port}": True, f"127.0.0.1:{ab[1].port}": False}


def test_a_success_starts_the_count_anew(pool, ab):
    asked = pool(ab[:1], "outlierDetection: {consecutive5xxErrors: 3, maxEjectionPercent: 100}")
    for status, count in ((503, 2), (200, 1), (503, 2), (404, 1), (503, 3)):
        ab[0].status = status
        assert asked.get()[0] == status if count == 1 else asked.picks(count) == {status: count}
    status, _, body = asked.get()
    assert (status, body) == (503, b"no healthy upstream")
    assert len(ab[0].requests) == 9


def test_gateway_errors_have_a_count_of_their_own(pool, mesh, ab):
    ab[0].status = 500
    asked = pool(ab, TURNS + "{consecutive5xxErrors: 0, consecutiveGatewayErrors: 2, maxEjectionPercent: 50}")
    assert asked.picks(12) == {500: 6, "b": 6}
    ab[0].status = 502
    assert asked.picks(12) == {502: 2, "b": 10}
    assert mesh.metrics()[COUNTER + "consecutive_gateway_failure"] == 1


def test_who_does_not_answer_counts_as_a_gateway_error(pool, mesh, ab):
    ab[0].status = None
    mesh.write("routes.yaml", NO_RETRIES)
    asked = pool(ab, TURNS + "{consecutive5xxErrors: 0, consecutiveGatewayErrors: 2, maxEjectionPercent: 50}")
    assert asked.picks(12) == {503: 2, "b": 10}


NO_RETRIES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pool, namespace: default}
spec:
  hosts: [pool.test]
  http: [{route: [{destination: {host: pool.test}}], retries: {attempts: 0}}]
"""


def test_local_failures_can_be_told_apart(pool, mesh, ab):
    ab[0].status = None
    mesh.write("routes.yaml", NO_RETRIES)
    asked = pool(ab, TURNS + """{splitExternalLocalOriginErrors: true, consecutive5xxErrors: 1,
        consecutiveLocalOriginFailures: 3, maxEjectionPercent: 50}""")
    assert asked.picks(12) == {503: 3, "b": 9}
    assert mesh.metrics()[COUNTER + "consecutive_local_origin_failure"] == 1
    assert mesh.metrics()[COUNTER + "consecutive_5xx"] == 0


def test_a_retry_goes_elsewhere_and_the_dead_one_is_ejected(pool, mesh, ab):
    """Nobody listens there any more: requests are answered by the other, and the dead one is not tried for long."""
    ab[0].stop()
    asked = pool(ab, TURNS + "{maxEjectionPercent: 50}")
    assert asked.picks(20) == {"b": 20}
    assert mesh.metrics()[COUNTER + "consecutive_5xx"] == 1
    assert mesh.metrics()["envoy_cluster_upstream_rq_retry"] == 5


def test_an_ejection_ends_and_the_next_one_is_longer(pool, mesh, ab):
    ab[0].status = 500
    asked = pool(ab, TURNS + "{consecutive5xxErrors: 1, interval: 60s, baseEjectionTime: 400ms, maxEjectionPercent: 50}")

    def ejected_for():
        wait_for(lambda: 500 in asked.picks(2), "it is asked again")
        start = time.monotonic()
        wait_for(lambda: 500 in asked.picks(2), "it is asked again")
        return time.monotonic() - start

    assert 0.35 < ejected_for()
    assert 1.1 < ejected_for()  # third time in a row: three times as long
    ab[0].status = 200
    wait_for(lambda: asked.picks(2) == {"a": 1, "b": 1}, "it is back")


def test_no_more_than_the_percentage_is_ejected(pool, mesh, ab, origin):
    servers = [*ab, origin("c"), origin("d")]
    for server in servers[:3]:
        server.status = 500
    asked = pool(servers, TURNS + "{consecutive5xxErrors: 1, maxEjectionPercent: 50}")
    asked.picks(8)
    assert asked.picks(8) == {500: 4, "d": 4}
    assert mesh.metrics()["envoy_cluster_outlier_detection_ejections_overflow"] > 0


def test_ten_percent_of_two_is_none_and_that_is_said(pool, mesh, ab):
    ab[0].status = 500
    asked = pool(ab, TURNS + "{}")
    assert asked.picks(20) == {500: 10, "b": 10}
    mesh.proxy.wait_for_log("of 2 endpoints maxEjectionPercent 10 ejects none: with 50 or more one can be")


@pytest.mark.parametrize("block", ["outlierDetection", "circuitBreaker"])
def test_the_old_spelling_could_always_eject_one(pool, ab, block):
    ab[0].status = 500
    asked = pool(ab, f"loadBalancer: {{simple: ROUND_ROBIN}}\n{block}: {{consecutiveErrors: 3}}")
    assert asked.picks(20) == {500: 3, "b": 17}


def test_with_too_few_healthy_ones_nobody_is_left_out(pool, ab):
    ab[0].status = 500
    asked = pool(ab, TURNS + "{consecutive5xxErrors: 1, maxEjectionPercent: 100, minHealthPercent: 60}")
    assert asked.picks(10) == {500: 5, "b": 5}


def test_other_codes_can_be_the_errors(pool, ab):
    ab[0].status = 500
    asked = pool(ab, TURNS + "{consecutive5xxErrors: 2, maxEjectionPercent: 50, outlierDetectionHttpErrorCodes: [429]}")
    assert asked.picks(10) == {500: 5, "b": 5}
    ab[0].status = 429
    assert asked.picks(10) == {429: 2, "b": 8}


def test_a_reload_forgets_nothing(pool, mesh, ab):
    ab[0].status = 500
    asked = pool(ab, TURNS + "{consecutive5xxErrors: 2, maxEjectionPercent: 50}")
    assert asked.picks(6) == {500: 2, "b": 4}
    mesh.write("other.yaml", NO_RETRIES)
    mesh.wait_for_plan(2)
    assert asked.picks(6) == {"b": 6}


def test_localities_fail_over(pool, mesh, ab):
    """The near one is asked alone until it is ejected; then the far one."""
    asked = pool([(ab[0], "locality: east/1/x"), (ab[1], "locality: west/1/x")],
                 "outlierDetection: {consecutive5xxErrors: 3, maxEjectionPercent: 50}")
    text = (mesh.resources.path / "web.yaml").read_text()
    mesh.write("web.yaml", text.replace("  serviceAccount: web", "  locality: east/1/x\n  serviceAccount: web"))
    mesh.wait_for_plan(2)
    assert asked.picks(6) == {"a": 6}
    ab[0].status = 503
    assert asked.picks(10) == {503: 3, "b": 7}
