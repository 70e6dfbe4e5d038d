# SPDX-License-Identifier: Apache-2.0
"""Mirrored requests: what the mirror sees, and that the request itself never notices."""

import asyncio
import socket
import time

import pytest
from harness.process import wait_for
from harness.wire import get

HOST = "api.example"
TO = f"route: [{{destination: {{host: {HOST}}}}}]"


@pytest.fixture
def out(mesh, origin):
    """out(mirror) runs a proxy whose workload asks an origin through a route that is mirrored."""

    class Out:
        def __call__(self, mirror, *mirrors, to=TO):
            self.origin = origin("api")
            self.mirrors = list(mirrors) or [origin("mirror")]
            mesh.outside(HOST, self.origin.port)
            for n, server in enumerate(self.mirrors):
                mesh.outside(f"mirror{n}.example", server.port)
            self.port = mesh.speak_as("web")
            mesh.route(HOST, f"- {to}\n  {mirror}\n")
            mesh.start()
            self.mirror = self.mirrors[0]
            return self

        def get(self, path="/", headers=None, **options):
            return get(self.port, path, headers={"Host": HOST, **(headers or {})}, **options)

        def mirrored(self, count=1):
            wait_for(lambda: len(self.mirror.requests) >= count, f"{count} mirrored requests")
            return self.mirror.requests

        def counts(self):
            return {name.removeprefix("mangrove_cluster_"): value for name, value
                    in mesh.cluster_counts("outbound|80||mirror0.example").items() if value}

    return Out()


MIRROR = "mirror: {host: mirror0.example}"


def test_the_mirror_sees_the_request_as_it_was_sent_on(out):
    out(f"{MIRROR}\n  rewrite: {{uri: /new}}\n  headers: {{request: {{set: {{x-set: 'yes'}}}}}}")
    status, headers, told = out.get("/old?q=1", headers={"X-Own": "1"})
    assert (status, told["origin"], headers["x-origin"]) == (200, "api", "api")
    copy = out.mirrored()[0]
    assert (copy["method"], copy["path"]) == ("GET", "/newold?q=1")
    assert (copy["headers"]["x-own"], copy["headers"]["x-set"], copy["headers"]["host"]) == ("1", "yes", HOST)
    assert copy["headers"]["x-request-id"] == told["headers"]["x-request-id"]


@pytest.mark.parametrize("length", [1, 70000, 3000000])
@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
def test_bodies_are_copied(out, length, chunked):
    out(MIRROR)
    body = b"".join(b"%07d," % n for n in range(length // 8 + 1))[:length]
    pieces = (body[n:n + 5000] for n in range(0, length, 5000))
    assert out.get(method="POST", body=pieces if chunked else body)[2]["body"].encode() == body
    assert out.mirrored()[0]["body"].encode() == body


def test_trailers_are_copied(out):
    out(MIRROR)
    with socket.create_connection(("127.0.0.1", out.port), 5) as wire:
        wire.sendall(b"POST / HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n")
        assert wire.recv(1000).startswith(b"HTTP/1.1 200")
    assert out.mirrored()[0]["trailers"] == ["x-sum: 6"]


def test_a_share_is_mirrored(out):
    out(MIRROR + "\n  mirrorPercentage: {value: 25}")
    for _ in range(400):
        assert out.get()[0] == 200
    time.sleep(0.2)
    assert 60 <= len(out.mirror.requests) <= 140
    assert out.counts()["mirrored"] == len(out.mirror.requests)


def test_zero_is_none(out):
    out(MIRROR + "\n  mirrorPercentage: {value: 0}")
    for _ in range(20):
        out.get()
    assert out.counts() == {}


def test_several_mirrors(out, origin):
    out("mirrors: [{destination: {host: mirror0.example}}, {destination: {host: mirror1.example}, "
        "percentage: {value: 100}}, {destination: {host: mirror2.example}, percentage: {value: 0}}]",
        origin(), origin(), origin())
    out.get("/x")
    wait_for(lambda: all(server.requests for server in out.mirrors[:2]), "both have it")
    assert not out.mirrors[2].requests


def test_the_host_is_marked_if_so_annotated(out, mesh):
    out(MIRROR)
    text = (mesh.resources.path / "api-routes.yaml").read_text()
    mesh.write("api-routes.yaml", text.replace("namespace: default}",
                                               'namespace: default, annotations: {mangrove.dev/shadow-host: "true"}}'))
    mesh.wait_for_plan(2)
    out.get()
    assert out.mirrored()[-1]["headers"]["host"] == "api.example-shadow"


@pytest.mark.parametrize("behaviour", ["hangs", "refuses", "hangs up", "answers at once", "answers much"])
def test_the_request_does_not_notice(out, mesh, raw_origin, behaviour):
    async def on_connection(reader, writer):
        if behaviour == "hangs":
            await asyncio.sleep(30)
        elif behaviour == "hangs up":
            await reader.readuntil(b"\r\n\r\n")
        else:
            length = 5000000 if behaviour == "answers much" else 2
            writer.write(b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % length + b"x" * length)
            await writer.drain()

    server = raw_origin(on_connection)
    if behaviour == "refuses":
        server.stop()
    out(MIRROR, server)
    body = b"x" * 3000000
    for _ in range(3):
        started = time.monotonic()
        assert out.get(method="POST", body=body)[0] == 200
        assert time.monotonic() - started < 3
    wait_for(lambda: len(mesh.log_lines()) == 3, "its lines, and none of a mirror")
    assert {line["status"] for line in mesh.log_lines()} == {200}


def test_a_mirror_that_cannot_keep_up_is_given_up(out, raw_origin):
    async def never_read(reader, writer):
        await asyncio.sleep(30)

    out(MIRROR, raw_origin(never_read))
    out.get(method="POST", body=b"x" * 20000000)
    assert out.counts() == {"mirrored": 1, "mirror_given_up": 1}


def test_a_client_that_leaves_takes_its_mirror_along(out, mesh):
    out(MIRROR)
    with socket.create_connection(("127.0.0.1", out.port), 5) as wire:
        wire.sendall(b"POST /part HTTP/1.1\r\nHost: api.example\r\nContent-Length: 100\r\n\r\nabc")
        wait_for(lambda: out.counts().get("mirrored"), "it is mirrored")
    assert mesh.wait_for_line(path="/part")["response_flags"] == "DC"
    assert not out.mirror.requests  # it never was whole
    assert out.get()[0] == 200


def test_a_retried_request_is_mirrored_once(out, raw_origin, mesh):
    out(f"{MIRROR}\n  retries: {{attempts: 3, retryOn: 5xx}}")
    assert out.get("/status/503", method="POST", body=b"hello")[0] == 503
    assert len(out.origin.requests) == 4
    time.sleep(0.1)
    assert [request["body"] for request in out.mirrored()] == ["hello"]
