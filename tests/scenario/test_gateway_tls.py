# SPDX-License-Identifier: Apache-2.0
"""Certificates at the edge: which ones are shown, whose clients are let in, and what a change does to who is in."""

import base64
import hashlib
import socket
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from harness.process import free_port, wait_for
from harness.wire import client_tls, talk
from test_gateway import GATEWAY, ONE, VIRTUAL_SERVICE

REQUEST = b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"


def pinned(leaf):
    """Fingerprints as Istio has them: of the key (base64), of the certificate (hexadecimal)."""
    certificate = x509.load_pem_x509_certificate(leaf.certificate.read_bytes())
    key = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    whole = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()
    return base64.b64encode(hashlib.sha256(key).digest()).decode(), whole


@pytest.fixture
def edge(mesh, origin, foreign_ca):
    """edge(tls) runs a gateway with these settings; edge.answers(leaf): is it let in?"""

    class Edge:
        port = free_port()
        shown = foreign_ca.leaf(dns=["a.example"])

        def settings(self, tls):
            mesh.write("gateway.yaml", GATEWAY.format(servers=f"""
  - port: {{number: {self.port}, name: https, protocol: HTTPS}}
    bind: 127.0.0.1
    hosts: [a.example]
    tls: {{{tls}}}"""))

        def files(self, mode):
            return (f"mode: {mode}, serverCertificate: {self.shown.certificate}, privateKey: {self.shown.key}, "
                    f"caCertificates: {foreign_ca.bundle}")

        def __call__(self, tls):
            mesh.serve("one", origin("one").port)
            mesh.leaves["gateway"] = mesh.ca.leaf(mesh.id_of("gateway", "istio-system"))
            mesh.write("routes.yaml", VIRTUAL_SERVICE.format(
                name="routes", hosts='["*"]', routes=f"  - {ONE}\n"))
            self.settings(tls)
            mesh.start()
            return self

        def answers(self, leaf=None, tls=None):
            return b" 200 " in talk(self.port, REQUEST, tls=tls or client_tls(leaf), server_name="a.example")

    return Edge()


@pytest.fixture
def clients(foreign_ca):
    return [foreign_ca.leaf(dns=[f"{name}.test"]) for name in ("me", "you")]


def test_a_certificate_may_be_optional(edge, clients, ca):
    edge(edge.files("OPTIONAL_MUTUAL"))
    assert edge.answers() and edge.answers(clients[0])
    assert not edge.answers(ca.leaf(dns=["me.test"]))


def test_clients_by_name(edge, clients):
    edge(edge.files("MUTUAL") + ", subjectAltNames: [me.test]")
    assert [edge.answers(leaf) for leaf in clients] == [True, False]


@pytest.mark.parametrize("what", ["Spki", "Hash"])
def test_clients_by_fingerprint(edge, clients, what):
    key, whole = pinned(clients[0])
    edge(edge.files("MUTUAL") + f", verifyCertificate{what}: ['{key if what == 'Spki' else whole}']")
    assert [edge.answers(leaf) for leaf in clients] == [True, False]


def test_revoked_clients(edge, clients, foreign_ca):
    edge(edge.files("MUTUAL") + f", caCrl: {foreign_ca.revocations(clients[1])}")
    assert [edge.answers(leaf) for leaf in clients] == [True, False]


@pytest.mark.parametrize("limits, is_answered", [
    ("minProtocolVersion: TLSV1_2", True), ("minProtocolVersion: TLSV1_3", False),
    ("maxProtocolVersion: TLSV1_2, cipherSuites: [ECDHE-ECDSA-AES256-GCM-SHA384]", True),
    ("maxProtocolVersion: TLSV1_2, cipherSuites: [ECDHE-ECDSA-CHACHA20-POLY1305]", False)])
def test_versions_and_ciphers(edge, limits, is_answered):
    edge(edge.files("SIMPLE") + ", " + limits)
    tls = client_tls()
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    tls.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")
    assert edge.answers(tls=tls) == is_answered


def test_two_certificates(edge, foreign_ca):
    """Whoever can read only one kind of key is shown that."""
    other = foreign_ca.leaf(dns=["a.example"], key=rsa.generate_private_key(65537, 2048))
    pairs = [f"{{serverCertificate: {leaf.certificate}, privateKey: {leaf.key}}}" for leaf in (edge.shown, other)]
    edge(f"mode: SIMPLE, tlsCertificates: [{', '.join(pairs)}]")
    for kind in ("ECDSA", "RSA"):
        tls = client_tls(ca=foreign_ca.bundle)
        tls.maximum_version = ssl.TLSVersion.TLSv1_2
        tls.set_ciphers(f"ECDHE-{kind}-AES256-GCM-SHA384")
        assert edge.answers(tls=tls)


def test_who_came_in_without_a_certificate_is_sent_away(edge, mesh, clients):
    edge(edge.files("SIMPLE"))
    idle = client_tls().wrap_socket(socket.create_connection(("127.0.0.1", edge.port), 5), server_hostname="a.example")
    idle.sendall(REQUEST.replace(b"Connection: close\r\n", b""))
    assert b" 200 " in idle.recv(65536)
    edge.settings(edge.files("MUTUAL"))
    mesh.wait_for_plan(2)
    while piece := idle.recv(65536):  # the rest of its answer, then the end
        assert b" 200 " not in piece
    assert edge.answers(clients[0]) and not edge.answers()


def test_files_renewed_are_shown(edge, mesh, foreign_ca):
    edge(edge.files("SIMPLE"))
    new = foreign_ca.leaf(dns=["a.example", "new.example"])
    edge.shown.key.write_bytes(new.key.read_bytes())
    edge.shown.certificate.write_bytes(new.certificate.read_bytes())

    def names():
        with socket.create_connection(("127.0.0.1", edge.port), 5) as wire:
            with client_tls(ca=foreign_ca.bundle).wrap_socket(wire, server_hostname="a.example") as tls:
                return [name for _, name in tls.getpeercert()["subjectAltName"]]

    wait_for(lambda: "new.example" in names(), "the new certificate is shown")
