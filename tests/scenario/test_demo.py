# SPDX-License-Identifier: Apache-2.0
"""What `./dev up` promises: its five commands do what it says, and its end leaves nothing behind."""

import json
import os
import signal

import pytest
from harness.process import ROOT, Process, accepts, command_lines, free_port, wait_for
from harness.wire import client_tls, get, talk

ACCOUNTS = "spiffe://cluster.local/ns/alphanumeric-system/sa"
SERVICES = 6


class Demo:
    def __init__(self, state, **environment):
        self.state, self.service_port = state, free_port()
        self.gateway, self.admin = free_port(), free_port()
        self.process = Process(
            "demo", ["-B", ROOT / "examples/alphanumeric/up.py", state], state / "demo.log",
            binary="/usr/bin/python3", GATEWAY_PORT=str(self.gateway), GATEWAY_HTTP_PORT=str(free_port()),
            ADMIN_PORT=str(self.admin), SERVICE_PORT=str(self.service_port), **environment)

    def ask(self, path, method="GET", body=None):
        tls = client_tls(ca=self.state / "gateway/localhost.pem", server_name_checked="localhost")
        return get(self.gateway, path, method, body and json.dumps(body), address="localhost", tls=tls)

    def speak(self):
        return self.ask("/api/v1/speak", "POST", {"text": "hello"})

    def denials(self):
        lines = (self.state / "log/access.log").read_text().splitlines()
        return [entry for entry in map(json.loads, lines) if entry.get("decision") == "deny"]


@pytest.fixture
def demo(state):
    running = Demo(state)
    try:
        running.process.wait_for_log("Ctrl-C ends everything", seconds=40)
        yield running
    finally:
        running.process.stop(15)


def test_a_call_goes_through_with_verified_identities(demo):
    status, _, answer = demo.speak()
    assert status == 200
    assert answer["said"].startswith("Hello")
    assert [(hop["service"], hop["caller"].rsplit("/", 1)[1]) for hop in answer["trail"]] == [
        ("api-gateway", "ingress-gateway"),
        ("voice-terminal", "api-gateway-service"),
        ("session-manager", "voice-terminal-service"),
        ("database-service", "session-manager-service"),
    ]
    assert {entry["by"] for entry in demo.ask("/api/v1/events")[2]["events"]} == {
        f"{ACCOUNTS}/api-gateway-service", f"{ACCOUNTS}/voice-terminal-service",
        f"{ACCOUNTS}/database-service"}
    assert b"<h1>Alphanumeric</h1>" in demo.ask("/")[2]


def test_a_denial_names_the_policy_and_who_asked(demo):
    status, _, answer = demo.ask("/api/v1/database")
    assert (status, answer["refused_by"]) == (403, "database-service")
    assert "RBAC: access denied" in answer["error"]
    denial = wait_for(demo.denials, "the denial is in the access log")[-1]
    assert denial["source_principal"] == f"{ACCOUNTS}/api-gateway-service"
    assert denial["workload"] == "database-service"


def test_plaintext_gets_no_answer(demo):
    request = b"GET /data/sessions HTTP/1.1\r\nHost: database-service\r\n\r\n"
    assert talk(demo.service_port + 4, request, address="127.0.10.4") == b""


def test_a_policy_changes_while_traffic_flows(demo):
    policy = demo.state / "mesh/policy/voice-terminal.yaml"
    original = policy.read_text()
    policy.write_text(original.replace("POST", "PUT"))
    wait_for(lambda: demo.speak()[0] == 403, "the edited policy denies")
    policy.write_text(original)
    wait_for(lambda: demo.speak()[0] == 200, "the policy as it was allows again")


def test_identities_are_listed(demo, mangrove):
    listed = mangrove("id", "list", "--state", demo.state).stdout
    assert listed.count("spiffe://cluster.local/ns/alphanumeric-system/sa/") == SERVICES


def test_the_end_leaves_nothing_behind(demo):
    demo.process.signal(signal.SIGINT)
    assert demo.process.wait(15) == 0
    assert not accepts(demo.gateway) and not accepts(demo.service_port + 1)
    assert not [command for command in command_lines() if str(demo.state) in command]


def test_a_busy_port_is_named_with_what_to_set(state, origin):
    busy = origin().port
    process = Process("demo", ["-B", ROOT / "examples/alphanumeric/up.py", state], state / "demo.log",
                      binary="/usr/bin/python3", GATEWAY_PORT=str(busy), SERVICE_PORT=str(free_port()),
                      ADMIN_PORT=str(free_port()), GATEWAY_HTTP_PORT=str(free_port()))
    assert process.wait() == 1
    assert f"port {busy} of 127.0.0.1 cannot be used" in process.log
    assert "GATEWAY_PORT=" in process.log


def test_a_program_that_dies_at_start_is_named(state):
    process = Process("demo", ["-B", ROOT / "examples/alphanumeric/up.py", state], state / "demo.log",
                      binary="/usr/bin/python3", GATEWAY_PORT=str(free_port()), SERVICE_PORT=str(free_port()),
                      ADMIN_PORT=str(free_port()), GATEWAY_HTTP_PORT=str(free_port()), SVID_TTL="soon")
    assert process.wait(20) == 1
    assert "mangrove ended with status 2" in process.log
    assert os.listdir(state / "log")
