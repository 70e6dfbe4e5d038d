# SPDX-License-Identifier: Apache-2.0
"""What the demo's services share: an HTTP server, and calls to other services through the sidecar.

A service knows nothing of TLS, certificates or policies. It listens on 127.0.0.1:PORT for what its
sidecar lets through, and asks others by sending plain HTTP to its sidecar at OUTBOUND_PORT with the
service's name as Host.
"""

import http.client
import json
import os
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Refused(Exception):
    """Another service, or the mesh in front of it, did not answer with 2xx."""

    def __init__(self, service, status, text):
        super().__init__(f"{service} answered {status}: {text}")
        self.service, self.status, self.text = service, status, text


class Request:
    def __init__(self, handler, body):
        self.method, self.path = handler.command, handler.path.split("?")[0]
        self.body = json.loads(body) if body else {}
        # The sidecar says whose certificate it verified; a client cannot: it is set anew each time.
        identity = re.search(r"URI=([^;,]+)", handler.headers.get("x-forwarded-client-cert", ""))
        self.caller = identity[1] if identity else "not known"


def call(service, method, path, body=None):
    """Asks another service; returns its JSON. Raises Refused."""
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["OUTBOUND_PORT"]), timeout=10)
    try:
        text = json.dumps(body) if body is not None else None
        headers = {"Host": service}
        if text:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, text, headers)
        response = connection.getresponse()
        content = response.read().decode(errors="replace")
    except OSError as error:
        raise Refused(service, 503, f"the sidecar cannot be reached: {error}") from error
    finally:
        connection.close()
    if not 200 <= response.status < 300:
        raise Refused(service, response.status, content.strip())
    return json.loads(content)


def audit(event):
    """Tells the audit service; work goes on where it does not answer."""
    try:
        call("audit-service", "POST", "/events", {"service": NAME, "event": event})
    except Refused as refused:
        print(f"audit: {refused}", file=sys.stderr, flush=True)


def hop(request):
    """Who was asked, and by whom: a link of the trail that answers carry."""
    return {"service": NAME, "caller": request.caller}


def serve(answer):
    """answer(request) returns (status, JSON) or (status, bytes, content type)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = NAME, ""
        timeout = 60

        def handle_request(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                status, *content = answer(Request(self, body))
            except Refused as refused:
                problem = {"error": str(refused), "refused_by": refused.service}
                status, content = 502 if refused.status >= 500 else refused.status, [problem]
            except (KeyError, TypeError, ValueError) as error:
                status, content = 400, [{"error": f"this request cannot be understood: {error}"}]
            self.reply(status, *content)

        def reply(self, status, content, content_type="application/json"):
            if not isinstance(content, bytes):
                content = json.dumps(content, indent=1).encode() + b"\n"
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_request

        def log_message(self, format, *arguments):
            print(f"{self.command} {self.path} {arguments[1]}", file=sys.stderr, flush=True)

    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()


NOT_FOUND = (404, {"error": "there is no such thing here"})
NAME = os.path.basename(sys.argv[0]).removesuffix(".py").replace("_", "-")
