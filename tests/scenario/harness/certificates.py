# SPDX-License-Identifier: Apache-2.0
"""A certificate authority for tests: right by default, and wrong in any way that is asked for.

    ca = CertificateAuthority(folder)
    right = ca.leaf("spiffe://cluster.local/ns/default/sa/web")
    wrong = ca.leaf("spiffe://a/b", "spiffe://a/c")          two URI SANs
    wrong = ca.leaf("spiffe://a/b", minutes=(-120, -60))     expired an hour ago
    wrong = ca.leaf("spiffe://a/b", is_ca=True)              a CA certificate used as a leaf
"""

import datetime
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BOTH_ROLES = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
KEY_USES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
            "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


@dataclass
class Leaf:
    """PEM files: the chain (leaf first), its key, and the roots that it is to be checked with."""

    certificate: Path
    key: Path
    bundle: Path
    id: str

    def copy_to(self, folder):
        """Lays it out as cert-manager does: tls.crt, tls.key, ca.crt."""
        folder.mkdir(parents=True, exist_ok=True)
        for source, name in ((self.certificate, "tls.crt"), (self.key, "tls.key"), (self.bundle, "ca.crt")):
            (folder / name).write_bytes(source.read_bytes())
        return folder


def _key_usage(*uses):
    return x509.KeyUsage(**{use: use in uses for use in KEY_USES})


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class CertificateAuthority:
    def __init__(self, folder, name="test root", trust_domain="cluster.local", parent=None,
                 minutes=(-60, 60 * 24)):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.parent, self.count = parent, 0
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key.public_key(), minutes, [
            (x509.BasicConstraints(True, None), True),
            (_key_usage("key_cert_sign", "crl_sign"), True),
            (x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier(f"spiffe://{trust_domain}")]), False),
        ], issuer=parent or self)
        self.bundle = self.folder / "bundle.pem"
        self.bundle.write_bytes(_pem((parent or self).certificate))

    def intermediate(self, name="test intermediate", **options):
        return CertificateAuthority(self.folder / name.replace(" ", "-"), name, parent=self, **options)

    def leaf(self, *uris, dns=(), minutes=(-5, 60), is_ca=False, uses=("digital_signature",),
             uses_critical=True, roles=BOTH_ROLES, key=None, common_name=None):
        """A certificate with these URI SANs; `uses` or `roles` None leaves the extension out."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        extensions = [(x509.BasicConstraints(is_ca, None), True)]
        if uses is not None:
            extensions.append((_key_usage(*uses), uses_critical))
        if roles:
            extensions.append((x509.ExtendedKeyUsage(roles), False))
        names = [x509.UniformResourceIdentifier(uri) for uri in uris] + [x509.DNSName(name) for name in dns]
        if names:
            extensions.append((x509.SubjectAlternativeName(names), not common_name))
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
        certificate = self._sign(x509.Name(subject), key.public_key(), minutes, extensions, issuer=self)
        return self._write(certificate, key, uris[0] if uris else "")

    def revocations(self, *leaves):
        """A CRL with the certificates of these leaves."""
        now = datetime.datetime.utcnow()
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.name)
        builder = builder.last_update(now).next_update(now + datetime.timedelta(hours=1))
        for leaf in leaves:
            serial = x509.load_pem_x509_certificate(leaf.certificate.read_bytes()).serial_number
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build())
        path = self.folder / f"crl{len(leaves)}.pem"
        path.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path

    def _sign(self, subject, public_key, minutes, extensions, issuer):
        now = datetime.datetime.utcnow()
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.name)
        builder = builder.public_key(public_key).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now + datetime.timedelta(minutes=minutes[0]))
        builder = builder.not_valid_after(now + datetime.timedelta(minutes=minutes[1]))
        extensions = extensions + [
            (x509.SubjectKeyIdentifier.from_public_key(public_key), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), False)]
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(issuer.key, hashes.SHA256())

    def _chain(self):
        return b"" if self.parent is None else _pem(self.certificate) + self.parent._chain()

    def _root(self):
        return self if self.parent is None else self.parent._root()

    def _write(self, certificate, key, spiffe_id):
        self.count += 1
        leaf = Leaf(self.folder / f"leaf{self.count}.pem", self.folder / f"leaf{self.count}.key",
                    self._root().bundle, spiffe_id)
        leaf.certificate.write_bytes(_pem(certificate) + self._chain())
        leaf.key.touch(mode=0o600)
        leaf.key.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return leaf
