# SPDX-License-Identifier: Apache-2.0
"""HTTP/1 through a sidecar: what arrives, what comes back, and what gets through neither way."""

import asyncio
import socket
import subprocess
import time
from pathlib import Path

import pytest
from harness.process import ROOT, wait_for
from harness.rows import read_rows
from harness.wire import get

GET = b"GET /%s HTTP/1.1\r\nHost: api\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n"
OK = b"HTTP/1.1 200 "


@pytest.fixture
def api(mesh, origin):
    """An HttpOrigin behind an inbound port that takes plain text."""
    server = origin("api")
    mesh.serve("api", server.port)
    mesh.start()
    return server


@pytest.fixture
def behind(mesh, raw_origin):
    """behind(on_connection) puts a raw origin behind an inbound port."""

    def start(on_connection):
        server = raw_origin(on_connection)
        mesh.serve("api", server.port)
        mesh.start()
        return server

    return start


@pytest.fixture
def says(behind):
    """says(bytes) puts an origin behind the port that reads a head, sends these, and closes."""

    def start(answer):
        async def answer_once(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()

        return behind(answer_once)

    return start


def ask(mesh, data, seconds=3):
    return mesh.talk("api", data, plain=True, seconds=seconds)


def status_of(answer):
    return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.") else answer


def wire_to(mesh):
    return socket.create_connection(mesh.inbound("api"), 5)


def read_until(wire, end):
    received = b""
    while not received.endswith(end):
        piece = wire.recv(65536)
        assert piece, received
        received += piece
    return received


# --- connections that are used again ---


def test_a_connection_is_kept(api, mesh):
    with wire_to(mesh) as wire:
        for n in range(5):
            wire.sendall(GET % b"bytes/10")
            assert read_until(wire, b"x" * 10).startswith(OK)
    assert len(api.requests) == 5
    assert api.connections == 1


def test_requests_in_one_write_are_answered_in_order(api, mesh):
    post = b"POST /bytes/%d HTTP/1.1\r\nHost: api\r\nContent-Length: 5\r\n\r\nhello"
    chunked = (b"POST /bytes/%d HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n"
               b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
    answer = ask(mesh, post % 1 + chunked % 2 + GET % b"bytes/3" + post % 4 + chunked % 5 + LAST)
    lengths = [line for line in answer.split(b"\r\n") if line.startswith(b"content-length")]
    assert lengths[:5] == [b"content-length: %d" % n for n in range(1, 6)]
    assert [request["body"] for request in api.requests] == ["hello", "abcde", "", "hello", "abcde", ""]


def test_many_requests_in_one_write(api, mesh):
    answer = ask(mesh, GET % b"bytes/1" * 500 + LAST, seconds=20)
    assert answer.count(OK) == 501
    assert len(api.requests) == 501


def test_a_head_may_come_byte_by_byte(api, mesh):
    with wire_to(mesh) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GET % b"bytes/5":
            wire.sendall(bytes([byte]))
            time.sleep(0.001)
        assert read_until(wire, b"xxxxx").startswith(OK)


def test_a_client_that_only_stops_sending_gets_its_answer(api, mesh):
    with wire_to(mesh) as wire:
        wire.sendall(GET % b"slow/0.3" + GET % b"bytes/3000000")
        wire.shutdown(socket.SHUT_WR)
        time.sleep(0.6)
        received = b""
        while piece := wire.recv(65536):
            received += piece
            time.sleep(0.001)
    assert received.count(OK) == 2
    assert received.count(b"x") > 2990000
    assert received.endswith(b"x" * 1000000)


def test_a_client_that_goes_away_is_logged_and_its_upstream_let_go(api, mesh):
    with wire_to(mesh) as wire:
        wire.sendall(GET % b"slow/5")
        wait_for(lambda: api.requests, "the origin has the request")
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert mesh.wait_for_line(path="/slow/5")["response_flags"] == "DC"


# --- bodies ---


def test_bodies_go_both_ways_whole(api, mesh):
    text = "".join(chr(97 + n % 26) for n in range(300000))
    pieces = (text[n:n + 7777].encode() for n in range(0, len(text), 7777))
    for body in (text.encode(), pieces):  # with a length, and chunked
        status, _, told = mesh.get("api", "/echo", plain=True, method="POST", body=body)
        assert (status, told["body"]) == (200, text)
    expected = b"".join(str(n).encode() for n in range(20000))
    assert mesh.get("api", "/chunks/20000", plain=True)[2] == expected


def test_trailers_go_both_ways(behind, mesh):
    seen = []

    async def answer(reader, writer):
        seen.append(await reader.readuntil(b"0\r\nx-sum: 1\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nTrailer: X-Check\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"2\r\nok\r\n0\r\nX-Check: 7\r\nSet-Cookie: a=b\r\n\r\n")

    behind(answer)
    said = ask(mesh, b"POST / HTTP/1.1\r\nHost: api\r\nTE: trailers\r\nConnection: TE, close\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n")
    assert b"x-check: 7\r\n" in said
    assert b"set-cookie" not in said
    assert seen


@pytest.mark.parametrize("path, method, status", [
    ("/bytes/10", "HEAD", 200), ("/status/204", "GET", 204), ("/status/304", "GET", 304),
    ("/status/404", "HEAD", 404),
])
def test_answers_without_a_body(api, mesh, path, method, status):
    answer = ask(mesh, f"{method} {path} HTTP/1.1\r\nHost: api\r\n\r\n".encode() + LAST)
    first, rest = answer.split(b"\r\n\r\n", 1)
    assert status_of(first) == status
    assert rest.startswith(OK)
    assert b"transfer-encoding" not in first
    assert (b"content-length" in first) == (status != 204)


def test_a_client_is_told_to_go_on(behind, mesh):
    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"expect: 100-continue" in head.lower()
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(5)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body)

    behind(answer)
    with wire_to(mesh) as wire:
        wire.sendall(b"POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert read_until(wire, b"\r\n\r\n").startswith(b"HTTP/1.1 100 Continue\r\n")
        wire.sendall(b"hello")
        assert read_until(wire, b"hello").startswith(OK)


def test_other_interim_answers_pass_and_a_1_0_client_sees_none(behind, mesh):
    async def answer(reader, writer):
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
                         b"HTTP/1.1 102 Processing\r\n\r\n"
                         b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    behind(answer)
    said = ask(mesh, LAST)
    assert said.startswith(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + OK)
    said = ask(mesh, b"GET / HTTP/1.0\r\n\r\n")
    assert said.startswith(OK)
    assert said.endswith(b"\r\n\r\nok")


def test_a_1_0_client_gets_no_chunks(api, mesh):
    answer = ask(mesh, b"GET /chunks/5 HTTP/1.0\r\n\r\n")
    assert answer.startswith(OK)
    assert b"transfer-encoding" not in answer
    assert answer.endswith(b"\r\n\r\n01234")


def test_a_1_0_client_may_stay(api, mesh):
    request = b"GET /bytes/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    answer = ask(mesh, request * 2 + b"GET / HTTP/1.0\r\n\r\n")
    assert answer.count(OK) == 3
    assert answer.count(b"connection: keep-alive\r\n") == 2


def test_an_answer_without_length_ends_with_the_connection(says, mesh):
    says(b"HTTP/1.1 200 OK\r\n\r\nto the end")
    answer = ask(mesh, LAST)
    assert b"transfer-encoding: chunked\r\n" in answer
    assert answer.endswith(b"to the end\r\n0\r\n\r\n")


# --- answers that come early, late or broken ---


def test_an_early_answer_reaches_a_client_that_is_still_sending(behind, mesh):
    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")

    behind(refuse)
    for _ in range(20):
        with wire_to(mesh) as wire:
            wire.sendall(b"POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 10000000\r\n\r\n")
            try:
                for _ in range(100):
                    wire.sendall(b"x" * 10000)
            except ConnectionError:
                pass  # it had its answer before
            assert wire.recv(65536).startswith(b"HTTP/1.1 413")


def test_a_connection_goes_on_after_an_early_answer_to_a_short_body(behind, mesh):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")
        await asyncio.sleep(0.2)

    behind(answer)
    with wire_to(mesh) as wire:
        for _ in range(3):
            wire.sendall(b"POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 1000\r\n\r\n" + b"x" * 10)
            assert read_until(wire, b"no").startswith(OK)
            wire.sendall(b"x" * 990)


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
], ids=["length", "between chunks", "before the end", "bad size", "bad chunk end"])
def test_a_truncated_answer_is_seen_as_truncated(says, mesh, answer):
    says(answer)
    said = ask(mesh, GET % b"truncated")
    assert said.startswith(OK)
    assert not said.endswith(b"0\r\n\r\n")
    if b"content-length" in said:
        assert len(said.partition(b"\r\n\r\n")[2]) < 100
    assert mesh.wait_for_line(path="/truncated")["response_flags"] == "UC"
    assert ask(mesh, GET % b"truncated").startswith(OK)  # the proxy lives


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    b"HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
    b"HTTP/1.1 2x0 OK\r\n\r\n",
    b"HTTP/1.1 99 OK\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\x15\x03\x01\x00\x02\x02\x0a",
    b"<html>hello</html>",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200000 + b"\r\n\r\n",
], ids=["lengths", "length list", "negative", "length and chunked", "gzip", "NUL", "bare LF", "folded",
        "status", "status 99", "SSH", "TLS", "HTML", "101", "huge"])
