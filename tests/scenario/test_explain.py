# SPDX-License-Identifier: Apache-2.0
"""`mangrove explain` as people call it: flags, exit status, output; comparing two sets of policies."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MANGROVE = os.environ.get("MANGROVE", str(ROOT / "build" / "src" / "cmd" / "mangrove"))
NAMESPACE = "alphanumeric-system"
ACCOUNT = f"cluster.local/ns/{NAMESPACE}/sa"

POLICY = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web, namespace: app}
spec:
  rules:
  - from:
    - source:
        principals: ["cluster.local/ns/app/sa/front"]
    to:
    - operation:
        methods: ["GET"]
        paths: ["/api/*"]
"""


def explain(*arguments, stdin=None):
    return subprocess.run([MANGROVE, "explain", *map(str, arguments)], input=stdin, text=True,
                          capture_output=True, timeout=60, check=False)


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


# --- one request ----------------------------------------------------------------------------------

def test_allowed_names_the_rule(policy):
    done = explain("-f", policy, "--to", "app/web", "--from", "cluster.local/ns/app/sa/front",
                   "--path", "/api/x")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ALLOW  200")
    assert f"AuthorizationPolicy app/web, rule 0  {policy}:6" in done.stdout


def test_denied_shows_what_does_not_fit(policy):
    done = explain("-f", policy, "--to", "app/web", "--from", "cluster.local/ns/app/sa/front",
                   "--path", "/api/x", "--method", "POST")
    assert done.returncode == 1
    assert done.stdout.startswith("DENY  403  RBAC: access denied")
    assert 'methods wants "GET"; the request has "POST"' in done.stdout
    assert "11:19" in done.stdout
    assert "paths" not in done.stdout


def test_a_spiffe_id_may_be_written_whole(policy):
    done = explain("-f", policy, "--to", "app/web", "--from",
                   "spiffe://cluster.local/ns/app/sa/front", "--path", "/api/x")
    assert done.returncode == 0


