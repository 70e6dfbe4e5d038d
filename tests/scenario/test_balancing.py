# SPDX-License-Identifier: Apache-2.0
"""Which endpoint of a destination gets a request: balancers, subsets, localities."""

import concurrent.futures
import re

import pytest


@pytest.fixture
def abc(origin):
    return [origin(name) for name in "abc"]


def test_round_robin_gives_each_its_turn(pool, abc):
    assert pool(abc, "loadBalancer: {simple: ROUND_ROBIN}", workers=2).picks(12) == {"a": 4, "b": 4, "c": 4}


def test_turns_by_weight(pool, abc):
    weighted = [(abc[0], "weight: 3"), (abc[1], "weight: 2"), (abc[2], "weight: 1")]
    assert pool(weighted, "loadBalancer: {simple: ROUND_ROBIN}").picks(12) == {"a": 6, "b": 4, "c": 2}


@pytest.mark.parametrize("balancer", ["RANDOM", "LEAST_REQUEST", "LEAST_CONN", "UNSPECIFIED"])
def test_all_endpoints_are_used(pool, abc, balancer):
    assert set(pool(abc, f"loadBalancer: {{simple: {balancer}}}").picks(60)) == {"a", "b", "c"}


def test_what_passthrough_means_here_is_said(pool, mesh, abc):
    assert set(pool(abc, "loadBalancer: {simple: PASSTHROUGH}").picks(40)) == {"a", "b", "c"}
    mesh.proxy.wait_for_log("an endpoint is chosen as by LEAST_REQUEST")


def test_least_request_leaves_the_busy_one_alone(pool, abc):
    asked = pool(abc[:2])
    with concurrent.futures.ThreadPoolExecutor() as executor:
        slow = executor.submit(asked.get, "/slow/1")
        while not (busy := [server.name for server in abc if server.requests]):
            pass
        assert busy[0] not in asked.picks(10)
        assert slow.result()[0] == 200


@pytest.mark.parametrize("table", ["", ", ringHash: {minimumRingSize: 64}", ", maglev: {tableSize: 101}"])
@pytest.mark.parametrize("key, same, others", [
    ("httpHeaderName: x-user", {"headers": {"X-User": "jo"}},
     [{"headers": {"X-User": f"user-{n}"}} for n in range(30)]),
    ("httpQueryParameterName: user", {"path": "/?a=1&user=jo"},
     [{"path": f"/?user=user-{n}"} for n in range(30)]),
    ("useSourceIp: true", {}, []),
], ids=["header", "query", "address"])
def test_a_client_stays_where_it_is(pool, abc, key, same, others, table):
    asked = pool(abc, f"loadBalancer: {{consistentHash: {{{key}{table}}}}}")
    assert list(asked.picks(6, **same).values()) == [6]
    if others:
        assert len({name for other in others for name in asked.picks(1, **other)}) == 3
        assert len(asked.picks(40)) == 3  # none sent: anywhere


def test_a_client_without_a_cookie_gets_one(pool, abc):
    asked = pool(abc, """
        loadBalancer:
          consistentHash:
            httpCookie: {name: stay, path: /shop, ttl: 90s, attributes: [{name: SameSite, value: Strict}]}
        """)
    status, headers, body = asked.get()
    given = re.fullmatch(r'stay="([0-9a-f]{16})"; Max-Age=90; Path=/shop; SameSite=Strict; HttpOnly',
                         headers["set-cookie"])
    sent = {"headers": {"Cookie": f"other=1; stay={given[1]}"}}
    assert asked.picks(8, **sent) == {body["origin"]: 8}
    assert "set-cookie" not in asked.get(**sent)[1]


def test_a_cookie_without_a_lifetime_is_the_applications(pool, abc):
    asked = pool(abc, "loadBalancer: {consistentHash: {httpCookie: {name: stay}}}")
    assert "set-cookie" not in asked.get()[1]
    assert list(asked.picks(8, headers={"Cookie": "stay=x"}).values()) == [8]


# --- what of a DestinationRule holds ---

ROUTES = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pool, namespace: default}
spec:
  hosts: [pool.test]
  http:
  - match: [{uri: {prefix: /v1}}]
    route: [{destination: {host: pool.test, subset: v1}}]
  - match: [{uri: {prefix: /other}}]
    route: [{destination: {host: pool.test, subset: other}}]
  - route: [{destination: {host: pool.test}}]
