# SPDX-License-Identifier: Apache-2.0
"""WebSockets go through, after the same questions as any request; other protocols do not."""

import asyncio
import socket
import ssl
import threading
import time

import pytest
from harness.process import free_port, wait_for
from harness.wire import client_tls, get, talk
from test_tcp import policy, read_all

h2_config = pytest.importorskip("h2.config")
h2_connection = pytest.importorskip("h2.connection")
h2_events = pytest.importorskip("h2.events")
websockets = pytest.importorskip("websockets")

WEB = "spiffe://cluster.local/ns/default/sa/web"

STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""


class Echo:
    """A WebSocket server of its own thread: says back what it hears, and who it was told is asking."""

    def __init__(self):
        self.headers, self.closed = [], []
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(5)

    async def _serve(self, connection, path=None):
        self.headers.append(connection.request_headers)
        try:
            async for message in connection:
                await connection.send(message)
        except websockets.ConnectionClosedError:
            pass
        self.closed.append(connection.close_code)

    def _run(self, started):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            websockets.serve(self._serve, "127.0.0.1", 0, max_size=None, subprotocols=["chat"]))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(server.wait_closed())

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


@pytest.fixture
def echo():
    server = Echo()
    yield server
    server.stop()


@pytest.fixture
def way(mesh, echo):
    """way(): the port on which web's requests to the echo server leave, two sidecars away from it."""

    def start(more=""):
        mesh.serve("api", echo.port)
        out = mesh.speak_as("web")
        mesh.write("mtls.yaml", STRICT + more)
        mesh.start()
        return out

    return start


def talk_to(port, script, host="api", **options):
    async def run():
        async with websockets.connect(f"ws://{host}/chat?a=b", host="127.0.0.1", port=port, max_size=None,
                                      open_timeout=5, **options) as connection:
            return await script(connection)

    return asyncio.run(run())


def test_messages_go_both_ways(way, echo, mesh):
    async def script(connection):
        for message in ("hello", b"\0\1\2", "", "x" * 100000, b"y" * (2 << 20)):
            await connection.send(message)
            assert await connection.recv() == message
        await connection.ping()
        return connection.subprotocol

    out = way()
    assert talk_to(out, script, subprotocols=["chat"], compression=None) == "chat"
    wait_for(lambda: echo.closed == [1000], "the server saw the end")
    told = echo.headers[0]
    assert f"URI={WEB}" in told["x-forwarded-client-cert"]
    assert told["host"] == "api"
    line = mesh.wait_for_line(listener="inbound", path="/chat?a=b")
    assert (line["method"], line["status"], line["source_principal"]) == ("GET", 101, WEB)
    assert line["bytes_received"] > 2 << 20


def test_many_at_once_and_requests_beside_them(way):
    async def script(connection):
        await asyncio.sleep(0.2)
        await connection.send("late")
        return await connection.recv()

    out = way()

    async def all_of_them():
        async def one():
            async with websockets.connect("ws://api/", host="127.0.0.1", port=out) as connection:
                return await script(connection)

        return await asyncio.gather(*[one() for _ in range(20)])

    assert asyncio.run(all_of_them()) == ["late"] * 20
    assert get(out, headers={"Host": "api"})[0] == 426  # the echo server wants an upgrade


def test_who_may_not_is_told_so_in_http(way, echo):
    out = way(policy("DENY", '{to: [{operation: {paths: ["/chat"]}}]}').replace("app: db", "app: api"))
    with pytest.raises(websockets.InvalidStatusCode) as refusal:
        talk_to(out, None)
    assert refusal.value.status_code == 403
    assert not echo.headers


def test_a_server_that_will_not_answers_as_it_likes(mesh, origin):
    mesh.serve("api", origin("api").port)
    out = mesh.speak_as("web")
    mesh.start()
    with pytest.raises(websockets.InvalidStatusCode) as refusal:
        talk_to(out, None)
    assert refusal.value.status_code == 200
    assert get(out, headers={"Host": "api"})[0] == 200


