# SPDX-License-Identifier: Apache-2.0
"""Servers behind the proxy. Each runs in a thread of its own with one asyncio loop.

HttpOrigin answers any request with JSON that tells what it was asked; some paths do more:
    /status/404   that status          /bytes/70000   that many bytes
    /chunks/5     a chunked body       /slow/0.5      the answer after that many seconds
    server.status = 503                every answer has that status; None: it hangs up instead
RawOrigin hands each connection to a coroutine (reader, writer) of the test.
"""

import asyncio
import json
import threading


class RawOrigin:
    def __init__(self, on_connection, address="127.0.0.1", port=0, tls=None):
        self.connections = 0
        self._on_connection = on_connection
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(address, port, tls, started), daemon=True)
        self._thread.start()
        assert started.wait(5), "the origin server did not start"

    def _run(self, address, port, tls, started):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, address, port, ssl=tls, limit=1 << 20))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _serve(self, reader, writer):
        self.connections += 1
        try:
            await self._on_connection(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


class HttpOrigin(RawOrigin):
    def __init__(self, name="origin", **options):
        self.name, self.requests, self.status = name, [], 200
        super().__init__(self._answer_all, **options)

    async def _answer_all(self, reader, writer):
        while request := await read_request(reader):
            self.requests.append(request)
            if self.status is None:
                return
            await self._answer(request, writer)
            if request["headers"].get("connection", "").lower() == "close":
                return

    async def _answer(self, request, writer):
        kind, _, argument = request["path"].strip("/").partition("/")
        status, body = self.status, json.dumps({"origin": self.name, **request}).encode()
        content_type = "application/json"
        if kind == "status":
            status = int(argument)
        elif kind == "bytes":
            body, content_type = b"x" * int(argument), "text/plain"
        elif kind == "slow":
            await asyncio.sleep(float(argument))
        head = f"HTTP/1.1 {status} Said\r\nContent-Type: {content_type}\r\nX-Origin: {self.name}\r\n"
        if kind == "chunks":
            head = head.replace("application/json", "text/plain")
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(str(n)), str(n).encode()) for n in range(int(argument)))
            writer.write(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        else:
            if request["method"] == "HEAD" or status in (204, 304):
                body, length = b"", "" if status == 204 else f"Content-Length: {len(body)}\r\n"
            else:
                length = f"Content-Length: {len(body)}\r\n"
            writer.write(f"{head}{length}\r\n".encode() + body)
        await writer.drain()


async def read_request(reader):
    """One HTTP/1.1 request as a dict (header names in lower case); None at the end."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, path, version = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        name = name.lower()
        headers[name] = f"{headers[name]},{value.strip()}" if name in headers else value.strip()
    body = b""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body, trailers = await _read_chunks(reader)
    else:
        body, trailers = await reader.readexactly(int(headers.get("content-length", 0))), []
    return {"method": method, "path": path, "version": version, "headers": headers,
            "body": body.decode("latin-1"), "trailers": trailers}


async def _read_chunks(reader):
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    trailers = []
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        trailers.append(line.decode("latin-1").strip())
    return body, trailers
