# SPDX-License-Identifier: Apache-2.0
"""Bytes to a port and back. For HTTP that is right, curl or http.client; here for all that is not."""

import http.client
import json
import socket
import ssl


def client_tls(leaf=None, server_name_checked=None, ca=None, alpn=None):
    """A TLS client context. Without a name to check it takes any server: the test looks at the other end."""
    context = ssl.create_default_context(cafile=str(ca) if ca else None)
    context.check_hostname = bool(server_name_checked)
    context.verify_mode = ssl.CERT_REQUIRED if ca else ssl.CERT_NONE
    if leaf:
        context.load_cert_chain(leaf.certificate, leaf.key)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def talk(port, data, address="127.0.0.1", tls=None, server_name=None, seconds=5):
    """Sends bytes and returns all that comes until the other end closes, or is silent for long.

    A reset, or a refused handshake (TLS 1.3 tells at the first read), gives what came before: b"" most times.
    """
    received = b""
    try:
        with socket.create_connection((address, port), seconds) as wire:
            if tls:
                wire = tls.wrap_socket(wire, server_hostname=server_name)
            with wire:
                wire.sendall(data)
                while piece := wire.recv(65536):
                    received += piece
    except (ConnectionError, ssl.SSLError, socket.timeout):
        pass
    return received


def get(port, path="/", method="GET", body=None, headers=None, address="127.0.0.1", tls=None, seconds=10):
    """One HTTP request: (status, headers, body), the body read where it is JSON."""
    if tls:
        connection = http.client.HTTPSConnection(address, port, timeout=seconds, context=tls)
    else:
        connection = http.client.HTTPConnection(address, port, timeout=seconds)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        content = response.read()
        if response.headers.get("content-type") == "application/json" and content:
            content = json.loads(content)
        return response.status, response.headers, content
    finally:
        connection.close()