def test_json_is_one_object(policy):
    done = explain("-f", policy, "--to", "app/web", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert (answer["decision"], answer["status"], answer["stage"]) == ("deny", 403, "allow")
    assert [stage["stage"] for stage in answer["stages"]] == [
        "peer authentication", "custom", "jwt", "audit", "deny", "allow", "access policy"]
    assert answer["near_misses"][0]["line"] == 6


def test_no_colour_where_nobody_looks(policy):
    assert "\033" not in explain("-f", policy, "--to", "app/web").stdout


@pytest.mark.parametrize("arguments, says", [
    ([], "-f PATH: name the resources"),
    (["-f", "POLICY"], "--to NAMESPACE/WORKLOAD"),
    (["-f", "POLICY", "--to", "web"], "--to web: it is NAMESPACE/WORKLOAD"),
    (["-f", "POLICY", "--to", "a/b", "--port", "x"], "--port x: it is no port"),
    (["-f", "POLICY", "--to", "a/b", "--ip", "10.0"], "--ip 10.0: it is no IP address"),
    (["-f", "POLICY", "--to", "a/b", "--at", "noon"], "--at noon: it is no time"),
    (["-f", "POLICY", "--to", "a/b", "--header", "x"], "--header x: it is 'NAME: VALUE'"),
    (["-f", "POLICY", "--to", "a/b", "--frm", "x"], "there is no option '--frm'"),
    (["-f", "POLICY", "--to"], "--to needs a value"),
    (["--compare", "POLICY", "POLICY"], "needs --log ACCESS.jsonl"),
    (["-f", "/nonexistent", "--to", "a/b"], "/nonexistent"),
])
def test_usage(policy, arguments, says):
    done = explain(*[str(policy) if word == "POLICY" else word for word in arguments])
    assert done.returncode == 2
    assert says in done.stderr


# --- many requests --------------------------------------------------------------------------------

def test_batch_answers_in_order(policy):
    lines = [
        {"id": "a", "destination": {"namespace": "app", "labels": {"app": "web"}},
         "source": {"principal": "cluster.local/ns/app/sa/front"}, "request": {"path": "/api/1"}},
        {"id": 2, "destination": {"namespace": "app", "workload": "web"}},
        {"destination": {"namespace": "other", "workload": "web"}},
    ]
    done = explain("-f", policy, "--requests", "-", stdin="\n".join(map(json.dumps, lines)) + "\n\n")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert answers[0] == {"id": "a", "decision": "allow", "status": 200, "stage": "allow",
                          "policy": "app/web", "rule": 0, "file": str(policy), "line": 6,
                          "reason": "a rule allows it"}
    assert answers[1]["id"] == 2 and answers[1]["decision"] == "deny"
    assert answers[1]["policy"] is None and answers[1]["line"] is None
    assert answers[2] == {"id": None, "decision": "allow", "status": 200, "stage": "none",
                          "policy": None, "rule": None, "file": None, "line": None,
                          "reason": "no ALLOW policy selects the workload"}


@pytest.mark.parametrize("line, says", [
    ("{", "it is no JSON object"),
    ("[]", "it is no JSON object"),
    ('{"id":"x","source":{"ip":"1"}}', "'source.ip': it is no IP address"),
    ('{"id":"x","request":{"protocol":"udp"}}', "'request.protocol'"),
    ('{"id":"x","destination":{"port":70000}}', "'destination.port'"),
    ('{"id":"x","request":{"method":1}}', "'method': it is a string"),
    ('{"id":"x","time":"later"}', "'time'"),
])
def test_a_bad_line_is_answered_and_the_rest_goes_on(policy, line, says):
    done = explain("-f", policy, "--requests", "-", stdin=line + '\n{"id":"next"}\n')
    first, second = [json.loads(text) for text in done.stdout.splitlines()]
    assert done.returncode == 2
    assert says in first["error"]
    assert second["id"] == "next" and second["decision"] == "allow"


def test_a_hundred_thousand_requests(policy, tmp_path):
    line = json.dumps({"id": "a", "destination": {"namespace": "app", "workload": "web"},
                       "source": {"principal": "cluster.local/ns/app/sa/front"},
                       "request": {"method": "GET", "path": "/api/x"}}) + "\n"
    requests = tmp_path / "requests.jsonl"
    requests.write_text(line * 100_000)
    before = time.monotonic()
    done = explain("-f", policy, "--requests", requests)
    assert done.stdout.count("\n") == 100_000
    assert time.monotonic() - before < 20  # a machine busy with other tests; alone it is under one


# --- before and after an edit ---------------------------------------------------------------------

def test_compare_tells_what_opens_and_what_closes(policy, tmp_path):
    edited = tmp_path / "edited.yaml"
    edited.write_text(POLICY.replace('["GET"]', '["POST"]'))
    log = tmp_path / "access.jsonl"
    log.write_text("".join(json.dumps({
        "destination": {"namespace": "app", "workload": "web"},
        "source": {"principal": "cluster.local/ns/app/sa/front"},
        "request": {"method": method, "path": "/api/x"}}) + "\n"
        for method in ("GET", "GET", "POST", "PUT")))
    done = explain("--compare", policy, edited, "--log", log)
    assert done.returncode == 1
    assert "OPENS   1 request to app/web" in done.stdout
    assert "CLOSES  2 requests to app/web" in done.stdout
    assert "GET /api/x from cluster.local/ns/app/sa/front" in done.stdout
    assert "3 of 4 requests would be judged otherwise." in done.stdout
    assert f"app/web rule 0  {edited}:6" in done.stdout
    groups = [json.loads(line)
              for line in explain("--compare", policy, edited, "--log", log, "--json").stdout.splitlines()]
    assert [(group["count"], group["new"]["decision"]) for group in groups] == [(1, "allow"), (2, "deny")]


def test_compare_reads_the_access_log_of_the_proxy(policy, tmp_path):
    edited = tmp_path / "edited.yaml"
    edited.write_text(POLICY.replace("/api/*", "/v2/*"))
    line = {"time": "2026-11-21T22:00:00.000000Z", "source_ip": "127.0.0.1",
            "source_principal": "spiffe://cluster.local/ns/app/sa/front", "listener": "inbound",
            "workload": "web", "namespace": "app", "port": 8080, "method": "GET",
            "authority": "web", "path": "/api/x?q=1", "status": 200, "decision": "allow"}
    log = tmp_path / "access.jsonl"
    log.write_text("".join(json.dumps(entry) + "\n" for entry in (
        line, {**line, "listener": "outbound"}, {**line, "stage": "handshake"},
        {**line, "source_principal": None})))
    done = explain("--compare", policy, edited, "--log", log)
    assert "CLOSES  1 request to app/web" in done.stdout
    assert "1 of 2 requests would be judged otherwise." in done.stdout


def test_compare_of_the_same_is_quiet(policy, tmp_path):
    log = tmp_path / "access.jsonl"
    log.write_text('{"destination":{"namespace":"app","workload":"web"}}\n')
    done = explain("--compare", policy, policy, "--log", log)
    assert done.returncode == 0
    assert done.stdout == "0 of 1 requests would be judged otherwise.\n"


# --- the example ----------------------------------------------------------------------------------

@pytest.mark.parametrize("to, source, method, path, at, allowed", [
    ("session-manager", "voice-terminal-service", "POST", "/sessions", "12:00", True),
    ("session-manager", "database-service", "POST", "/sessions", "12:00", False),
    ("session-manager", "api-gateway-service", "DELETE", "/sessions/7", "12:00", True),
    ("voice-terminal", "api-gateway-service", "POST", "/commands", "12:00", True),
    ("voice-terminal", "api-gateway-service", "POST", "/commands", "03:00", False),
    ("voice-terminal", "session-manager-service", "POST", "/commands", "12:00", False),
    ("api-gateway", None, "GET", "/api/v1/x", "12:00", True),
    ("api-gateway", None, "GET", "/other", "12:00", False),
    ("database-service", "audit-service", "GET", "/healthz", "03:00", True),
    ("database-service", None, "GET", "/healthz", "12:00", False),
    ("audit-service", "database-service", "POST", "/events", "12:00", True),
    ("audit-service", "audit-service", "POST", "/events", "12:00", False),
])
def test_access_policy_example(to, source, method, path, at, allowed):
    caller = ["--from", f"{ACCOUNT}/{source}"] if source else []
    done = explain("-f", ROOT / "examples" / "access-policy", "--to", f"{NAMESPACE}/{to}", *caller,
                   "--method", method, "--path", path, "--at", f"2026-11-18T{at}:00Z")
    assert done.returncode == (0 if allowed else 1), done.stdout + done.stderr
    assert "warning" not in done.stderr
