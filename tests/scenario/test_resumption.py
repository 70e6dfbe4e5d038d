# SPDX-License-Identifier: Apache-2.0
"""TLS sessions that are resumed: the same client, asked about again, and nobody else."""

import json
import socket
import ssl

import pytest
from harness.process import wait_for
from harness.wire import client_tls

WEB = "spiffe://cluster.local/ns/default/sa/web"

STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""

REVOKED = json.dumps({"apiVersion": "mangrove.dev/v1", "kind": "Revocation", "metadata": {"name": "stolen"},
                      "spec": {"reason": "the key was stolen", "deny": [{"spiffeID": WEB}]}})


@pytest.fixture
def api(mesh, origin):
    mesh.serve("api", origin("api").port)
    mesh.write("strict.yaml", STRICT)
    mesh.start()
    return mesh


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def tls(api, request):
    context = client_tls(api.ca.leaf(WEB))
    context.minimum_version = context.maximum_version = ssl.TLSVersion[request.param]
    return context


def ask(mesh, tls, session=None):
    """A request on a connection of its own: status, the session, whether one was resumed."""
    with socket.create_connection(mesh.inbound("api"), timeout=5) as plain, \
            tls.wrap_socket(plain, session=session) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n")
        data = b""
        while part := connection.recv(65536):
            data += part
        assert data, "the connection was closed without an answer"
        return int(data.split()[1]), connection.session, connection.session_reused


def test_a_client_that_comes_back_is_who_it_was(api, tls):
    status, session, reused = ask(api, tls)
    assert (status, reused) == (200, False)
    status, _, reused = ask(api, tls, session)
    assert (status, reused) == (200, True)
    wait_for(lambda: len(api.log_lines()) == 2, "both requests are logged")
    assert [line["source_principal"] for line in api.log_lines()] == [WEB, WEB]


def test_who_was_revoked_meanwhile_does_not_come_back(api, tls):
    session = ask(api, tls)[1]
    api.write("revocation.yaml", REVOKED)
    api.proxy.wait_for_log("in force", seconds=5)
    api.wait_for_plan(2)
    with pytest.raises((OSError, AssertionError)):
        ask(api, tls, session)
    assert "revoked" in api.wait_for_line(status=0, stage="handshake")["details"]


def test_a_new_plan_asks_for_the_certificate_again(api, tls):
    session = ask(api, tls)[1]
    api.write("other.yaml", STRICT.replace("name: default", "name: other").replace("istio-system", "elsewhere"))
    api.wait_for_plan(2)
    status, _, reused = ask(api, tls, session)
    assert (status, reused) == (200, False)


def test_a_session_does_not_outlive_its_certificate(api):
    short = client_tls(api.ca.leaf(WEB, minutes=(-5, 0.035)))
    status, session, _ = ask(api, short)
    assert status == 200 and session.ticket_lifetime_hint <= 3