ASK = (b"GET / HTTP/1.1\r\nHost: api\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
       b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
ANSWER = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


@pytest.fixture
def raw_way(mesh, raw_origin):
    def start(on_connection):
        mesh.serve("api", raw_origin(on_connection).port)
        out = mesh.speak_as("web")
        mesh.start()
        return out

    return start


def test_nothing_is_passed_on_before_the_upstream_has_agreed(raw_way):
    heard = []

    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.3)
        heard.append(len(reader._buffer))
        writer.write(b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        heard.append(len(await reader.read(-1)))

    out = raw_way(refuse)
    said = talk(out, ASK + b"GET /smuggled HTTP/1.1\r\nHost: api\r\n\r\n", seconds=2)
    assert said.startswith(b"HTTP/1.1 403")
    assert heard[0] == 0


def test_bytes_right_behind_both_heads(raw_way):
    async def agree(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER + b"first from the server")
        assert await reader.readexactly(21) == b"first from the client"
        writer.write(b"|second")
        assert await reader.read(-1) == b"|more"
        writer.write(b"|last")

    out = raw_way(agree)
    with socket.create_connection(("127.0.0.1", out), 5) as wire:
        wire.sendall(ASK + b"first from the client")
        received = b""
        while not received.endswith(b"|second"):
            received += (piece := wire.recv(1000))
            assert piece, received
        wire.sendall(b"|more")
        wire.shutdown(socket.SHUT_WR)
        received += read_all(wire)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"\r\nupgrade: websocket" in head.lower() and b"\r\nconnection: upgrade" in head.lower()
    assert body == b"first from the server|second|last"


@pytest.mark.parametrize("answer", [ANSWER.replace(b"websocket", b"other"), ANSWER.replace(b"Upgrade: websocket\r\n", b"")])
def test_another_protocol_than_was_asked_for(raw_way, answer):
    async def switch(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer + b"surprise")
        await reader.read(-1)

    said = talk(raw_way(switch), ASK, seconds=2)
    assert said.startswith(b"HTTP/1.1 502") and b"surprise" not in said


@pytest.mark.parametrize("request_head, status", [
    (ASK.replace(b"websocket", b"tls/1.3"), 403),
    (ASK.replace(b"GET", b"POST"), 403),
    (ASK.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\nab"), 403),
    (b"CONNECT api:80 HTTP/1.1\r\nHost: api:80\r\n\r\n", 501),
], ids=["another protocol", "another method", "a body", "CONNECT"])
def test_what_is_no_websocket_is_refused(raw_way, request_head, status):
    async def never(reader, writer):
        assert not await reader.read(1)

    assert talk(raw_way(never), request_head, seconds=2)[9:12] in (b"%d" % status, b"405")


# --- over HTTP/2 (RFC 8441) ---


class Http2:
    """One HTTP/2 connection, driven by hand."""

    def __init__(self, wire):
        self.wire, self.events = wire, []
        self.state = h2_connection.H2Connection(h2_config.H2Configuration(header_encoding="utf-8", validate_outbound_headers=False))
        self.state.initiate_connection()
        self.flush()

    def flush(self):
        self.wire.sendall(self.state.data_to_send())

    def wait(self, kind, stream=None):
        deadline = time.monotonic() + 5
        while True:
            for event in self.events:
                if isinstance(event, kind) and (stream is None or event.stream_id == stream):
                    self.events.remove(event)
                    return event
            assert time.monotonic() < deadline, self.events
            for event in self.state.receive_data(self.wire.recv(65536)):
                if isinstance(event, h2_events.DataReceived):
                    self.state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self.events.append(event)
            self.flush()

    def connect(self, protocol="websocket", path="/h2", authority="api"):
        stream = self.state.get_next_available_stream_id()
        self.state.send_headers(stream, [
            (":method", "CONNECT"), (":protocol", protocol), (":scheme", "https"), (":path", path),
            (":authority", authority), ("sec-websocket-version", "13")])
        self.flush()
        return stream


@pytest.fixture
def http2(mesh, ca):
    def connect(name):
        address, port = mesh.inbound(name)
        tls = client_tls(ca.leaf(WEB), alpn=["h2"])
        return Http2(tls.wrap_socket(socket.create_connection((address, port), 5)))

    return connect


def test_extended_connect_reaches_a_server_of_http1(way, echo, http2, mesh):
    way()
    client = http2("api")
    settings = client.wait(h2_events.RemoteSettingsChanged)
    assert settings.changed_settings[8].new_value == 1
    stream = client.connect()
    head = dict(client.wait(h2_events.ResponseReceived, stream).headers)
    assert head[":status"] == "200"
    assert not {"connection", "upgrade", "sec-websocket-accept"} & set(head)
    client.state.send_data(stream, b"\x81\x85\0\0\0\0hello")  # a masked text frame
    client.flush()
    assert client.wait(h2_events.DataReceived, stream).data == b"\x81\x05hello"
    client.state.send_data(stream, b"\x88\x82\0\0\0\0\x03\xe8")  # close, 1000
    client.flush()
    client.wait(h2_events.StreamEnded, stream)
    client.state.end_stream(stream)
    client.flush()
    wait_for(lambda: echo.closed == [1000], "the server saw the end")
    line = mesh.wait_for_line(listener="inbound", path="/h2")
    assert (line["method"], line["response_flags"]) == ("GET", "-")


def test_extended_connect_asks_the_same_policies(way, http2, echo):
    way(policy("DENY", '{to: [{operation: {paths: ["/h2"]}}]}').replace("app: db", "app: api"))
    client = http2("api")
    stream = client.connect()
    assert dict(client.wait(h2_events.ResponseReceived, stream).headers)[":status"] == "403"
    assert not echo.headers


def test_extended_connect_for_anything_else_is_refused(way, http2, echo):
    way()
    client = http2("api")
    stream = client.connect(protocol="connect-udp")
    assert dict(client.wait(h2_events.ResponseReceived, stream).headers)[":status"] in ("403", "405")
    assert not echo.headers


def test_an_abrupt_end_reaches_the_other_side(way, http2, echo):
    way()
    client = http2("api")
    stream = client.connect()
    client.wait(h2_events.ResponseReceived, stream)
    client.state.reset_stream(stream)
    client.flush()
    wait_for(lambda: echo.closed == [1006], "the server saw that it was cut off")
