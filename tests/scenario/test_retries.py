# SPDX-License-Identifier: Apache-2.0
"""Requests that are tried again: when, how often, with what, and what is counted."""

import asyncio
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.origin import read_request
from harness.process import wait_for
from harness.wire import get

HOST = "api.example"
CLUSTER = f"outbound|80||{HOST}"
TO = f"route: [{{destination: {{host: {HOST}}}}}]"


def answer(status, *fields, body=b""):
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


OK = answer(200, "X-Which: ok")
HANG_UP, HALF_A_HEAD, HANG = b"", b"HTTP/1.1 200 OK\r\nContent-Le", None


class Late(bytes):
    """An answer that comes after a while."""


class Script:
    """A server whose nth request gets the nth answer, and all later ones the last; it hangs up in half a head."""

    def __init__(self, answers):
        self.answers, self.requests, self.times = answers, [], []

    async def __call__(self, reader, writer):
        while request := await read_request(reader):
            said = self.answers[min(len(self.requests), len(self.answers) - 1)]
            self.requests.append(request)
            self.times.append(time.monotonic())
            if said is HANG:
                await asyncio.sleep(30)
            if isinstance(said, Late):
                await asyncio.sleep(0.4)
            writer.write(said)
            await writer.drain()
            if b"\r\n\r\n" not in said:
                return


@pytest.fixture
def out(mesh, raw_origin):
    """out(route, answers…) runs a proxy whose workload asks a host outside; each list of answers is an endpoint."""

    class Out:
        def __call__(self, route, *scripts):
            self.scripts = [Script(answers) for answers in scripts]
            self.script = self.scripts[0]
            self.ports = [raw_origin(script).port for script in self.scripts]
            mesh.outside(HOST, *self.ports)
            self.port = mesh.speak_as("web")
            mesh.route(HOST, f"- {TO}\n  {route}\n")
            mesh.start()
            return self

        def get(self, path="/", method="GET", body=None, **headers):
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            return get(self.port, path, method, body, {"Host": HOST, **headers})

        def attempts(self):
            return [request["headers"]["x-envoy-attempt-count"] for request in self.script.requests]

        def counts(self):
            return {name.removeprefix("upstream_rq_"): value
                    for name, value in mesh.cluster_counts(CLUSTER).items() if value}

    return Out()


def retries(on, attempts=2, more=""):
    return f"retries: {{attempts: {attempts}, retryOn: '{on}', backoff: 1ms{more}}}"


# --- on what ---

GRPC = {"content_type": "application/grpc"}


@pytest.mark.parametrize("on, first, again", [
    ("5xx", answer(500), True),
    ("5xx", answer(503), True),
    ("5xx", answer(404), False),
    ("5xx", HANG_UP, True),
    ("gateway-error", answer(502), True),
    ("gateway-error", answer(504), True),
    ("gateway-error", answer(500), False),
    ("gateway-error", HANG_UP, True),
    ("reset", HANG_UP, True),
    ("reset", HALF_A_HEAD, True),
    ("reset", answer(503), False),
    ("connect-failure", HANG_UP, False),
    ("reset-before-request", HANG_UP, False),
    ("retriable-4xx", answer(409), True),
    ("retriable-4xx", answer(404), False),
    ("envoy-ratelimited", answer(429, "x-envoy-ratelimited: true"), True),
    ("5xx", answer(503, "x-envoy-ratelimited: true"), False),
    ("5xx", answer(503, "x-envoy-overloaded: true"), False),
    ("404,418", answer(418), True),
    ("404,418", answer(404), True),
    ("404,418", answer(403), False),
    ("retriable-status-codes", answer(503), False),
    ("cancelled", answer(200, "grpc-status: 1"), True),
    ("deadline-exceeded", answer(200, "grpc-status: 4"), True),
    ("resource-exhausted", answer(200, "grpc-status: 8"), True),
    ("internal", answer(200, "grpc-status: 13"), True),
    ("unavailable", answer(200, "grpc-status: 14"), True),
    ("unavailable", answer(200, "grpc-status: 13"), False),
    ("unavailable", answer(503), False),
    (" 5xx , reset ", answer(500), True),
])
def test_conditions(out, on, first, again):
    out(retries(on), [first, OK])
    status, headers, _ = out.get()
    assert len(out.script.requests) == (2 if again else 1), out.script.requests
    if again:
        assert (status, headers["x-which"]) == (200, "ok")
        assert out.counts() == {"retry": 1, "retry_success": 1}
    else:
        assert out.counts() == {}


