# SPDX-License-Identifier: Apache-2.0
"""Certificates that live for seconds: rotation under traffic, and coming back when all has expired."""

import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from harness.process import wait_for
from harness.wire import get
from harness.workload_api import WorkloadApi, certificates, write_pem

REQUEST = b"GET / HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n"
CLIENT = "spiffe://cluster.local/ns/default/sa/client"

WORKLOADS = """
    apiVersion: networking.istio.io/v1
    kind: WorkloadEntry
    metadata: {name: client, namespace: default}
    spec: {address: 10.0.0.1, serviceAccount: client}
    ---
    apiVersion: security.istio.io/v1
    kind: PeerAuthentication
    metadata: {name: default, namespace: istio-system}
    spec: {mtls: {mode: STRICT}}
"""


@pytest.fixture
def node(mesh, origin, start, state):
    """node(lifetimes): the authority and a proxy that gets its identities from it, as two processes."""
    mesh.serve("api", origin("api").port)
    mesh.way_out = mesh.speak_as("web")
    mesh.write("workloads.yaml", WORKLOADS)
    mesh.leaves.clear()  # identities come from the Workload API

    def start_authority(svid, issuer, root):
        role = start("identity", "--state", state / "node", "--svid-ttl", f"{svid}s", "--issuer-ttl", f"{issuer}s",
                     "--root-ttl", f"{root}s", mesh.resources.path)
        role.wait_for_log("Workload API at")
        return role

    def start_node(*lifetimes):
        role = start_authority(*lifetimes)
        mesh.start("--workload-api", f"unix://{state}/node/workload-api.sock")
        return role

    start_node.authority = start_authority
    start_node.api = lambda: WorkloadApi(state / "node/workload-api.sock")
    return start_node


class Member:
    """A client of the mesh that follows the Workload API, as a sidecar does."""

    def __init__(self, api, folder):
        self.folder, self.context, self.roots, self.signers = folder, None, set(), set()
        self.stream = api.fetch_x509_svid(timeout=60)
        threading.Thread(target=self.follow, daemon=True).start()
        wait_for(lambda: self.context, "the first identity")

    def follow(self):
        try:
            for state in self.stream:
                self.take(next(svid for svid in state.svids if svid.spiffe_id == CLIENT))
        except Exception:  # the test is over
            pass

    def take(self, svid):
        key = serialization.load_der_private_key(svid.x509_svid_key, None)
        chain = self.folder / "chain.pem"
        write_pem(chain, *certificates(svid.x509_svid)).write_bytes(chain.read_bytes() + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        roots = certificates(svid.bundle)
        context = ssl.create_default_context(
            cadata="".join(root.public_bytes(serialization.Encoding.PEM).decode() for root in roots))
        context.check_hostname = False  # the name is a SPIFFE ID
        context.load_cert_chain(chain)
        self.roots.update(root.serial_number for root in roots)
        self.signers.add(certificates(svid.x509_svid)[1].issuer.rfc4514_string())
        self.context = context

    def handshake(self, address, port):
        """The server's certificate, once it has answered 200 over a connection of its own."""
        with socket.create_connection((address, port), 5) as wire, self.context.wrap_socket(wire) as tls:
            tls.sendall(REQUEST)
            assert tls.recv(12) == b"HTTP/1.1 200"
            return x509.load_der_x509_certificate(tls.getpeercert(True))


def test_not_one_handshake_fails_while_roots_rotate(node, mesh, tmp_path):
    node(3, 6, 12)
    member = Member(node.api(), tmp_path)
    address, port = mesh.inbound("api")
    served, handshakes = set(), 0
    ends = time.monotonic() + 11
    while time.monotonic() < ends:
        served.add(member.handshake(address, port).serial_number)
        assert get(mesh.way_out, headers={"host": "api.default.svc.cluster.local"})[0] == 200
        handshakes += 1
    print(f"{handshakes} handshakes, {len(served)} server certificates, {len(member.roots)} roots")
    assert len(served) >= 5 and len(member.roots) >= 2
    assert len(member.signers) >= 2, "the second root was at work"


def test_when_everything_has_expired_nothing_needs_deleting(node, mesh, state):
    def is_answered():
        return get(mesh.way_out, headers={"host": "api.default.svc.cluster.local"})[0] == 200

    role = node(1, 2, 4)
    wait_for(is_answered, "a first answer")
    role.stop()
    before = {path.name: path.read_bytes() for path in (state / "node/ca").iterdir()}
    time.sleep(5)  # root, issuer and identities are over
    node.authority(1, 2, 4)
    wait_for(is_answered, "the proxy has identities again", seconds=40)
    for name, content in before.items():
        assert (state / "node/ca" / name).read_bytes() == content
