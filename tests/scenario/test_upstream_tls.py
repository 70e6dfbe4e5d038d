# SPDX-License-Identifier: Apache-2.0
"""TLS towards servers outside the mesh: who is believed, under which name, and what is shown."""

import base64
import ssl

import pytest
from harness.certificates import CertificateAuthority
from harness.process import wait_for


@pytest.fixture
def web(tmp_path):
    """An authority of the outside world."""
    return CertificateAuthority(tmp_path / "web", name="web root")


def server_tls(leaf, clients=None, alpn=("http/1.1",), **versions):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.certificate, leaf.key)
    context.set_alpn_protocols(list(alpn))
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    for name, value in versions.items():
        setattr(context, name, value)
    return context


def secret(name, **files):
    lines = [f"  {key.replace('_', '.')}: {base64.b64encode(path.read_bytes()).decode()}" for key, path in files.items()]
    return (f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: default}}\ntype: Opaque\ndata:\n"
            + "\n".join(lines) + "\n---\n")


@pytest.mark.parametrize("names, settings, answers", [
    (["pool.test"], "", True),
    (["*.test"], "", False),  # a whole top-level domain
    (["*.pool.test"], "sni: eu.pool.test", True),
    (["other.test"], "", False),
    (["other.test"], "subjectAltNames: [nobody.test, other.test]", True),
    (["pool.test"], "subjectAltNames: [other.test]", False),
    (["other.test"], "sni: other.test", True),
    (["pool.test"], "sni: other.test", False),
    (["other.test"], "insecureSkipVerify: true", True),
    (["pool.test"], "minProtocolVersion: TLSV1_3", True),
    (["pool.test"], "minProtocolVersion: TLSV1_3, cipherSuites: [TLS_AES_256_GCM_SHA384]", True),
], ids=str)
def test_the_server_must_be_the_one_meant(pool, origin, web, names, settings, answers):
    server = origin("a", tls=server_tls(web.leaf(dns=names)))
    asked = pool([server], f"tls: {{mode: SIMPLE, caCertificates: {web.bundle}{', ' + settings if settings else ''}}}")
    status, _, body = asked.get()
    assert status == (200 if answers else 503), body
    if answers:
        assert body["headers"]["host"] == "pool.test"
    else:
        assert not server.requests


def test_who_signed_it_matters(pool, mesh, origin, web, foreign_ca):
    server = origin("a", tls=server_tls(foreign_ca.leaf(dns=["pool.test"])))
    asked = pool([server], f"tls: {{mode: SIMPLE, caCertificates: {web.bundle}}}")
    assert asked.get()[0] == 503
    mesh.proxy.wait_for_log("its certificate: unable to get local issuer certificate")


def test_without_authorities_those_of_the_machine_are_believed(pool, mesh, origin, web):
    server = origin("a", tls=server_tls(web.leaf(dns=["pool.test"])))
    assert pool([server], "tls: {mode: SIMPLE}").get()[0] == 503


def test_the_old_and_the_expired_are_refused(pool, origin, web):
    server = origin("a", tls=server_tls(web.leaf(dns=["pool.test"], minutes=(-60, -5))))
    assert pool([server], f"tls: {{mode: SIMPLE, caCertificates: {web.bundle}}}").get()[0] == 503


def test_a_server_that_speaks_only_tls12_is_below_the_least(pool, origin, web):
    tls = server_tls(web.leaf(dns=["pool.test"]), maximum_version=ssl.TLSVersion.TLSv1_2)
    asked = pool([origin("a", tls=tls)],
                 f"tls: {{mode: SIMPLE, caCertificates: {web.bundle}, minProtocolVersion: TLSV1_3}}")
    assert asked.get()[0] == 503


@pytest.mark.parametrize("is_revoked", [True, False])
def test_revoked_certificates_are_refused(pool, origin, web, is_revoked):
    leaf = web.leaf(dns=["pool.test"])
    crl = web.revocations(*([leaf] if is_revoked else []))
    asked = pool([origin("a", tls=server_tls(leaf))],
                 f"tls: {{mode: SIMPLE, caCertificates: {web.bundle}, caCrl: {crl}}}")
    assert asked.get()[0] == (503 if is_revoked else 200)


@pytest.mark.parametrize("mode, status", [("MUTUAL", 200), ("SIMPLE", 503)])
def test_a_certificate_is_shown(pool, origin, web, mode, status):
    leaf = web.leaf(dns=["client.test"])
    mine = f", clientCertificate: {leaf.certificate}, privateKey: {leaf.key}" if mode == "MUTUAL" else ""
    server = origin("a", tls=server_tls(web.leaf(dns=["pool.test"]), clients=web.bundle))
    assert pool([server], f"tls: {{mode: {mode}, caCertificates: {web.bundle}{mine}}}").get()[0] == status


def test_files_that_change_are_read_again(pool, mesh, origin, web, foreign_ca):
    """First a certificate that the server does not believe, then one that it does."""
    mine = web.folder / "mine"
    foreign_ca.leaf(dns=["client.test"]).copy_to(mine)
    server = origin("a", tls=server_tls(web.leaf(dns=["pool.test"]), clients=web.bundle))
    asked = pool([server], f"tls: {{mode: MUTUAL, caCertificates: {web.bundle}, "
                           f"clientCertificate: {mine}/tls.crt, privateKey: {mine}/tls.key}}")
    assert asked.get()[0] == 503
    web.leaf(dns=["client.test"]).copy_to(mine)
    wait_for(lambda: asked.get()[0] == 200, "the new certificate is shown")


def test_a_file_that_is_not_there_is_said_and_waited_for(pool, mesh, origin, web):
    late = web.folder / "late.pem"
    asked = pool([origin("a", tls=server_tls(web.leaf(dns=["pool.test"])))],
                 f"tls: {{mode: SIMPLE, caCertificates: {late}}}")
    assert asked.get()[0] == 503
    mesh.proxy.wait_for_log("requests are refused with 503")
    late.write_bytes(web.bundle.read_bytes())
    wait_for(lambda: asked.get()[0] == 200, "the authorities are believed")


@pytest.mark.parametrize("keys", [("tls_crt", "tls_key", "ca_crt"), ("cert", "key", "cacert")])
def test_certificates_from_secrets(pool, mesh, origin, web, keys):
    leaf = web.leaf(dns=["client.test"])
    mesh.write("secret.yaml", secret("mine", **dict(zip(keys, (leaf.certificate, leaf.key, web.bundle)))))
    server = origin("a", tls=server_tls(web.leaf(dns=["pool.test"]), clients=web.bundle))
    asked = pool([server], "tls: {mode: MUTUAL, credentialName: mine}")
    assert asked.get()[0] == 200


def test_authorities_from_a_secret_of_their_own_that_comes_late(pool, mesh, origin, web):
    asked = pool([origin("a", tls=server_tls(web.leaf(dns=["pool.test"])))], "tls: {mode: SIMPLE, credentialName: web}")
    assert asked.get()[0] == 503
    mesh.write("secret.yaml", secret("web-cacert", ca_crt=web.bundle))
    wait_for(lambda: asked.get()[0] == 200, "the authorities are believed")


def test_a_rule_can_turn_tls_off(mesh, origin, pool):
    """DISABLE towards a service of the mesh: its proxy, which is strict, hangs up."""
    asked = pool([origin("a")], "tls: {mode: DISABLE}")
    assert asked.get()[0] == 200