def test_istios_default_tries_what_cannot_have_been_done(out):
    """connect-failure, refused-stream, unavailable, cancelled: not a 503, not a reset."""
    out("timeout: 5s", [answer(503)])
    assert out.get()[0] == 503
    assert out.attempts() == ["1"]
    out.script.answers = [answer(200, "grpc-status: 14")]
    out.script.requests.clear()
    assert out.get()[0] == 200
    assert out.attempts() == ["1", "2", "3"]


def test_a_connection_that_cannot_be_opened_is_tried_again_at_another_endpoint(out, mesh):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        out("timeout: 5s", [OK])
        mesh.outside(HOST, nobody.getsockname()[1], out.ports[0])
        mesh.wait_for_plan(2)
        assert [out.get()[0] for _ in range(20)].count(200) >= 18  # each draws both at random, up to 18 times
    assert out.counts()["retry"] >= out.counts()["retry_success"] > 0


# --- how often, and what the client sees then ---


def test_the_last_answer_is_passed_on_when_all_attempts_are_made(out, mesh):
    out(retries("5xx", attempts=3), [answer(503, body=b"no")])
    status, _, body = out.get()
    assert (status, body) == (503, b"no")
    assert out.attempts() == ["1", "2", "3", "4"]
    line = mesh.wait_for_line(status=503)
    assert (line["response_flags"], line["attempts"]) == ("URX", 4)
    assert out.counts() == {"retry": 3, "retry_limit_exceeded": 1}


def test_nothing_of_an_answer_that_is_not_passed_on_is_seen(out):
    first = answer(503, "X-Which: first", "Set-Cookie: a=b", body=b"x" * 100000)
    out(retries("5xx"), [first, OK])
    _, headers, body = out.get()
    assert (headers["x-which"], headers["set-cookie"], body) == ("ok", None, b"")


def test_no_attempts_means_one(out):
    out("retries: {attempts: 0}", [answer(200, "grpc-status: 14")])
    assert out.get()[0] == 200
    assert out.attempts() == ["1"]


def test_endpoints_that_were_tried_are_avoided(out):
    out(retries("5xx", attempts=1), [answer(503)], [OK])
    assert [out.get()[0] for _ in range(40)].count(200) >= 36  # all six draws may find the one that was tried


def test_or_not_if_so_written(out):
    out(retries("5xx", attempts=5, more=", retryIgnorePreviousHosts: false"), [answer(503)], [answer(503)])
    assert out.get()[0] == 503
    assert sum(len(script.requests) for script in out.scripts) == 6


DESTINATION_RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: limits, namespace: default}}
spec:
  host: {host}
  trafficPolicy: {policy}
"""


def at_once(out, count):
    """So many requests at a time; their statuses."""
    with ThreadPoolExecutor(count) as pool:
        return [answer[0] for answer in pool.map(lambda _: out.get(), range(count))]


@pytest.mark.parametrize("policy", [
    "{connectionPool: {http: {maxRetries: 2}}}",
    "{retryBudget: {percent: 0, minRetryConcurrency: 2}}",
    "{retryBudget: {percent: 25, minRetryConcurrency: 1}}",
], ids=["maxRetries", "the least of a budget", "a share of the requests"])
def test_retries_are_limited_together(out, mesh, policy):
    """Eight requests at a time, each of which would be tried again for long: two may."""
    mesh.write("limits.yaml", DESTINATION_RULE.format(host=HOST, policy=policy))
    out("retries: {attempts: 1, retryOn: 5xx, backoff: 1s}", [Late(answer(503))])
    assert at_once(out, 8) == [503] * 8
    counts = out.counts()
    assert (counts["retry"], counts["retry_overflow"]) == (2, 6)
    wait_for(lambda: len(mesh.log_lines()) == 8, "the log has all of them")
    assert [line["response_flags"] for line in mesh.log_lines()].count("UO") == 6
    assert at_once(out, 1) == [503]  # and it is given back
    assert out.counts()["retry"] == 3


def test_a_budget_of_more_than_all_limits_nobody(out, mesh):
    mesh.write("limits.yaml", DESTINATION_RULE.format(host=HOST, policy="{retryBudget: {percent: 100}}"))
    # as many tries as there are refusals: one request may meet them all
    out(retries("5xx", attempts=4), [answer(503), answer(503), answer(503), answer(503), OK])
    assert at_once(out, 4) == [200] * 4


MESH_CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    defaultHttpRetryPolicy: {attempts: 4, retryOn: "503", backoff: 1ms}
"""


