# SPDX-License-Identifier: Apache-2.0
"""CUSTOM policies at a running sidecar, with authorizers that speak HTTP and gRPC."""

import http.client
import time

import grpc
import pytest
from harness.authorizer import GrpcAuthorizer, HttpAuthorizer, messages
from harness.process import free_port
from harness.wire import client_tls

RESOURCES = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: outside, namespace: default}
spec:
  selector: {matchLabels: {app: api}}
  action: CUSTOM
  provider: {name: judge}
  rules: [{to: [{operation: {notPaths: ["/public"]}}]}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: judge, namespace: default}
spec:
  hosts: [judge.test]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{number: 9000, name: NAME, protocol: PROTOCOL}]
  endpoints: [{address: 127.0.0.1, ports: {NAME: PORT}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    extensionProviders:
    - name: judge
      KIND: {service: SERVICE, port: 9000, SETTINGS}
"""


@pytest.fixture
def api(mesh, origin, ca):
    """api(judge, SETTINGS): starts the mesh with an authorizer of that mind; api.ask(path, …)"""
    started = []

    class Api:
        def __call__(self, judge, settings="timeout: 5s", kind="Http", port=None, service="judge.test", speaks="http"):
            authorizer = {"Http": HttpAuthorizer, "Grpc": GrpcAuthorizer}[kind](judge) if judge else None
            if authorizer:
                started.append(authorizer)
            self.server = origin("api")
            mesh.serve("api", self.server.port, kind=speaks)
            mesh.write("custom.yaml", RESOURCES
                       .replace("KIND", f"envoyExtAuthz{kind}").replace("SETTINGS", settings)
                       .replace("SERVICE", service).replace("PROTOCOL", "GRPC" if kind == "Grpc" else "HTTP")
                       .replace("NAME", kind.lower()).replace("PORT", str(port or authorizer.port)))
            mesh.start()
            return authorizer

        def ask(self, path="/private", method="GET", body=None, **headers):
            return mesh.get("api", path, leaf=ca.leaf(mesh.id_of("web")), method=method, body=body, headers=headers)

    api = Api()
    api.mesh, api.ca = mesh, ca
    yield api
    for authorizer in started:
        authorizer.stop()


def deny(*_):
    return 403, [], b"no"


# --- HTTP ---

def test_http_allows_and_is_only_asked_about_what_the_rule_matches(api):
    judge = api(lambda request: (200, [], b""))
    assert api.ask("/public")[0] == 200
    assert not judge.requests
    assert api.ask("/private?a=1", **{"x-secret": "1", "authorization": "Bearer t"})[0] == 200
    [asked] = judge.requests
    assert (asked["method"], asked["path"]) == ("GET", "/private?a=1")
    assert asked["headers"]["host"].startswith("127.0.20.")
    assert asked["headers"]["content-length"] == "0"
    assert asked["headers"]["authorization"] == "Bearer t"
    assert "x-secret" not in asked["headers"]


def test_http_denial_reaches_the_client_with_fields_and_body(api):
    api(lambda request: (401, [("WWW-Authenticate", "Basic"), ("X-Why", "because"), ("Set-Cookie", "a=1"),
                               ("Set-Cookie", "b=2")], b"who are you?"))
    status, headers, body = api.ask()
    assert (status, body) == (401, b"who are you?")
    assert (headers["www-authenticate"], headers["x-why"]) == ("Basic", "because")
    assert headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert not api.server.requests
    line = api.mesh.wait_for_line(status=401)
    assert (line["response_flags"], line["details"], line["stage"]) == ("UAEX", "ext_authz_denied", "custom")
    assert (line["policy"], line["rule"]) == ("default/outside", 0)


def test_http_chosen_fields_alone(api):
    judge = api(lambda request: (302, [("Location", "/login"), ("X-Why", "because"), ("X-Inner", "1")], b""),
                "timeout: 5s, pathPrefix: /check, headersToDownstreamOnDeny: [x-w*],"
                " includeRequestHeadersInCheck: [X-Id, x-a-*, '*-z'],"
                " includeAdditionalHeadersInCheck: {x-from: mesh}")
    status, headers, _ = api.ask("/p?q=1", **{"x-id": "1", "x-a-b": "2", "y-z": "3", "other": "4", "x-from": "me"})
    assert (status, headers["location"], headers["x-why"], headers["x-inner"]) == (302, "/login", "because", None)
    asked = judge.requests[0]
    assert asked["path"] == "/check/p?q=1"
    assert {name: asked["headers"].get(name) for name in ("x-id", "x-a-b", "y-z", "other", "x-from")} == {
        "x-id": "1", "x-a-b": "2", "y-z": "3", "other": None, "x-from": "mesh"}


def test_http_fields_on_allow(api):
    api(lambda request: (200, [("x-user", "alice"), ("x-note", "seen"), ("x-other", "1"),
                               ("x-envoy-auth-headers-to-remove", "x-token, host")], b""),
        "timeout: 5s, headersToUpstreamOnAllow: [x-user], headersToDownstreamOnAllow: [x-n*]")
    status, headers, _ = api.ask(**{"x-user": "mallory", "x-token": "t"})
    assert (status, headers["x-note"], headers["x-other"]) == (200, "seen", None)
    seen = api.server.requests[0]["headers"]
    assert (seen["x-user"], seen.get("x-token"), seen.get("x-other")) == ("alice", None, None)
    assert "host" in seen


@pytest.mark.parametrize("judge", [
    lambda request: (500, [], b"oops"), lambda request: (503, [], b""), lambda request: None,
    lambda request: b"not HTTP at all\r\n\r\n", lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
    lambda request: (200, [], b"x" * 300000), lambda request: b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
], ids=["500", "503", "hangs-up", "no-http", "truncated", "endless", "two-lengths"])
def test_http_without_a_sound_answer_is_403(api, judge):
    api(judge)
    status, _, body = api.ask()
    assert (status, body) == (403, b"")
    assert not api.server.requests
    assert api.mesh.wait_for_line(status=403)["details"] == "ext_authz_error"


def test_http_slow_authorizer_is_an_error_after_its_timeout(api):
    api(lambda request: 30, "timeout: 0.2s, statusOnError: '503'")
    before = time.monotonic()
    assert api.ask()[0] == 503
    assert time.monotonic() - before < 5


def test_http_a_slow_yes_is_waited_for(api):
    api(lambda request: 0.3)
    assert api.ask()[0] == 200


def test_http_nobody_listens(api):
    api(None, port=free_port())
    assert api.ask()[0] == 403
    assert api.ask("/public")[0] == 200


def test_http_fail_open(api):
    api(None, "timeout: 1s, failOpen: true", port=free_port())
    assert api.ask()[0] == 200
    assert api.mesh.wait_for_line(path="/private")["details"] == "ext_authz_failed_open"
    counts = api.mesh.metrics()
    assert (counts["envoy_http_ext_authz_error"], counts["envoy_http_ext_authz_failure_mode_allowed"]) == (1, 1)
    assert counts["envoy_http_ext_authz_ok"] == counts["envoy_http_ext_authz_denied"] == 0


@pytest.mark.parametrize("settings, service, says", [
    ("timeout: 1s", "nowhere.test", "there is no service 'nowhere.test' with port 9000"),
    ("statusOnError: '999'", "judge.test", "statusOnError '999' is no HTTP status"),
    ("includeRequestHeadersInCheck: ['*']", "judge.test", "'*' alone names no header"),
    ("pathPrefix: check", "judge.test", "pathPrefix must begin with '/'"),
])
def test_broken_settings_deny_what_matches_even_where_it_should_fail_open(api, settings, service, says):
    api(lambda request: (200, [], b""), f"{settings}, failOpen: true", service=service)
    assert api.ask("/public")[0] == 200
    assert api.ask()[0] == 403
    assert says in api.mesh.proxy.log
    assert api.mesh.wait_for_line(status=403)["details"].endswith("-rule[0]-deny-due-to-bad-CUSTOM-action]")


def test_http_sees_the_body_and_so_does_the_application(api):
    judge = api(lambda request: (200 if b"good" in request["body"].encode() else 403, [], b""),
                "timeout: 5s, includeRequestBodyInCheck: {maxRequestBytes: 100}")
    assert api.ask(method="POST", body="a good body")[0] == 200
    assert api.ask(method="POST", body="a bad body")[0] == 403
    assert [request["body"] for request in api.server.requests] == ["a good body"]
    assert judge.requests[0]["headers"]["content-length"] == "11"
    assert api.ask(method="POST", body="x" * 101)[0] == 413
    assert api.ask(method="POST", body=iter([b"go", b"od"]))[0] == 200
    assert api.server.requests[-1]["body"] == "good"


def test_http_sees_part_of_a_long_body(api):
    judge = api(lambda request: (200, [], b""), "timeout: 5s, includeRequestHeadersInCheck: [x-envoy-auth-*],"
                " includeRequestBodyInCheck: {maxRequestBytes: 100, allowPartialMessage: true}")
    body = "0123456789" * 20000
    assert api.ask(method="POST", body=body)[0] == 200
    assert judge.requests[0]["body"] == body[:100]
    assert judge.requests[0]["headers"]["x-envoy-auth-partial-body"] == "true"
    assert api.server.requests[0]["body"] == body


def test_a_client_that_expects_100_is_told_to_go_on(api):
    api(lambda request: (200, [], b""), "timeout: 5s, includeRequestBodyInCheck: {maxRequestBytes: 100}")
    received = api.mesh.talk(
        "api", b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", leaf=api.ca.leaf(api.mesh.id_of("web")))
    assert b"200" in received.split(b"\r\n")[0]
    address, port = api.mesh.inbound("api")
    wire = http.client.HTTPSConnection(address, port, timeout=5,
                                       context=client_tls(api.ca.leaf(api.mesh.id_of("web")), alpn=["istio-http/1.1"]))
    wire.putrequest("POST", "/p")
    wire.putheader("Expect", "100-continue")
    wire.putheader("Content-Length", "4")
    wire.endheaders()
    assert wire.sock.recv(64).startswith(b"HTTP/1.1 100")
    wire.send(b"body")
    assert wire.getresponse().status == 200
    wire.close()
    assert api.server.requests[-1]["body"] == "body"
    assert "expect" not in api.server.requests[-1]["headers"]


def test_a_client_that_leaves_calls_the_question_off(api):
    judge = api(lambda request: 30, "timeout: 60s")
    received = api.mesh.talk("api", b"GET /p HTTP/1.1\r\nHost: a\r\n\r\n", leaf=api.ca.leaf(api.mesh.id_of("web")),
                             seconds=0.5)
    assert received == b""
    assert api.mesh.wait_for_line(path="/p")["response_flags"] == "DC"
    assert len(judge.requests) == 1
    assert api.ask("/public")[0] == 200


def test_an_authorizer_in_the_mesh_is_reached_by_mutual_tls(mesh, origin, ca):
    judge, server = HttpAuthorizer(deny), origin("api")
    mesh.serve("api", server.port)
    mesh.serve("judge", judge.port)
    mesh.write("custom.yaml", RESOURCES[:RESOURCES.index("---")] + """
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: default}
spec: {mtls: {mode: STRICT}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    extensionProviders:
    - name: judge
      envoyExtAuthzHttp: {service: default/judge.default.svc.cluster.local, port: 80, timeout: 5s}
""")
    mesh.start()
    try:
        assert mesh.get("api", "/p", leaf=ca.leaf(mesh.id_of("web")))[0] == 403
        assert len(judge.requests) == 1
        line = mesh.wait_for_line(workload="judge")
        assert line["source_principal"] == mesh.id_of("api")
    finally:
        judge.stop()


# --- gRPC ---

def answer(**fields):
    return lambda request, context: messages().CheckResponse(**fields)


def header(key, value, **options):
    return {"header": {"key": key, "value": value}, **options}


def test_grpc_is_told_who_asks_what(api):
    judge = api(answer(), kind="Grpc")
    assert api.ask("/private?a=1", **{"x-one": "1"})[0] == 200
    [asked] = judge.requests
    source, destination, http = asked.attributes.source, asked.attributes.destination, asked.attributes.request.http
    assert source.principal == api.mesh.id_of("web")
    assert destination.principal == api.mesh.id_of("api")
    assert destination.address.socket_address.port_value == api.mesh.ports["api"]
    assert source.address.socket_address.address.startswith("127.")
    assert (http.method, http.path, http.protocol, http.size, http.scheme) == (
        "GET", "/private?a=1", "HTTP/1.1", 0, "https")
    assert (http.headers["x-one"], http.headers[":path"]) == ("1", "/private?a=1")
    assert http.id == http.headers["x-request-id"]
    assert abs(asked.attributes.request.time.seconds - time.time()) < 60


def test_grpc_denial(api):
    api(answer(status={"code": 7}, denied_response={
        "status": {"code": 418}, "body": "a teapot",
        "headers": [header("X-Why", "because"), header("content-length", "3"), header("bad name", "1"),
                    header("x-split", "a\r\nx-evil: 1")]}), kind="Grpc")
    status, headers, body = api.ask()
    assert (status, body, headers["x-why"]) == (418, b"a teapot", "because")
    assert (headers["x-split"], headers["x-evil"]) == (None, None)
    assert not api.server.requests


def test_grpc_denial_without_details_is_403(api):
    api(answer(status={"code": 16}), kind="Grpc")
    assert api.ask()[0] == 403


def test_grpc_changes_on_allow(api):
    api(answer(status={"code": 0}, ok_response={
        "headers": [header("x-user", "alice"), header("x-list", "b", append={"value": True}),
                    header("x-none", "b", append={"value": True}), header(":path", "/evil")],
        "headers_to_remove": ["x-token", ":method", "host"],
        "response_headers_to_add": [header("x-note", "seen"), header("x-origin", "hidden", append_action=2),
                                    header("x-absent", "1", append_action=3)],
        "query_parameters_to_set": [{"key": "a", "value": "2"}], "query_parameters_to_remove": ["b"]}), kind="Grpc")
    status, headers, _ = api.ask("/private?a=1&b=1&c=1", **{"x-user": "mallory", "x-list": "a", "x-token": "t"})
    assert (status, headers["x-note"], headers["x-origin"], headers["x-absent"]) == (200, "seen", "hidden", None)
    seen = api.server.requests[0]
    assert seen["path"] == "/private?c=1&a=2"
    assert {name: seen["headers"].get(name) for name in ("x-user", "x-list", "x-none", "x-token")} == {
        "x-user": "alice", "x-list": "a,b", "x-none": None, "x-token": None}


def abort(code):
    return lambda request, context: context.abort(code, "no")


@pytest.mark.parametrize("judge", [
    abort(grpc.StatusCode.UNAVAILABLE), abort(grpc.StatusCode.PERMISSION_DENIED),
    lambda request, context: b"\xff\xff\xff", lambda request, context: b"\x1a\x04" + b"\xff" * 4,
    lambda request, context: time.sleep(1) or messages().CheckResponse(),
], ids=["unavailable", "status-of-the-call", "no-message", "broken-inside", "slow"])
def test_grpc_without_a_sound_answer_is_an_error(api, judge):
    api(judge, "timeout: 0.3s, statusOnError: '502'", kind="Grpc")
    assert api.ask()[0] == 502
    assert not api.server.requests


def test_grpc_fail_open(api):
    api(abort(grpc.StatusCode.UNAVAILABLE), "timeout: 5s, failOpen: true", kind="Grpc")
    assert api.ask()[0] == 200


@pytest.mark.parametrize("packed", ["true", "false"])
def test_grpc_sees_the_body(api, packed):
    judge = api(answer(), "timeout: 5s, includeRequestBodyInCheck: {maxRequestBytes: 8, allowPartialMessage: true,"
                f" packAsBytes: {packed}}}", kind="Grpc")
    assert api.ask(method="POST", body=b"\xff123456789")[0] == 200
    http = judge.requests[0].attributes.request.http
    assert (http.body, http.raw_body) == (("", b"\xff1234567") if packed == "true" else ("!1234567", b""))
    assert (http.size, http.headers["x-envoy-auth-partial-body"]) == (10, "true")
    assert api.server.requests[0]["body"] == "\xff123456789"


# --- TCP: an authorizer that speaks gRPC is asked about the connection, one that speaks HTTP is not (Istio) ---

def ask_tcp(api, seconds=3):
    return api.mesh.talk("api", b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", alpn=["istio"],
                         leaf=api.ca.leaf(api.mesh.id_of("web")), seconds=seconds)


def test_tcp_is_judged_by_grpc(api):
    judge = api(answer(), kind="Grpc", speaks="tcp")
    assert ask_tcp(api).startswith(b"HTTP/1.1 200")
    [asked] = judge.requests
    assert asked.attributes.source.principal == api.mesh.id_of("web")
    assert asked.attributes.destination.address.socket_address.port_value == api.mesh.ports["api"]
    assert not asked.attributes.HasField("request")


@pytest.mark.parametrize("judge", [answer(status={"code": 7}), abort(grpc.StatusCode.UNAVAILABLE)], ids=["denied", "error"])
def test_tcp_that_is_not_allowed_is_closed(api, judge):
    api(judge, kind="Grpc", speaks="tcp")
    assert ask_tcp(api) == b""
    assert not api.server.requests
    line = api.mesh.wait_for_line(response_flags="UAEX")
    assert (line["stage"], line["policy"]) == ("custom", "default/outside")


def test_tcp_fail_open(api):
    api(abort(grpc.StatusCode.UNAVAILABLE), "timeout: 1s, failOpen: true", kind="Grpc", speaks="tcp")
    assert ask_tcp(api).startswith(b"HTTP/1.1 200")


def test_tcp_whose_client_leaves_calls_the_question_off(api):
    judge = api(lambda request, context: time.sleep(2) or messages().CheckResponse(), "timeout: 60s", kind="Grpc",
                speaks="tcp")
    assert ask_tcp(api, seconds=0.5) == b""
    assert len(judge.requests) == 1
    assert ask_tcp(api, seconds=10).startswith(b"HTTP/1.1 200")


def test_tcp_is_not_judged_by_http(api):
    judge = api(deny, speaks="tcp")
    assert ask_tcp(api).startswith(b"HTTP/1.1 200")
    assert not judge.requests
