# SPDX-License-Identifier: Apache-2.0
"""gRPC through two proxies: a real client, a real server, calls of all four kinds, and how they end."""

import threading
import time
from concurrent import futures

import pytest
from harness.process import free_port, wait_for
from test_tcp import policy

grpc = pytest.importorskip("grpc")

WEB = "spiffe://cluster.local/ns/default/sa/web"

STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""


def same(data):
    return data


class Service(grpc.GenericRpcHandler):
    """/test/NAME, with bytes for messages."""

    def __init__(self):
        self.metadata, self.ended = [], []

    def service(self, details):
        self.metadata.append(dict(details.invocation_metadata))
        handlers = {
            "/test/Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "/test/Out": grpc.unary_stream_rpc_method_handler(self.out),
            "/test/In": grpc.stream_unary_rpc_method_handler(self.take_in),
            "/test/Both": grpc.stream_stream_rpc_method_handler(self.both),
            "/test/Fail": grpc.unary_unary_rpc_method_handler(self.fail),
            "/test/Wait": grpc.unary_unary_rpc_method_handler(self.wait),
        }
        return handlers.get(details.method)

    def unary(self, request, context):
        context.set_trailing_metadata([("last", "behind"), ("binary-bin", b"\0\xff")])
        context.send_initial_metadata([("header", "before")])
        return request

    def out(self, request, context):
        for number in range(int(request)):
            yield b"%d" % number

    def take_in(self, requests, context):
        return b"%d" % sum(len(request) for request in requests)

    def both(self, requests, context):
        for request in requests:
            yield request + b"!"

    def fail(self, request, context):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no, with \u00e4 and %")

    def wait(self, request, context):
        ended = threading.Event()
        context.add_callback(ended.set)
        ended.wait(10)
        self.ended.append(ended.is_set())
        return b"late"


@pytest.fixture
def service():
    server = grpc.server(futures.ThreadPoolExecutor(8))
    handler = Service()
    server.add_generic_rpc_handlers([handler])
    handler.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield handler
    server.stop(0)


@pytest.fixture
def channel(mesh, service):
    opened = []

    def open_channel(more="", port=None, kind="grpc"):
        mesh.serve("api", port or service.port, kind=kind)
        out = mesh.speak_as("web")
        mesh.write("mtls.yaml", STRICT + more)
        mesh.start()
        opened.append(grpc.insecure_channel(f"127.0.0.1:{out}", options=[
            ("grpc.default_authority", "api"), ("grpc.max_receive_message_length", -1), ("grpc.enable_retries", 0)]))
        return opened[-1]

    yield open_channel
    for one in opened:
        one.close()


def call(channel, method, request=b"", **options):
    return channel.unary_unary(f"/test/{method}")(request, timeout=options.pop("timeout", 10), **options)


@pytest.mark.parametrize("kind", ["grpc", "http2", "app"])
def test_all_kinds_of_calls(channel, service, mesh, kind):
    one = channel(kind=kind)
    answer, done = one.unary_unary("/test/Unary").with_call(b"hello", timeout=10, metadata=[("asked", "so")])
    assert answer == b"hello"
    assert ("header", "before") in [tuple(item) for item in done.initial_metadata()]
    assert {"last": "behind", "binary-bin": b"\0\xff"}.items() <= dict(done.trailing_metadata()).items()
    assert service.metadata[0]["asked"] == "so"
    assert f"URI={WEB}" in service.metadata[0]["x-forwarded-client-cert"]
    assert list(one.unary_stream("/test/Out")(b"1000", timeout=10)) == [b"%d" % n for n in range(1000)]
    assert one.stream_unary("/test/In")((b"x" * 1000 for _ in range(500)), timeout=10) == b"500000"
    line = mesh.wait_for_line(listener="inbound", path="/test/In")
    assert (line["method"], line["status"], line["source_principal"]) == ("POST", 200, WEB)


def test_a_conversation(channel):
    said = threading.Semaphore(0)

    def requests():
        for number in range(50):
            said.acquire(timeout=5)
            yield b"%d" % number

    answers = channel().stream_stream("/test/Both")(requests(), timeout=20)
    for number in range(50):  # each answer comes before the next request is sent
        said.release()
        assert next(answers) == b"%d!" % number
    assert list(answers) == []


def test_large_messages(channel):
    data = bytes(range(256)) * (3 << 12)  # 3 MiB, under the server's limit
    one = channel()
    assert call(one, "Unary", data) == data
    with pytest.raises(grpc.RpcError) as error:
        call(one, "Unary", data * 2)
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_errors_pass_as_they_are(channel):
    with pytest.raises(grpc.RpcError) as error:
        call(channel(), "Fail")
    assert error.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert error.value.details() == "no, with \u00e4 and %"


def test_an_unknown_method(channel):
    with pytest.raises(grpc.RpcError) as error:
        call(channel(), "Nothing")
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_deadline_reaches_the_server(channel, service):
    start = time.monotonic()
    with pytest.raises(grpc.RpcError) as error:
        call(channel(), "Wait", timeout=0.5)
    assert error.value.code() in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE)
    assert time.monotonic() - start < 5
    wait_for(lambda: service.ended == [True], "the server was told")
    assert "x-envoy-expected-rq-timeout-ms" in service.metadata[0]


def test_a_call_that_is_called_off(channel, service):
    future = channel().unary_unary("/test/Wait").future(b"", timeout=30)
    wait_for(lambda: service.metadata, "the call arrived")
    future.cancel()
    wait_for(lambda: service.ended == [True], "the server was told")


def test_many_calls_share_connections(channel, service):
    one = channel()
    calls = [one.unary_unary("/test/Unary").future(b"%d" % number, timeout=20) for number in range(200)]
    assert [future.result() for future in calls] == [b"%d" % number for number in range(200)]


# --- what the proxies say themselves ---

def test_a_denial(channel, service, mesh):
    one = channel(policy("DENY", '{to: [{operation: {paths: ["/test/Unary"]}}]}').replace("app: db", "app: api"))
    with pytest.raises(grpc.RpcError) as error:
        call(one, "Unary")
    assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED
    assert error.value.details() == "RBAC: access denied"
    assert not service.metadata
    assert mesh.wait_for_line(listener="inbound", decision="deny")["response_flags"] == "RBAC"


def test_nobody_there(channel):
    with pytest.raises(grpc.RpcError) as error:
        call(channel(port=free_port()), "Unary")
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    assert "upstream connect error" in error.value.details()


ROUTE = """
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api, namespace: default}
spec:
  hosts: [api]
  http:
  - match: [{uri: {exact: /test/Unary}}]
    directResponse: {status: 401, body: {string: "who? \u00e4"}}
  - match: [{uri: {exact: /test/Wait}}]
    timeout: 0.3s
    route: [{destination: {host: api}}]
  - match: [{uri: {exact: /test/Fail}}]
    directResponse: {status: 429}
"""


def test_statuses_of_http_become_those_of_grpc(channel):
    one = channel(ROUTE)
    for method, status, details in (
            ("Unary", grpc.StatusCode.UNAUTHENTICATED, "who? \u00e4"),
            ("Fail", grpc.StatusCode.UNAVAILABLE, ""),
            ("Out", grpc.StatusCode.UNIMPLEMENTED, ""),
            ("Wait", grpc.StatusCode.UNAVAILABLE, "upstream request timeout")):
        with pytest.raises(grpc.RpcError) as error:
            call(one, method)
        assert (error.value.code(), error.value.details()) == (status, details), method
