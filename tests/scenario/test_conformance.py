# SPDX-License-Identifier: Apache-2.0
"""The running proxy against peers we did not write, and against frames nobody should send.

dialogues/*.vtc are conversations that Debian's varnishtest plays; nginx and HAProxy stand at both
ends; h2load drives HTTP/2. The frames are written from RFC 9113, a row each with its section.
"""

import hashlib
import os
import shutil
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest
from harness.process import free_port, wait_for
from harness.wire import get
from test_tcp import connect

DIALOGUES = sorted((Path(__file__).parent / "dialogues").glob("*.vtc"))
PERMISSIVE = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: PERMISSIVE}}
"""


def needs(program):
    path = shutil.which(program) or f"/usr/sbin/{program}"
    return pytest.mark.skipif(not os.path.exists(path), reason=f"{program} is not installed")


@pytest.fixture
def way(mesh):
    """way(port): web's way out to an origin on that port, two sidecars away."""

    def start(port, kind="http"):
        mesh.serve("api", port, kind=kind)
        out = mesh.speak_as("web")
        mesh.start()
        return out

    return start


@needs("varnishtest")
@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
def test_dialogues(way, path, tmp_path):
    origin = free_port()
    out = way(origin)
    done = subprocess.run(
        ["varnishtest", "-t", "20", "-D", f"origin={origin}", "-D", f"proxy={out}", str(path)], cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout[-4000:]


# --- HTTP/2, frame by frame ---
# Not among them: HEADERS on a stream below the last one (5.1.1), which nghttp2 passes over unanswered,
# as it keeps no closed streams that could be told from ones never opened.

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
PROTOCOL_ERROR, FLOW_CONTROL, STREAM_CLOSED, FRAME_SIZE, COMPRESSION = 1, 3, 5, 6, 9


def frame(kind, flags=0, stream=0, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def literal(name, value):
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


# :method GET, :scheme http, :path / from the static table
GET_HEAD = b"\x82\x86\x84" + literal(b":authority", b"api")


def head(stream=1, block=GET_HEAD, flags=5):
    return frame(HEADERS, flags, stream, block)


START = PREFACE + frame(SETTINGS)

ROWS = [
    # RFC 9113 section, what is sent behind the preface, the codes it may end with
    ("4.2 a SETTINGS frame of no multiple of six", frame(SETTINGS, 0, 0, b"\0" * 5), {FRAME_SIZE}),
    ("4.2 a frame larger than allowed", head(1, flags=4) + frame(DATA, 1, 1, b"x" * 16385), {FRAME_SIZE}),
    ("4.3 a header block that is no HPACK", head(1, b"\xff\xff\xff\xff\xff\xff"), {COMPRESSION}),
    ("5.1 DATA on an idle stream", frame(DATA, 1, 1, b"x"), {PROTOCOL_ERROR, STREAM_CLOSED}),
    ("5.1 RST_STREAM on an idle stream", frame(RST_STREAM, 0, 1, b"\0\0\0\x08"), {PROTOCOL_ERROR}),
    ("5.1 WINDOW_UPDATE on an idle stream", frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\1"), {PROTOCOL_ERROR}),
    ("5.1 DATA behind END_STREAM", head() + frame(DATA, 1, 1, b"x"), {STREAM_CLOSED, PROTOCOL_ERROR}),
    ("5.1.1 an even stream", head(2), {PROTOCOL_ERROR}),
    ("6.1 DATA on stream 0", frame(DATA, 1, 0, b"x"), {PROTOCOL_ERROR}),
    ("6.1 padding longer than the frame", head(1, flags=4) + frame(DATA, 9, 1, b"\x05x"), {PROTOCOL_ERROR}),
    ("6.2 HEADERS on stream 0", head(0), {PROTOCOL_ERROR}),
    ("6.3 PRIORITY of another length", frame(PRIORITY, 0, 1, b"\0" * 4), {FRAME_SIZE}),
    ("6.4 RST_STREAM on stream 0", frame(RST_STREAM, 0, 0, b"\0" * 4), {PROTOCOL_ERROR}),
    ("6.4 RST_STREAM of another length", head(1, flags=4) + frame(RST_STREAM, 0, 1, b"\0" * 3), {FRAME_SIZE}),
    ("6.5 SETTINGS on a stream", frame(SETTINGS, 0, 1), {PROTOCOL_ERROR}),
    ("6.5 an acknowledgement with content", frame(SETTINGS, 1, 0, b"\0" * 6), {FRAME_SIZE}),
    ("6.5.2 ENABLE_PUSH of 2", frame(SETTINGS, 0, 0, struct.pack(">HI", 2, 2)), {PROTOCOL_ERROR}),
    ("6.5.2 a window beyond 2^31-1", frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 1 << 31)), {FLOW_CONTROL}),
    ("6.5.2 a frame size below 2^14", frame(SETTINGS, 0, 0, struct.pack(">HI", 5, 100)), {PROTOCOL_ERROR}),
    ("6.6 PUSH_PROMISE from a client", head() + frame(PUSH_PROMISE, 4, 1, b"\0\0\0\2" + GET_HEAD), {PROTOCOL_ERROR}),
    ("6.7 PING on a stream", frame(PING, 0, 1, b"\0" * 8), {PROTOCOL_ERROR}),
    ("6.7 PING of another length", frame(PING, 0, 0, b"\0" * 7), {FRAME_SIZE}),
    ("6.8 GOAWAY on a stream", frame(GOAWAY, 0, 1, b"\0" * 8), {PROTOCOL_ERROR}),
    ("6.9 WINDOW_UPDATE of 0 on the connection", frame(WINDOW_UPDATE, 0, 0, b"\0" * 4), {PROTOCOL_ERROR}),
    ("6.9 WINDOW_UPDATE of another length", frame(WINDOW_UPDATE, 0, 0, b"\0" * 3), {FRAME_SIZE}),
    ("6.9.1 the connection's window overflows", frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2, {FLOW_CONTROL}),
    ("6.10 CONTINUATION without HEADERS", frame(CONTINUATION, 4, 1, GET_HEAD), {PROTOCOL_ERROR}),
    ("6.10 another frame inside a header block", head(1, flags=1) + frame(PING, 0, 0, b"\0" * 8), {PROTOCOL_ERROR}),
    ("8.1 HEADERS behind END_STREAM", head() + head(), {STREAM_CLOSED, PROTOCOL_ERROR}),
    ("8.2.1 an upper-case field name", head(1, GET_HEAD + literal(b"X-A", b"b")), {PROTOCOL_ERROR}),
    ("8.2.1 a line feed in a value", head(1, GET_HEAD + literal(b"a", b"b\nc")), {PROTOCOL_ERROR}),
    ("8.2.2 Connection", head(1, GET_HEAD + literal(b"connection", b"close")), {PROTOCOL_ERROR}),
    ("8.2.2 Transfer-Encoding", head(1, GET_HEAD + literal(b"transfer-encoding", b"chunked")), {PROTOCOL_ERROR}),
    ("8.2.2 TE other than trailers", head(1, GET_HEAD + literal(b"te", b"gzip")), {PROTOCOL_ERROR}),
    ("8.3 an unknown pseudo field", head(1, GET_HEAD + literal(b":a", b"b")), {PROTOCOL_ERROR}),
    ("8.3 a pseudo field of answers", head(1, GET_HEAD + literal(b":status", b"200")), {PROTOCOL_ERROR}),
    ("8.3 a pseudo field behind others", head(1, literal(b"a", b"b") + GET_HEAD), {PROTOCOL_ERROR}),
    ("8.3.1 no :method", head(1, b"\x86\x84" + literal(b":authority", b"api")), {PROTOCOL_ERROR}),
    ("8.3.1 no :path", head(1, b"\x82\x86" + literal(b":authority", b"api")), {PROTOCOL_ERROR}),
    ("8.3.1 an empty :path", head(1, b"\x82\x86" + literal(b":path", b"") + literal(b":authority", b"api")), {PROTOCOL_ERROR, 400}),
    ("8.3.1 two :path", head(1, GET_HEAD + literal(b":path", b"/b")), {PROTOCOL_ERROR}),
    ("8.3.1 an :authority with a path", head(1, b"\x82\x86\x84" + literal(b":authority", b"a/b")), {PROTOCOL_ERROR, 400}),
    ("8.3.1 Host that differs", head(1, GET_HEAD + literal(b"host", b"other")), {PROTOCOL_ERROR, 400}),
    ("8.1.1 a length that does not fit", head(1, GET_HEAD + literal(b"content-length", b"3"), 4) + frame(DATA, 1, 1, b"x"), {PROTOCOL_ERROR}),
]


def read_frames(wire):
    """Until the connection ends, or has been silent: (kind, flags, stream, payload)."""
    received = b""
    wire.settimeout(1)
    try:
        while piece := wire.recv(65536):
            received += piece
            if ends(received):
                break
    except (ConnectionError, socket.timeout):
        pass
    return list(cut(received))


def cut(received):
    while len(received) >= 9:
        length = int.from_bytes(received[:3], "big")
        yield received[3], received[4], int.from_bytes(received[5:9], "big"), received[9:9 + length]
        received = received[9 + length:]


def ends(received):
    return any(kind in (RST_STREAM, GOAWAY) or (kind in (DATA, HEADERS) and flags & 1) for kind, flags, _, _ in cut(received))


def outcome(frames):
    """The code of the first RST_STREAM or GOAWAY, else the status of an answer."""
    for kind, _, _, payload in frames:
        if kind == RST_STREAM:
            return int.from_bytes(payload[:4], "big")
        if kind == GOAWAY:
            return int.from_bytes(payload[4:8], "big")
        if kind == HEADERS:
            return {0x88: 200, 0x8c: 400}.get(payload[0], payload[:20])
    return None


def test_frames_that_break_the_rules_end_what_they_must(mesh, origin):
    server = origin("api")
    mesh.serve("api", server.port)
    mesh.write("mtls.yaml", PERMISSIVE)
    mesh.start()
    address, port = mesh.inbound("api")
    wrong = []
    for name, sent, codes in ROWS:
        with connect(port, address) as wire:
            wire.sendall(START + sent)
            seen = outcome(read_frames(wire))
        if seen not in codes:
            wrong.append((name, seen, codes))
    assert not wrong
    with connect(port, address) as wire:
        wire.sendall(START + head() + frame(PING, 0, 0, b"pingpong"))
        assert outcome(read_frames(wire)) == 200
    assert all(request["path"] == "/" and request["headers"]["host"] == "api" for request in server.requests)


def test_what_a_peer_may_send_is_taken(mesh, origin):
    mesh.serve("api", origin("api").port)
    mesh.write("mtls.yaml", PERMISSIVE)
    mesh.start()
    address, port = mesh.inbound("api")
    for name, sent in (
            ("an unknown frame", frame(0xbe, 0xff, 0, b"what")), ("an unknown setting", frame(SETTINGS, 0, 0, b"\xff\0\0\0\0\1")),
            ("reserved bits", frame(PING, 0, 1 << 31, b"\0" * 8)), ("PRIORITY on an idle stream", frame(PRIORITY, 0, 7, b"\0\0\0\0\1")),
            ("a ping", frame(PING, 0, 0, b"\0" * 8))):
        with connect(port, address) as wire:
            wire.sendall(START + sent + head())
            assert outcome(read_frames(wire)) == 200, name
    with connect(port, address) as wire:  # a head in three parts, with padding and priority
        wire.sendall(START + frame(HEADERS, 0x29, 1, b"\3\0\0\0\0\x10" + GET_HEAD[:1] + b"\0" * 3)
                     + frame(CONTINUATION, 0, 1, GET_HEAD[1:3]) + frame(CONTINUATION, 4, 1, GET_HEAD[3:]))
        assert outcome(read_frames(wire)) == 200


@needs("h2load")
def test_h2load_and_nghttp_get_all_they_ask_for(mesh, origin):
    mesh.serve("api", origin("api").port)
    mesh.write("mtls.yaml", PERMISSIVE)
    mesh.start()
    address, port = mesh.inbound("api")
    done = subprocess.run(["h2load", "-n", "2000", "-c", "4", "-m", "20", f"http://{address}:{port}/bytes/3000"],
                          capture_output=True, text=True, timeout=50)
    assert "2000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout, done.stdout
    done = subprocess.run(["nghttp", "-nsv", f"http://{address}:{port}/bytes/70000"], capture_output=True, text=True, timeout=20)
    assert ":status: 200" in done.stdout and "RST_STREAM" not in done.stdout, done.stdout


# --- nginx and HAProxy at both ends ---

NGINX = """
daemon off; worker_processes 1; error_log stderr; pid {folder}/pid;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{origin}; root {folder};
    location = /say {{ return 200 "nginx said it"; }}
    location = /none {{ return 204; }}
    location = /moved {{ return 302 /say; }} }}
  server {{ listen 127.0.0.1:{front}; client_max_body_size 0;
    location / {{ proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host api;
                  proxy_request_buffering off; proxy_pass http://127.0.0.1:{proxy}; }} }}
}}
"""

HAPROXY = """
global
  log stderr local0 emerg
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend front
  bind 127.0.0.1:{front}
  http-request set-header Host api
  default_backend proxy
backend proxy
  server proxy 127.0.0.1:{proxy} {options}
frontend origin
  bind 127.0.0.1:{origin} {bind}
  http-request return status 204 if {{ path /none }}
  http-request redirect location /say code 302 if {{ path /moved }}
  http-request return status 200 content-type text/plain file {folder}/big if {{ path /big }}
  http-request return status 200 content-type text/plain string "HAProxy said it"
"""


@pytest.fixture
def peer(tmp_path):
    """peer(program, configuration): started in front of and behind the proxy."""
    started = []

    def start(program, text, **values):
        configuration = tmp_path / f"{program}.conf"
        configuration.write_text(text.format(folder=tmp_path, **values))
        command = {"nginx": ["nginx", "-p", str(tmp_path), "-c", str(configuration)],
                   "haproxy": ["haproxy", "-q", "-f", str(configuration)]}[program]
        log = open(tmp_path / f"{program}.log", "wb")
        started.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path))
        for port in (values["front"], values["origin"]):
            wait_for(lambda port=port: socket.socket().connect_ex(("127.0.0.1", port)) == 0, (tmp_path / f"{program}.log").read_text())

    yield start
    for process in started:
        process.terminate()
        process.wait(10)