def test_an_answer_that_is_no_http_becomes_502(says, mesh, answer):
    says(answer)
    assert status_of(ask(mesh, GET % b"bad" + LAST)) == 502
    assert mesh.wait_for_line(path="/bad")["response_flags"] == "UPE"


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-"], ids=["nothing", "half a head"])
def test_an_origin_that_hangs_up_is_503_and_not_asked_again(says, mesh, answer):
    """It had the request: what it did with it nobody knows. Not so with a kept connection, see below."""
    server = says(answer)
    assert status_of(ask(mesh, LAST)) == 503
    assert server.connections == 1
    assert status_of(ask(mesh, b"POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 0\r\n\r\n" + LAST)) == 503


def test_an_origin_that_is_not_there_is_503(mesh, origin):
    server = origin()
    mesh.serve("api", server.port)
    server.stop()
    mesh.start()
    answer = ask(mesh, LAST)
    assert status_of(answer) == 503
    assert answer.endswith(b"upstream connect error: connection failed")
    assert mesh.wait_for_line(path="/last")["response_flags"] == "UF,URX"


def test_a_pooled_connection_that_the_origin_closed_is_replaced(behind, mesh):
    async def answer_twice_then_close(reader, writer):
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    behind(answer_twice_then_close)
    with wire_to(mesh) as wire:
        for _ in range(50):
            wire.sendall(GET % b"")
            assert read_until(wire, b"ok").startswith(OK)


