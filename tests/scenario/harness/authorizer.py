# SPDX-License-Identifier: Apache-2.0
"""External authorizers: what a CUSTOM policy asks, over HTTP or gRPC.

    HttpAuthorizer(judge)   judge(request) -> (status, headers, body), or None: it hangs up
    GrpcAuthorizer(judge)   judge(CheckRequest) -> CheckResponse; the servers are grpcio's
    messages()              the classes of those two, made by protoc from our .proto
"""

import asyncio
import importlib
import subprocess
import sys
import tempfile
from concurrent import futures
from functools import cache

import grpc

from .origin import RawOrigin, read_request
from .process import ROOT


@cache
def messages():
    folder = tempfile.mkdtemp(prefix="ext-authz-messages")
    source = ROOT / "src/proxy"
    subprocess.run(["protoc", f"-I{source}", f"--python_out={folder}", "ext_authz.proto"], check=True)
    sys.path.insert(0, folder)
    return importlib.import_module("ext_authz_pb2")


class HttpAuthorizer(RawOrigin):
    def __init__(self, judge):
        self.requests, self._judge = [], judge
        super().__init__(self._answer_all)

    async def _answer_all(self, reader, writer):
        while request := await read_request(reader):
            self.requests.append(request)
            verdict = self._judge(request)
            if isinstance(verdict, (int, float)):  # seconds of silence, then yes
                await asyncio.sleep(verdict)
                verdict = 200, [], b""
            if verdict is None:
                return
            if isinstance(verdict, bytes):
                writer.write(verdict)
                await writer.drain()
                return
            status, headers, body = verdict
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
            writer.write(f"HTTP/1.1 {status} Said\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()


class GrpcAuthorizer:
    def __init__(self, judge):
        self.requests, self._judge = [], judge
        check = grpc.unary_unary_rpc_method_handler(
            self._check, request_deserializer=messages().CheckRequest.FromString,
            response_serializer=lambda response: response.SerializeToString()
            if not isinstance(response, bytes) else response)
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers((
            grpc.method_handlers_generic_handler("envoy.service.auth.v3.Authorization", {"Check": check}),))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def _check(self, request, context):
        self.requests.append(request)
        return self._judge(request, context)

    def stop(self):
        self._server.stop(0).wait()