BIG = bytes(range(256)) * 12288  # 3 MiB


def check_peer(front, name):
    for _ in range(3):
        status, headers, body = get(front, "/say")
        assert (status, body) == (200, name.encode() + b" said it")
    assert get(front, "/none")[0] == 204
    assert get(front, "/moved")[0] == 302
    assert get(front, "/say", "HEAD")[2] == b""


@needs("nginx")
def test_nginx_at_both_ends(way, peer, tmp_path):
    origin, front = free_port(), free_port()
    out = way(origin)
    (tmp_path / "big").write_bytes(BIG)
    tmp_path.chmod(0o755)
    peer("nginx", NGINX, origin=origin, front=front, proxy=out)
    check_peer(front, "nginx")
    assert get(front, "/say", "POST", b"x" * 100000)[0] in (200, 405)


@needs("haproxy")
@pytest.mark.parametrize("version", ["1", "2"])
def test_haproxy_at_both_ends(way, peer, tmp_path, version):
    origin, front = free_port(), free_port()
    out = way(origin, kind="http2" if version == "2" else "http")
    (tmp_path / "big").write_bytes(BIG[:15000])
    h2 = "proto h2" if version == "2" else ""
    peer("haproxy", HAPROXY, origin=origin, front=front, proxy=out, options=h2, bind=h2)
    check_peer(front, "HAProxy")
    assert get(front, "/big")[2] == BIG[:15000]


