# SPDX-License-Identifier: Apache-2.0
"""Certificates, tokens, static files and rules: made once a run, the same for every peer."""

import base64
import datetime
import gzip
import json
import random

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

IDENTITIES = ["client", "outbound", "inbound", "gateway"]


# --- certificates -------------------------------------------------------------------------------


def _usage(*uses):
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{use: use in uses for use in every})


def _certificate(name, key, issuer_name, issuer_key, extensions):
    now = datetime.datetime.utcnow()
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer_name)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=30))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _private_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def make_certificates(folder):
    """ca.pem, and NAME.pem, NAME.key, NAME.both.pem: P-256, with a SPIFFE ID and a DNS name."""
    folder.mkdir()
    ca_key, ca_name = ec.generate_private_key(ec.SECP256R1()), _named("bench test CA")
    (folder / "ca.pem").write_bytes(_certificate(ca_name, ca_key, ca_name, ca_key, [
        (x509.BasicConstraints(True, None), True),
        (_usage("key_cert_sign", "crl_sign"), True),
        (x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False)]))
    for name in IDENTITIES:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(_named(name), key, ca_name, ca_key, [
            (x509.BasicConstraints(False, None), True),
            (_usage("digital_signature"), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False),
            (x509.SubjectAlternativeName([
                x509.UniformResourceIdentifier(f"spiffe://mesh.test/ns/default/sa/{name}"),
                x509.DNSName(f"{name}.mesh.test")]), False)])
        (folder / f"{name}.pem").write_bytes(certificate)
        (folder / f"{name}.key").write_bytes(_private_pem(key))
        (folder / f"{name}.both.pem").write_bytes(certificate + _private_pem(key))
    _make_tokens(folder)


# --- tokens -------------------------------------------------------------------------------------


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _sign(algorithm, key, message):
    if algorithm == "rs256":
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _make_tokens(folder):
    """jwt-ALG.pub, jwt-ALG.jwks and jwt-ALG.token for rs256 and es256."""
    claims = {"iss": "https://idp.test", "aud": "bench", "sub": "user-1", "exp": 4102444800}
    keys = {"rs256": rsa.generate_private_key(65537, 2048), "es256": ec.generate_private_key(ec.SECP256R1())}
    for algorithm, key in keys.items():
        head = {"alg": algorithm.upper(), "typ": "JWT", "kid": "k1"}
        message = b".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        token = message + b"." + _base64url(_sign(algorithm, key, message))
        (folder / f"jwt-{algorithm}.token").write_bytes(token)
        (folder / f"jwt-{algorithm}.pub").write_bytes(key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        (folder / f"jwt-{algorithm}.jwks").write_text(json.dumps({"keys": [_jwk(algorithm, key)]}))


def _jwk(algorithm, key):
    public = key.public_key().public_numbers()
    parts = {"n": public.n, "e": public.e} if algorithm == "rs256" else {"x": public.x, "y": public.y}
    sizes = {"n": 256, "e": 3, "x": 32, "y": 32}
    jwk = {name: _base64url(number.to_bytes(sizes[name], "big")).decode() for name, number in parts.items()}
    kind = {"kty": "RSA"} if algorithm == "rs256" else {"kty": "EC", "crv": "P-256"}
    return {**kind, **jwk, "kid": "k1", "alg": algorithm.upper()}


# --- files and rules ----------------------------------------------------------------------------


def make_static_files(folder):
    """index.html of 2 KiB, app.js of 200 KiB and app.js.gz: words, so that they compress as text does."""
    folder.mkdir()
    chosen = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chosen.choices(letters, k=chosen.randint(3, 9))) for _ in range(2000)]
    page = "<!doctype html><title>app</title><script src=/app.js></script>" + " ".join(
        chosen.choices(words, k=600))
    script = ("/*" + " ".join(chosen.choices(words, k=40000))[:204796] + "*/").encode()
    (folder / "index.html").write_text(page[:2048])
    (folder / "app.js").write_bytes(script)
    (folder / "app.js.gz").write_bytes(gzip.compress(script, 9))


def write_rules(path, count):
    """Allow rules (identity, method, path prefix); the client's is the last. Returns its prefix."""
    rules = [f"svc-{i % 97}\t{('GET', 'POST')[i % 2]}\t/api/v1/r{i}/\n" for i in range(1, count)]
    path.write_text("".join(rules) + f"client\tGET\t/api/v1/r{count}/\n")
    return f"/api/v1/r{count}/"
