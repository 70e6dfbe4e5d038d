# SPDX-License-Identifier: Apache-2.0
"""Upstreams that refuse, reset, hang, drag, half-close and die, under load: what clients get, and what is counted.

One endpoint of two behaves, the other does not; 8 clients ask 30 times each.
"""

import asyncio
import collections
import http.client
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.load import Backend
from harness.origin import read_request

HOST = "api.example"
CLUSTER = f"outbound|80||{HOST}"
CLIENTS, EACH = 8, 30
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def reset(reader, writer):
    await read_request(reader)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def half_close(reader, writer):
    """It says that it will say nothing more, and goes on listening."""
    await read_request(reader)
    writer.write_eof()
    await reader.read()


async def hang(reader, writer):
    await read_request(reader)
    await asyncio.sleep(30)


async def drag(reader, writer):
    while await read_request(reader):
        await asyncio.sleep(0.5)
        writer.write(OK)


async def say_no(reader, writer):
    while await read_request(reader):
        writer.write(b"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno")


async def babble(reader, writer):
    await read_request(reader)
    writer.write(b"hello, I am no web server\r\n\r\n")


async def break_off(reader, writer):
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly so much")
    await writer.drain()


async def answer(reader, writer):
    while await read_request(reader):
        writer.write(OK)


def ask_often(port, count=EACH):
    """One client on one connection, as long as that holds: what it got, a count for each."""
    got = collections.Counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for n in range(count):
        try:
            connection.request(*(("POST", "/", b"x" * 1000) if n % 3 == 0 else ("GET", "/")), headers={"Host": HOST})
            response = connection.getresponse()
            response.read()
            got[response.status] += 1
        except (http.client.HTTPException, ConnectionError):
            got["broken"] += 1
            connection.close()
    connection.close()
    return got


@pytest.fixture
def pair(mesh, raw_origin):
    """pair(bad, route) runs a proxy before a good endpoint and a bad one; pair.ask() is what its clients get."""

    class Pair:
        def __call__(self, bad, route):
            ports = [raw_origin(answer).port, bad if isinstance(bad, int) else raw_origin(bad).port]
            mesh.outside(HOST, *ports)
            self.port = mesh.speak_as("web")
            mesh.route(HOST, f"- route: [{{destination: {{host: {HOST}}}}}]\n  {route}\n")
            mesh.start()
            return self

        def ask(self):
            with ThreadPoolExecutor(CLIENTS) as pool:
                return sum(pool.map(lambda _: ask_often(self.port), range(CLIENTS)), collections.Counter())

        def counts(self):
            return {name.removeprefix("upstream_rq_"): int(value)
                    for name, value in mesh.cluster_counts(CLUSTER).items() if value}

    return Pair()


def refused_port():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        return nobody.getsockname()[1]


def retries(on, more=""):
    """Ten, so that each request finds the good one: the bad one is drawn again with a chance of 2 ** -6."""
    return f"retries: {{attempts: 10, retryOn: '{on}', backoff: 1ms{more}}}"


ALL = CLIENTS * EACH


@pytest.mark.parametrize("bad, on", [
    (None, "connect-failure"),
    (reset, "reset"),
    (half_close, "reset"),
    (say_no, "5xx"),
    (say_no, "503"),
    (babble, "5xx"),
], ids=["refuses", "resets", "half-closes", "says 503", "says 503, by its number", "babbles"])
def test_with_retries_nobody_notices(pair, bad, on):
    pair(bad or refused_port(), retries(on))
    assert pair.ask() == {200: ALL}
    counts = pair.counts()
    assert counts["retry"] >= counts["retry_success"] >= ALL / 10
    assert "retry_limit_exceeded" not in counts


@pytest.mark.parametrize("bad, status", [(reset, 503), (half_close, 503), (say_no, 503), (babble, 502),
                                         (break_off, "broken")],
                         ids=["resets", "half-closes", "says 503", "babbles", "breaks off"])
def test_without_them_the_share_of_the_bad_one_is_seen(pair, bad, status):
    pair(bad, "retries: {attempts: 0}")
    got = pair.ask()
    assert set(got) == {200, status}
    assert got[status] >= ALL / 10
    assert pair.counts() == {}


def test_who_hangs_is_given_up_for_the_other(pair):
    pair(hang, retries("reset", ", perTryTimeout: 80ms"))
    assert pair.ask() == {200: ALL}
    counts = pair.counts()
    assert counts["per_try_timeout"] == counts["retry"] >= counts["retry_success"] > 0


def test_who_drags_costs_a_timeout(pair):
    pair(drag, "timeout: 200ms")
    got = pair.ask()
    assert set(got) == {200, 504}
    assert pair.counts() == {"timeout": got[504]}


def test_an_answer_that_broke_off_is_never_asked_for_again(pair):
    pair(break_off, retries("5xx,reset"))
    got = pair.ask()
    assert set(got) == {200, "broken"}
    assert pair.counts() == {}


def test_killed_and_started_again_under_load(mesh, state):
    """Both endpoints, one after the other, several times: with retries no client sees it."""
    backends = [Backend(state), Backend(state)]
    mesh.outside(HOST, *(backend.port for backend in backends))
    port = mesh.speak_as("web")
    mesh.route(HOST, f"- route: [{{destination: {{host: {HOST}}}}}]\n  {retries('reset,connect-failure')}\n")
    mesh.start()
    ended = threading.Event()

    def kill_in_turn():
        for n in range(6):
            time.sleep(0.15)
            backends[n % 2].kill()
            time.sleep(0.1)
            backends[n % 2] = Backend(state, port=backends[n % 2].port)
        ended.set()

    def ask_until_the_end():
        got = collections.Counter()
        while not ended.is_set():
            got += ask_often(port, 20)
        return got

    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        killer = pool.submit(kill_in_turn)
        answers = [pool.submit(ask_until_the_end) for _ in range(CLIENTS)]
        killer.result()
        got = sum((each.result() for each in answers), collections.Counter())
    for backend in backends:
        backend.kill()
    assert set(got) == {200}, got
    assert sum(mesh.cluster_counts(CLUSTER).values()) > 0