# --- a gibibyte, with MANGROVE_LONG=1; else less of it ---

SIZE = (1 << 30) if os.environ.get("MANGROVE_LONG") else 64 << 20


@pytest.mark.timeout(300)
@pytest.mark.parametrize("protocol", ["http1", "http2"])
def test_a_large_body_both_ways_leaves_memory_flat(mesh, raw_origin, protocol):
    piece = bytes(range(256)) * 1024

    async def both(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        left, received = SIZE, hashlib.sha256()
        while left:
            part = await reader.read(1 << 20)
            received.update(part)
            left -= len(part)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
        assert received.digest() == whole
        for _ in range(SIZE // len(piece)):
            writer.write(piece)
            await writer.drain()

    expected = hashlib.sha256()
    for _ in range(SIZE // len(piece)):
        expected.update(piece)
    whole = expected.digest()
    mesh.serve("api", raw_origin(both).port)
    out = mesh.speak_as("web")
    mesh.start()
    before, peak = mesh.resident_bytes(), 0
    source = subprocess.Popen(["head", "-c", str(SIZE)], stdin=subprocess.Popen(
        ["python3", "-c", "import sys\np = bytes(range(256)) * 1024\nwhile True: sys.stdout.buffer.write(p)"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout, stdout=subprocess.PIPE)
    curl = subprocess.Popen(
        ["curl", "-sS", "--http2-prior-knowledge" if protocol == "http2" else "--http1.1", "-H", "Host: api", "-H", "Expect:",
         "-H", "Transfer-Encoding:",
         "-H", f"Content-Length: {SIZE}", "-T", "-", f"http://127.0.0.1:{out}/"], stdin=source.stdout, stdout=subprocess.PIPE)
    received = hashlib.sha256()
    while part := curl.stdout.read(1 << 20):
        received.update(part)
        peak = max(peak, mesh.resident_bytes() - before)
    assert curl.wait(10) == 0
    assert received.digest() == whole
    assert peak < 8 << 20