def test_the_mesh_may_have_another_default(out, mesh):
    mesh.write("mesh.yaml", MESH_CONFIG)
    out("timeout: 9s", [answer(503)])
    assert out.get()[0] == 503
    assert out.attempts() == ["1", "2", "3", "4", "5"]


# --- bodies ---


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
def test_the_body_is_sent_again(out, chunked):
    out(retries("5xx"), [answer(503), answer(503), OK])
    body = b"".join(b"%d," % n for n in range(10000))[:50000]
    assert out.get(method="POST", body=iter([body[:7], body[7:]]) if chunked else body)[0] == 200
    assert [request["body"].encode() for request in out.script.requests] == [body] * 3


def test_a_body_that_is_too_long_to_keep_is_sent_once(out):
    out(retries("5xx"), [answer(503)])
    assert out.get(method="POST", body=b"x" * 100000)[0] == 503
    assert len(out.script.requests) == 1


def test_trailers_are_sent_again(out):
    out(retries("5xx"), [answer(503), OK])
    with socket.create_connection(("127.0.0.1", out.port), 5) as wire:
        wire.sendall(b"POST / HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n")
        assert wire.recv(1000).startswith(b"HTTP/1.1 200")
    assert [request["trailers"] for request in out.script.requests] == [["x-sum: 6"]] * 2


def test_kept_bodies_are_given_back(out, mesh):
    out(retries("5xx"), [answer(503), OK])
    for _ in range(3):
        out.get(method="POST", body=b"x" * 60000)
    before = mesh.resident_bytes()
    for _ in range(200):
        out.get(method="POST", body=b"x" * 60000)
    assert mesh.resident_bytes() - before < 2 << 20


# --- how long ---


def test_an_attempt_that_takes_too_long_is_given_up_for_another(out):
    out(retries("gateway-error", more=", perTryTimeout: 100ms"), [HANG, OK])
    started = time.monotonic()
    assert out.get()[0] == 200
    assert time.monotonic() - started > 0.09
    assert out.counts() == {"retry": 1, "retry_success": 1, "per_try_timeout": 1}


def test_without_a_condition_for_it_that_is_a_504(out, mesh):
    out("retries: {attempts: 3, perTryTimeout: 100ms}", [HANG])
    status, _, body = out.get()
    assert (status, body) == (504, b"upstream request timeout")
    line = mesh.wait_for_line(status=504)
    assert (line["response_flags"], line["details"]) == ("UT", "upstream_per_try_timeout")
    assert out.attempts() == ["1"]


def test_the_route_s_timeout_covers_all_attempts(out, mesh):
    out("timeout: 400ms\n  " + retries("5xx", attempts=50, more=", perTryTimeout: 150ms"), [HANG])
    started = time.monotonic()
    assert out.get()[0] == 504
    assert 0.39 < time.monotonic() - started < 5
    assert mesh.wait_for_line(status=504)["details"] == "response_timeout"
    assert 2 <= len(out.script.requests) <= 3
    assert out.counts()["timeout"] == 1


def test_the_next_hop_is_told_how_long_is_waited(out):
    out("timeout: 3s\n  " + retries("5xx", more=", perTryTimeout: 2s"), [OK])
    out.get()
    assert out.script.requests[0]["headers"]["x-envoy-expected-rq-timeout-ms"] == "2000"


def test_waits_between_attempts_grow_and_vary(out):
    out("retries: {attempts: 6, retryOn: 5xx, backoff: 40ms}", [answer(503)])
    started = time.monotonic()
    out.get()
    # up to 40, 80, 160, 320, 400 (ten times the first) and 400 ms
    assert 0.01 < time.monotonic() - started < 1.6
    assert len(out.script.requests) == 7


def test_a_client_that_leaves_while_it_is_waited_ends_it(out, mesh):
    out("retries: {attempts: 5, retryOn: 5xx, backoff: 10s}", [answer(503)])
    with socket.create_connection(("127.0.0.1", out.port), 5) as wire:
        wire.sendall(b"GET /gone HTTP/1.1\r\nHost: api.example\r\n\r\n")
        wait_for(lambda: out.script.requests, "the first attempt")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert mesh.wait_for_line(path="/gone")["response_flags"] == "DC"
    assert out.attempts() == ["1"]


# --- gRPC, and the workload's own orders ---


def test_a_call_s_deadline_is_kept(out):
    out("retries: {attempts: 0}", [HANG])
    started = time.monotonic()
    out.get(content_type="application/grpc", grpc_timeout="200m", te="trailers")
    assert 0.19 < time.monotonic() - started < 5


