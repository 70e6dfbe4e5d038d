# SPDX-License-Identifier: Apache-2.0
"""Changes while requests flow: nobody notices a good one, and a broken one never takes effect."""

import socket

import pytest
from harness.load import Backend, Load
from harness.process import accepts, free_port, wait_for
from harness.wire import get

EDITS = 50
RATE = 1000

POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: edited, namespace: default}}
spec:
  selector: {{matchLabels: {{app: api}}}}
  rules:
  - from: [{{source: {{principals: ["cluster.local/ns/default/sa/web"]}}}}]
  - to: [{{operation: {{paths: ["/edit/{number}"]}}}}]
"""

BROKEN = [
    "kind: [",                                                   # no YAML
    POLICY.replace("rules:", "rules: 7 #").format(number=0),     # a wrong type
    POLICY.replace("  rules:", "  action: MAYBE\n  rules:").format(number=0),
    POLICY.replace("- from:", "- from: []\n    to:").format(number=0),
    "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: x}\nspec: {mtls: {mode: 5}}\n",
]


@pytest.fixture
def backend(start, state):
    server = Backend(state)
    yield server
    server.kill()


@pytest.fixture
def out(mesh, backend):
    """web speaks to api, both sidecars in one proxy; the port on which web asks."""
    mesh.serve("api", backend.port)
    port = mesh.speak_as("web")
    mesh.write("policy.yaml", POLICY.format(number=0))
    return port


def load_on(port, seconds, **options):
    return Load(port, "/100", rate=RATE, seconds=seconds, **options)


def nothing_failed(result, at_least):
    assert result["requests"] >= at_least
    assert {name: result[name] for name in ("bad_status", "lost_hard", "lost_reused", "closed_idle")} == {
        "bad_status": 0, "lost_hard": 0, "lost_reused": 0, "closed_idle": 0}


def test_fifty_edits_under_load(mesh, out):
    mesh.start(workers=2)
    with load_on(out, 10) as load:
        for number in range(1, EDITS + 1):
            mesh.write("policy.yaml", POLICY.format(number=number))
            mesh.wait_for_plan(number + 1)
        assert load.child.poll() is None, "the edits took longer than the load"
        nothing_failed(load.finish(), 9 * RATE)


def test_fifty_broken_edits_under_load(mesh, out):
    proxy = mesh.start(workers=2)
    refused = '"message":"resources not loaded, the last good ones stay'
    with load_on(out, 10) as load:
        for number in range(EDITS):
            mesh.write("policy.yaml", BROKEN[number % len(BROKEN)] + f"# {number}\n")
            wait_for(lambda number=number: proxy.log.count(refused) > number, f"broken edit {number} is refused")
        assert load.child.poll() is None, "the edits took longer than the load"
        nothing_failed(load.finish(), 9 * RATE)
    assert proxy.log.count(refused) == EDITS
    errors = [line["message"] for line in proxy.log_lines() if line["level"] == "error"]
    assert sum("policy.yaml:" in message for message in errors) >= EDITS
    assert proxy.log.count(" in force") == 1
    mesh.write("policy.yaml", POLICY.format(number=1))
    mesh.wait_for_plan(2)


def test_a_policy_counts_from_the_next_request_on(mesh, out):
    mesh.start()
    assert get(out, "/1", headers={"Host": "api"})[0] == 200
    mesh.write("policy.yaml", POLICY.replace("  rules:", "  action: DENY\n  rules:").format(number=0))
    mesh.wait_for_plan(2)
    assert get(out, "/1", headers={"Host": "api"})[0] == 403
    mesh.resources.remove("policy.yaml")
    mesh.wait_for_plan(3)
    assert get(out, "/1", headers={"Host": "api"})[0] == 200


def test_listeners_come_and_go(mesh, out, backend):
    mesh.start(workers=2)
    new = mesh.ports["new"] = free_port()
    text = (mesh.resources.path / "web.yaml").read_text()
    egress = f'  - port: {{number: {new}, name: http2, protocol: HTTP}}\n    bind: 127.0.0.1\n    hosts: ["*/*"]\n'
    with load_on(out, 4) as load:
        for round_number in range(3):
            mesh.write("web.yaml", text + egress)
            mesh.wait_for_plan(2 * round_number + 2)
            wait_for(lambda: accepts(new), "the new port is listened on")
            assert get(new, "/1", headers={"Host": "api"})[0] == 200
            with socket.create_connection(("127.0.0.1", new)) as idle:
                mesh.write("web.yaml", text)
                mesh.wait_for_plan(2 * round_number + 3)
                wait_for(lambda: not accepts(new), "the port is let go")
                idle.settimeout(3)
                assert idle.recv(1) == b""
        nothing_failed(load.finish(), 3 * RATE)


def test_a_request_in_progress_outlives_its_listener(mesh, origin):
    server = origin()
    mesh.serve("api", server.port)
    mesh.start()
    address, port = mesh.inbound("api")
    with socket.create_connection((address, port)) as wire:
        wire.sendall(b"GET /slow/1 HTTP/1.1\r\nHost: api\r\n\r\n")
        wait_for(lambda: server.requests, "the origin has the request")
        mesh.resources.remove("api.yaml")
        mesh.write("other.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n")
        mesh.wait_for_plan(2)
        wire.settimeout(5)
        answer = b""
        while piece := wire.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer


def test_a_busy_port_is_named_and_the_last_good_plan_stays(mesh, out):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        proxy = mesh.start()
        text = (mesh.resources.path / "web.yaml").read_text()
        port = busy.getsockname()[1]
        mesh.write("web.yaml", text.replace(f"number: {out}", f"number: {port}"))
        proxy.wait_for_log(f"127.0.0.1:{port}")
        problem = next(line["message"] for line in proxy.log_lines() if line["level"] == "error")
        assert "web.yaml:" in problem
        assert "the last good plan stays" in problem
        assert "in use" in problem
        assert get(out, "/1", headers={"Host": "api"})[0] == 200
    proxy.wait_for_log("plan 2 in force", 12)  # it tries again
    assert get(port, "/1", headers={"Host": "api"})[0] == 200


def test_a_busy_port_at_the_start_is_named(mesh, out, start, mangrove):
    with socket.create_server(("127.0.0.1", out)):
        leaf = mesh.leaves["web"]
        result = mangrove("proxy", "--workload", "default/web", "--svid",
                          f"{leaf.certificate},{leaf.key},{leaf.bundle}", mesh.resources.path)
    assert result.returncode == 2
    assert f"127.0.0.1:{out}" in result.stderr
    assert "in use" in result.stderr
    assert "web.yaml:" in result.stderr


def test_certificates_renew_under_load(mesh, out):
    mesh.write("mtls.yaml", """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: {name: default, namespace: istio-system}
        spec: {mtls: {mode: STRICT}}
        """)
    node = mesh.start_node("--svid-ttl", "6s", workers=2)
    with load_on(out, 10) as load:
        nothing_failed(load.finish(), 9 * RATE)
    assert node.log.count("issued spiffe://cluster.local/ns/default/sa/web") >= 3
    assert node.log.count(" in force") >= 4
    # and new connections are made with the new ones
    with load_on(out, 1, connections=3) as load:
        nothing_failed(load.finish(), 0.9 * RATE)


def test_what_a_destination_rule_asks_for_in_vain_is_said(mesh, origin):
    mesh.serve("api", origin("api").port)
    mesh.write("rule.yaml", """
        apiVersion: networking.istio.io/v1
        kind: DestinationRule
        metadata: {name: api, namespace: default}
        spec:
          host: api
          trafficPolicy:
            tunnel: {targetHost: api, targetPort: 80}
        """)
    mesh.start()
    mesh.proxy.wait_for_log("'tunnel' is read but not acted upon yet")
