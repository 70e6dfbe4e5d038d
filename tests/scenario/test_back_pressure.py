# SPDX-License-Identifier: Apache-2.0
"""Who is slower sets the pace: the proxy holds a few buffers of a body, never the body."""

import asyncio
import hashlib
import socket
import time

import pytest

SIZE = 64 << 20
PIECE = bytes(range(256)) * 256  # 64 KiB, and no two of 251 alike
GROWTH = 6 << 20


def pieces():
    for number in range(SIZE // len(PIECE)):
        shift = number % 251
        yield PIECE[shift:] + PIECE[:shift]


def digest(parts):
    value = hashlib.sha256()
    for part in parts:
        value.update(part)
    return value.hexdigest()


WHOLE = digest(pieces())


@pytest.fixture
def through(mesh, raw_origin):
    """through(on_connection): a wire to web's way out, with two sidecars up to the origin."""

    def start(on_connection):
        server = raw_origin(on_connection)
        mesh.serve("api", server.port)
        out = mesh.speak_as("web")
        mesh.start()
        wire = socket.create_connection(("127.0.0.1", out), 10)
        wire.settimeout(20)
        return wire

    return start


class Peak:
    """The most memory the proxy had while a transfer went on, beyond what it had before."""

    def __init__(self, mesh):
        self.mesh, self.before, self.growth = mesh, mesh.resident_bytes(), 0

    def look(self):
        self.growth = max(self.growth, self.mesh.resident_bytes() - self.before)


@pytest.mark.parametrize("framing", ["Content-Length: %d" % SIZE, "Transfer-Encoding: chunked"],
                         ids=["length", "chunked"])
def test_a_slow_reader_slows_the_origin(mesh, through, framing):
    sent = 0

    async def pour(reader, writer):
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode())
        for piece in pieces():
            writer.write(piece if "Length" in framing else b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            sent += len(piece)
        writer.write(b"" if "Length" in framing else b"0\r\n\r\n")

    with through(pour) as wire:
        peak = Peak(mesh)
        wire.sendall(b"GET / HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n")
        time.sleep(1)
        peak.look()
        assert sent < SIZE * 3 // 4, "the origin was not slowed"
        value, received = hashlib.sha256(), b""
        while b"\r\n\r\n" not in received:
            received += wire.recv(65536)
        stream = read_body(wire, received.partition(b"\r\n\r\n")[2], "Length" not in framing)
        for number, part in enumerate(stream):
            value.update(part)
            if number % 200 == 0:
                time.sleep(0.005)
                peak.look()
    assert value.hexdigest() == WHOLE
    assert peak.growth < GROWTH


def read_body(wire, rest, chunked):
    file = wire.makefile("rb")

    def read(count):
        nonlocal rest
        taken, rest = rest[:count], rest[count:]
        return taken + file.read(count - len(taken)) if len(taken) < count else taken

    def read_line():
        line = b""
        while not line.endswith(b"\r\n"):
            line += read(1)
        return line

    if not chunked:
        for _ in range(SIZE // len(PIECE)):
            yield read(len(PIECE))
        return
    while size := int(read_line(), 16):
        yield read(size)
        assert read(2) == b"\r\n"


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_slow_origin_slows_the_client(mesh, through, chunked):
    value = hashlib.sha256()

    async def swallow(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        assert (b"transfer-encoding: chunked" in head) == chunked
        await asyncio.sleep(1)
        left = SIZE
        while left:
            if chunked:
                size = int(await reader.readline(), 16)
                value.update(await reader.readexactly(size))
                await reader.readexactly(2)
            else:
                piece = await reader.read(1 << 20)
                size = len(piece)
                value.update(piece)
            left -= size
        if chunked:
            assert await reader.readexactly(5) == b"0\r\n\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with through(swallow) as wire:
        peak = Peak(mesh)
        framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % SIZE
        wire.sendall(b"POST / HTTP/1.1\r\nHost: api\r\n" + framing + b"\r\n\r\n")
        start, waited = time.monotonic(), 0
        for number, piece in enumerate(pieces()):
            before = time.monotonic()
            wire.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            waited = max(waited, time.monotonic() - before)
            if number % 50 == 0:
                peak.look()
        if chunked:
            wire.sendall(b"0\r\n\r\n")
        answer = wire.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200")
    assert value.hexdigest() == WHOLE
    assert waited > 0.3, "the client was not slowed"
    assert time.monotonic() - start > 1
    assert peak.growth < GROWTH


def test_many_who_never_read_cost_little_each(mesh, through):
    async def pour(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
        for piece in pieces():
            writer.write(piece)
            await writer.drain()

    wires = [through(pour)]
    port = wires[0].getpeername()[1]
    before = mesh.resident_bytes()
    wires += [socket.create_connection(("127.0.0.1", port)) for _ in range(19)]
    for wire in wires:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: api\r\n\r\n")
    time.sleep(2)
    growth = mesh.resident_bytes() - before
    for wire in wires:
        wire.close()
    assert growth < 20 * (2 << 20)