"""


def versions(abc):
    return [(abc[0], "labels: {version: v1}"), (abc[1], "labels: {version: v1}"), (abc[2], "labels: {version: v2}")]


STAY = "loadBalancer: {consistentHash: {useSourceIp: true}}"
TURNS = "trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}"


def test_a_subset_has_its_endpoints_and_its_own_balancer(pool, mesh, abc):
    mesh.write("routes.yaml", ROUTES)
    asked = pool(versions(abc), STAY, subsets=f"- {{name: v1, labels: {{version: v1}}, {TURNS}}}")
    assert asked.picks(6, "/v1") == {"a": 3, "b": 3}
    assert list(asked.picks(6, "/").values()) == [6]
    assert asked.picks(1, "/other") == {503: 1}


def test_settings_of_a_port_replace_all_others(pool, abc):
    """What they omit is not inherited: a client that stayed by its address does so no more."""
    asked = pool(abc, STAY + "\nportLevelSettings: [{port: {number: 80}, connectionPool: {}}]")
    assert len(asked.picks(40)) == 3


def test_two_rules_for_a_host_are_one(pool, mesh, abc):
    """Of two, the first traffic policy, and the subsets of both."""
    mesh.write("routes.yaml", ROUTES)
    mesh.write("second.yaml", """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: second, namespace: default}
        spec:
          host: pool.test
          trafficPolicy: {loadBalancer: {simple: RANDOM}}
          subsets: [{name: v1, labels: {version: v1}}, {name: other, labels: {version: v2}}]
        """)
    asked = pool(versions(abc), STAY)
    assert list(asked.picks(6, "/").values()) == [6]
    assert asked.picks(3, "/other") == {"c": 3}


# --- localities ---


@pytest.fixture
def places(abc):
    return [(abc[0], "locality: east/1/x"), (abc[1], "locality: east/2/x"), (abc[2], "locality: west/1/x")]


def stand_in(mesh, locality):
    """The client's own place."""
    text = (mesh.resources.path / "web.yaml").read_text()
    mesh.write("web.yaml", text.replace("  serviceAccount: web", f"  locality: {locality}\n  serviceAccount: web"))
    mesh.wait_for_plan(2)


@pytest.mark.parametrize("locality, goes_to", [
    ("east/1/y", {"a"}), ("east/2/x", {"b"}), ("west/9/x", {"c"}), ("north/1/x", {"a", "b", "c"}),
])
def test_the_nearest_is_asked(pool, mesh, places, locality, goes_to):
    asked = pool(places, "outlierDetection: {}")
    stand_in(mesh, locality)
    assert set(asked.picks(30)) == goes_to


def test_without_outlier_detection_nobody_would_fail_over(pool, mesh, places):
    asked = pool(places)
    stand_in(mesh, "east/1/x")
    assert set(asked.picks(40)) == {"a", "b", "c"}


@pytest.mark.parametrize("setting, goes_to", [
    ("enabled: false", {"a", "b", "c"}),
    ("failover: [{from: north, to: west}]", {"c"}),
    ("failoverPriority: [topology.kubernetes.io/region]", {"a", "b"}),
    ("failoverPriority: ['topology.kubernetes.io/region=west']", {"c"}),
    ("distribute: [{from: '*', to: {'east/1/*': 100}}]", {"a"}),
    ("distribute: [{from: east/*, to: {'east/*': 100}}]", {"a", "b"}),
])
def test_locality_settings(pool, mesh, places, setting, goes_to):
    asked = pool(places, f"outlierDetection: {{}}\nloadBalancer: {{localityLbSetting: {{{setting}}}}}")
    stand_in(mesh, "north/1/x" if "north" in setting else "east/1/x")
    assert set(asked.picks(40)) == goes_to


def test_shares_of_localities(pool, mesh, places):
    asked = pool(places, "loadBalancer: {localityLbSetting: {distribute: [{from: east/*, "
                         "to: {east/1/x: 80, west/*: 20}}]}}")
    stand_in(mesh, "east/1/x")
    picks = asked.picks(200)
    assert "b" not in picks and 130 < picks["a"] < 190, picks
