# SPDX-License-Identifier: Apache-2.0
"""Connections after their TLS handshake, with OpenSSL at the other end."""

import os
import socket
import ssl
import subprocess
import time

import pytest
from harness.process import wait_for
from harness.wire import client_tls

WEB = "spiffe://cluster.local/ns/default/sa/web"
REQUEST = b"GET /bytes/100000 HTTP/1.1\r\nHost: api\r\n\r\n"


@pytest.fixture
def api(mesh, origin):
    mesh.serve("api", origin("api").port)
    mesh.start()
    return mesh


@pytest.mark.parametrize("suite", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])
def test_keys_change_while_requests_go_on(api, suite):
    """K asks for new keys of both sides, k tells of a new one of the client's."""
    address, port = api.inbound("api")
    leaf = api.ca.leaf(WEB)
    child = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"{address}:{port}", "-cert", leaf.certificate, "-key", leaf.key,
         "-alpn", "istio-http/1.1", "-ciphersuites", suite, "-crlf"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = b""
    while b"Verify return code" not in output:
        output += os.read(child.stdout.fileno(), 65536)
    for command in (b"K\n", b"k\n", b"K\n"):
        child.stdin.write(b"GET /status/200 HTTP/1.1\nHost: api\n\n")
        child.stdin.flush()
        time.sleep(0.2)
        child.stdin.write(command)
        child.stdin.flush()
        time.sleep(0.2)
    child.stdin.write(b"GET /status/200 HTTP/1.1\nHost: api\nConnection: close\n\n")
    child.stdin.flush()
    output += child.communicate(timeout=10)[0]
    wait_for(lambda: len(api.log_lines()) == 4, "four requests are logged")
    assert [line["status"] for line in api.log_lines()] == [200] * 4
    assert output.count(b"KEYUPDATE") == 3
    assert f"Cipher is {suite}".encode() in output


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_large_bodies_and_small_pieces(api, version):
    tls = client_tls(api.ca.leaf(WEB), alpn=["istio-http/1.1"])
    tls.minimum_version = tls.maximum_version = ssl.TLSVersion[version]
    with socket.create_connection(api.inbound("api"), timeout=5) as plain, tls.wrap_socket(plain) as connection:
        for byte in REQUEST:  # a record a byte
            connection.sendall(bytes([byte]))
        data = b""
        while len(data) < 100000:
            data += connection.recv(1000)
        assert data.startswith(b"HTTP/1.1 200")


def test_a_forged_record_ends_the_connection(api):
    tls = client_tls(api.ca.leaf(WEB), alpn=["istio-http/1.1"])
    with socket.create_connection(api.inbound("api"), timeout=5) as plain:
        raw = plain.dup()
        with tls.wrap_socket(plain) as connection, raw:
            connection.sendall(b"GET /status/200 HTTP/1.1\r\nHost: api\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
            raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
            raw.settimeout(5)
            try:
                while raw.recv(4096):
                    pass  # a goodbye at most
            except ConnectionResetError:
                pass
    api.wait_for_line(status=200)
    assert len(api.log_lines()) == 1
