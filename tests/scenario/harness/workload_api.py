# SPDX-License-Identifier: Apache-2.0
"""The SPIFFE Workload API as Debian's grpcio sees it: a client that is not ours.

    api = WorkloadApi(socket)
    state = next(api.fetch_x509_svid())     an X509SVIDResponse; the stream goes on
"""

import importlib
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from harness.process import ROOT

HEADER = (("workload.spiffe.io", "true"),)


@cache
def messages(name="workload_api"):
    """The message classes, made by protoc from our .proto."""
    folder = tempfile.mkdtemp(prefix="spiffe-messages")
    source = ROOT / "src/identity"
    subprocess.run(["protoc", f"-I{source}", f"--python_out={folder}", f"{name}.proto"], check=True)
    sys.path.insert(0, folder)
    return importlib.import_module(f"{name}_pb2")


def certificates(der):
    """Certificates that stand behind each other."""
    found = []
    while der:
        length = 4 + int.from_bytes(der[2:4], "big")  # all ours have a two-byte length
        found.append(x509.load_der_x509_certificate(der[:length]))
        der = der[length:]
    return found


def spiffe_ids(certificate):
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def write_pem(path, *found):
    path.write_bytes(b"".join(each.public_bytes(serialization.Encoding.PEM) for each in found))
    return path


class WorkloadApi:
    def __init__(self, socket):
        # a connection of its own, not one that another channel had before the server was restarted
        self.channel = grpc.insecure_channel(f"unix://{socket}", [("grpc.use_local_subchannel_pool", 1)])

    def close(self):
        self.channel.close()

    def stream(self, method, request=b"", response=None, metadata=HEADER, timeout=20):
        read = response.FromString if response else bytes
        call = self.channel.unary_stream(f"/SpiffeWorkloadAPI/{method}", response_deserializer=read)
        return call(request, metadata=metadata, timeout=timeout)

    def unary(self, method, request, response, metadata=HEADER, timeout=20):
        call = self.channel.unary_unary(
            f"/SpiffeWorkloadAPI/{method}", response_deserializer=response.FromString)
        return call(request.SerializeToString(), metadata=metadata, timeout=timeout)

    def fetch_x509_svid(self, **options):
        return self.stream("FetchX509SVID", response=messages().X509SVIDResponse, **options)

    def fetch_x509_bundles(self, **options):
        return self.stream("FetchX509Bundles", response=messages().X509BundlesResponse, **options)