def test_what_an_origin_says_unasked_is_nobody_s_answer(behind, mesh):
    async def answer_twice(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        await asyncio.sleep(1)

    behind(answer_twice)
    for _ in range(5):
        assert b"evil" not in ask(mesh, LAST)


# --- fields ---


def test_fields_of_the_connection_stay_on_it(api, mesh):
    ask(mesh, b"GET /fields HTTP/1.1\r\nHost: api\r\nConnection: close, X-Secret, X-Forwarded-For, Host\r\n"
              b"Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nX-Secret: 1\r\n"
              b"X-Forwarded-For: 10.0.0.1\r\nX-Kept: 1\r\n\r\n")
    headers = api.requests[0]["headers"]
    assert headers["x-kept"] == "1"
    assert headers["host"] == "api"
    assert headers["via"] == "1.1 mangrove"
    for gone in ("connection", "keep-alive", "proxy-connection", "te", "x-secret", "x-forwarded-for"):
        assert gone not in headers, gone


def test_nobody_has_an_identity_field_removed(api, mesh, ca):
    """What we add after the Connection field was honoured cannot be named by it."""
    web = "spiffe://cluster.local/ns/default/sa/web"
    mesh.get("api", leaf=ca.leaf(web), headers={"Connection": "X-Forwarded-Client-Cert, X-Request-Id, Via"})
    headers = api.requests[0]["headers"]
    assert f"URI={web}" in headers["x-forwarded-client-cert"]
    assert headers["x-request-id"]
    assert headers["via"] == "1.1 mangrove"


def test_fields_of_the_origin_s_connection_stay_there(says, mesh):
    says(b"HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Inner\r\nKeep-Alive: timeout=5\r\nX-Inner: 1\r\n"
         b"X-Outer: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok")
    head = ask(mesh, LAST).partition(b"\r\n\r\n")[0].lower()
    assert b"x-outer: 1" in head
    assert head.count(b"set-cookie: ") == 2
    assert b"keep-alive" not in head
    assert b"x-inner" not in head


def test_upgrades_are_refused_or_passed_over(api, mesh):
    """But for WebSockets: test_websocket.py."""
    other = b"GET /x HTTP/1.1\r\nHost: api\r\nConnection: upgrade\r\nUpgrade: irc/6.9\r\n\r\n"
    assert status_of(ask(mesh, other + LAST)) == 403
    h2c = (b"GET /h2c HTTP/1.1\r\nHost: api\r\nConnection: upgrade, http2-settings\r\nUpgrade: h2c\r\n"
           b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
    assert status_of(ask(mesh, h2c + LAST)) == 200
    headers = next(request for request in api.requests if request["path"] == "/h2c")["headers"]
    assert not {"upgrade", "http2-settings", "connection"} & set(headers)


def test_there_is_no_tunnel(api, mesh):
    assert status_of(ask(mesh, b"CONNECT api:443 HTTP/1.1\r\nHost: api:443\r\n\r\n" + LAST)) in (405, 501)
    assert not [request for request in api.requests if request["method"] == "CONNECT"]


# --- what must not pass ---

REFUSED = [(name.decode(), message, int(want[:3]))
           for name, message, want in read_rows(ROOT / "tests/unit/net/test_http1_request.c")
           if want[:3].isdigit()
           and message[:1] != b"\x16"  # that is for test_mutual_tls.py
           and message[:4] != b"PRI "]  # that is HTTP/2: test_sniffing.py


def test_no_smuggling_shape_reaches_the_origin(api, mesh):
    """Every head the parser refuses, with a second request behind it that must not come out either."""
    wrong = []
    for name, message, status in REFUSED:
        answer = ask(mesh, message + GET % b"hidden")
        if status_of(answer) != status or answer.count(b"HTTP/1.1 ") != 1:
            wrong.append((name, answer[:60]))
    assert len(REFUSED) > 100
    assert not wrong
    assert not api.requests


BODY = b"POST /post HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n"
BAD_BODIES = {
    "no size": b"\r\nabc\r\n0\r\n\r\n",
    "size with a sign": b"+3\r\nabc\r\n0\r\n\r\n",
    "negative size": b"-3\r\nabc\r\n0\r\n\r\n",
    "size with 0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "size with a blank before": b" 3\r\nabc\r\n0\r\n\r\n",
    "size with a blank behind": b"3 \r\nabc\r\n0\r\n\r\n",
    "size too large": b"ffffffffffffffff3\r\nabc\r\n0\r\n\r\n",
    "bare LF behind a size": b"3\nabc\r\n0\r\n\r\n",
    "bare CR behind a size": b"3\rabc\r\n0\r\n\r\n",
    "bare LF in an extension": b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    "bare LF behind the data": b"3\r\nabc\n0\r\n\r\n",
    "data longer than the size": b"3\r\nabcd\r\n0\r\n\r\n",
    "bare LF at the end": b"3\r\nabc\r\n0\n\n",
    "a folded trailer": b"0\r\nX: a\r\n b\r\n\r\n",
    "a trailer with a blank before the colon": b"0\r\nX : a\r\n\r\n",
    "a trailer with NUL": b"0\r\nX: a\0b\r\n\r\n",
}


def test_no_broken_chunk_makes_a_request_whole(api, mesh):
    wrong = {}
    for name, body in BAD_BODIES.items():
        answer = ask(mesh, BODY + body + GET % b"hidden")
        if status_of(answer) != 400 or answer.count(b"HTTP/1.1 ") != 1:
            wrong[name] = answer[:80]
    assert not wrong
    assert not api.requests  # nothing came that an origin would call a complete request


def test_a_host_is_one_name(api, mesh):
    assert status_of(ask(mesh, b"GET / HTTP/1.1\r\nHost: api\r\nHost: other\r\n\r\n")) == 400
    assert status_of(ask(mesh, b"GET http://other/ HTTP/1.1\r\nHost: api\r\n\r\n")) == 400
    ask(mesh, b"GET http://API/x HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n")
    assert (api.requests[0]["path"], api.requests[0]["headers"]["host"]) == ("/x", "api")


def test_heads_are_bounded(api, mesh):
    assert status_of(ask(mesh, b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: api\r\n\r\n")) in (414, 431)
    assert status_of(ask(mesh, GET[:-2] % b"" + b"X: " + b"a" * 100000 + b"\r\n\r\n")) == 431
    assert status_of(ask(mesh, GET[:-2] % b"" + b"X: a\r\n" * 5000 + b"\r\n")) == 431
    assert not api.requests


def test_curl_and_the_proxy_understand_each_other(api, mesh, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(bytes(range(33, 127)) * 5000)
    url = "http://{}:{}/echo".format(*mesh.inbound("api"))
    for options in (["--data-binary", f"@{body}"], ["-T", body], ["-H", "Transfer-Encoding: chunked", "-T", body],
                    ["-H", "Expect: 100-continue", "--data-binary", f"@{body}"], ["--http1.0", "-T", body],
                    ["--http2", "--data-binary", f"@{body}"], ["-I"]):
        result = subprocess.run(["curl", "-sS", "-m", "10", "-f", "-o", Path(tmp_path / "out"), *options, url],
                                capture_output=True, text=True)
        assert result.returncode == 0, (options, result.stderr)
        if options != ["-I"]:
            assert api.requests[-1]["body"].encode() == body.read_bytes(), options