def test_a_workload_may_order_its_own_retries(out):
    out("retries: {attempts: 0}", [answer(503), answer(418), OK])
    status = out.get(x_envoy_retry_on="5xx,retriable-status-codes", x_envoy_max_retries="2",
                     x_envoy_retriable_status_codes="418", x_envoy_upstream_rq_timeout_ms="4000")[0]
    assert status == 200
    seen = out.script.requests[0]["headers"]
    assert not {"x-envoy-retry-on", "x-envoy-max-retries", "x-envoy-upstream-rq-timeout-ms"} & set(seen)
    assert seen["x-envoy-expected-rq-timeout-ms"] == "4000"


def test_it_may_order_how_long_to_wait(out):
    out("timeout: 30s", [HANG])
    assert out.get(x_envoy_upstream_rq_timeout_ms="100")[0] == 504


def test_a_listed_header_is_a_condition(out):
    out(retries("retriable-headers"), [answer(200, "X-Again: 1"), OK])
    assert out.get(x_envoy_retriable_header_names="x-other, x-again")[1]["x-which"] == "ok"
    assert len(out.script.requests) == 2


# --- files ---


def test_a_word_that_is_no_condition_is_an_error_with_its_place(mangrove, tmp_path):
    path = tmp_path / "routes.yaml"
    path.write_text(f"""apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: v, namespace: default}}
spec:
  hosts: [{HOST}]
  http:
  - {TO}
    retries:
      attempts: 1
      retryOn: 5xx,gatway-error
""")
    done = mangrove("check", "resources", path)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "routes.yaml:10:" in said and "did you mean 'gateway-error'?" in said


# --- over HTTP/2, as between two sidecars, and from a client that speaks it ---


@pytest.fixture
def mesh_out(mesh, raw_origin):
    """mesh_out(route, answers) runs both sidecars of a call in one proxy: HTTP/2 with mutual TLS between them."""

    class Out:
        def __call__(self, route, answers):
            self.script = Script(answers)
            mesh.serve("api", raw_origin(self.script).port)
            self.port = mesh.speak_as("web")
            mesh.route("api", f"- route: [{{destination: {{host: api}}}}]\n  {route}\n")
            mesh.start()
            return self

        def get(self, **options):
            return get(self.port, headers={"Host": "api"}, **options)

        def counts(self):
            counts = mesh.cluster_counts("outbound|80||api.default.svc.cluster.local")
            return {name.removeprefix("upstream_rq_"): value for name, value in counts.items() if value}

    return Out()


@pytest.mark.parametrize("on, first", [
    ("5xx", answer(503, body=b"x" * 100000)), ("503", answer(503)), ("unavailable", answer(200, "grpc-status: 14")),
    ("5xx", HANG_UP), ("gateway-error", HALF_A_HEAD)],
    ids=["5xx", "a number", "unavailable", "hangs up", "half a head"])
def test_streams_are_tried_again(mesh_out, on, first):
    mesh_out(retries(on), [first, first, OK])
    body = b"".join(b"%d," % n for n in range(10000))
    status, headers, _ = mesh_out.get(method="POST", body=body[:50000])
    assert (status, headers["x-which"]) == (200, "ok")
    assert [request["body"].encode() for request in mesh_out.script.requests] == [body[:50000]] * 3
    assert mesh_out.counts() == {"retry": 2, "retry_success": 1}


def test_a_stream_that_takes_too_long_is_given_up_and_no_other(mesh_out, mesh):
    mesh_out(retries("reset", more=", perTryTimeout: 300ms"), [HANG, OK])
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: mesh_out.get(), range(4)))
    assert [status for status, _, _ in answers] == [200] * 4
    assert mesh_out.counts() == {"retry": 1, "retry_success": 1, "per_try_timeout": 1}


def test_a_client_s_stream_is_tried_again(out, tmp_path):
    out(retries("5xx"), [answer(503), answer(503), OK])
    body = tmp_path / "body"
    body.write_bytes(b"y" * 50000)
    asked = subprocess.run(["curl", "-s", "-m", "10", "--http2-prior-knowledge", "--data-binary", f"@{body}", "-o",
                            "/dev/null", "-w", "%{http_code} %{http_version}", "-H", f"Host: {HOST}",
                            f"http://127.0.0.1:{out.port}/"], capture_output=True, text=True)
    assert asked.stdout == "200 2"
    assert [len(request["body"]) for request in out.script.requests] == [50000] * 3
