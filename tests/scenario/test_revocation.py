# SPDX-License-Identifier: Apache-2.0
"""Revocation: who is revoked loses the connections that are open, and gets no new ones."""

import contextlib
import http.client
import json
import socket
import subprocess
import time

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from harness.process import wait_for
from harness.wire import client_tls, get
from harness.workload_api import WorkloadApi, certificates, messages

WEB = "spiffe://cluster.local/ns/default/sa/web"

STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"""


def revocation(deny, **fields):
    spec = {"reason": "the key was stolen", "deny": [deny], **fields}
    return json.dumps({"apiVersion": "mangrove.dev/v1", "kind": "Revocation",
                       "metadata": {"name": "stolen"}, "spec": spec})


def key_hash(certificate):
    digest = hashes.Hash(hashes.SHA256())
    digest.update(certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()


def read(leaf):
    return x509.load_pem_x509_certificate(leaf.certificate.read_bytes())


DENIALS = {
    "serial": lambda leaf, ca: {"serial": f"{read(leaf).serial_number:x}"},
    "serial in openssl's colons": lambda leaf, ca: {
        "serial": ":".join(f"{byte:02X}" for byte in read(leaf).serial_number.to_bytes(20, "big"))},
    "key": lambda leaf, ca: {"key": key_hash(read(leaf))},
    "SPIFFE ID": lambda leaf, ca: {"spiffeID": WEB},
    "prefix": lambda leaf, ca: {"spiffeID": "spiffe://cluster.local/ns/default/*"},
    "SPIFFE ID and age": lambda leaf, ca: {"spiffeID": WEB, "issuedBefore": "2100-01-01T00:00:00Z"},
    "authority": lambda leaf, ca: {"authority": key_hash(ca.certificate)},
}


@pytest.fixture
def api(mesh, origin):
    """An origin behind a sidecar that takes mutual TLS alone."""
    server = origin("api")
    mesh.serve("api", server.port, leaf=mesh.ca.leaf("spiffe://cluster.local/ns/default/sa/api"))
    mesh.write("strict.yaml", STRICT)
    mesh.start()
    return server


class KeptOpen:
    """A connection on which requests follow each other."""

    def __init__(self, mesh, leaf):
        address, port = mesh.inbound("api")
        self.connection = http.client.HTTPSConnection(address, port, timeout=5, context=client_tls(leaf))

    def ask(self):
        self.connection.request("GET", "/")
        return self.connection.getresponse().read()

    def is_cut(self):
        self.connection.sock.settimeout(0.001)
        try:
            return self.connection.sock.recv(1) == b""
        except (TimeoutError, socket.timeout):
            return False
        except OSError:
            return True


@pytest.mark.parametrize("name", DENIALS)
def test_an_open_connection_is_cut_and_no_new_one_comes(api, mesh, ca, name):
    leaf, other = ca.leaf(WEB), ca.intermediate().leaf("spiffe://cluster.local/ns/other/sa/other")
    open_one, open_other = KeptOpen(mesh, leaf), KeptOpen(mesh, other)
    assert open_one.ask() and open_other.ask()
    mesh.write("revoked.yaml", revocation(DENIALS[name](leaf, ca)))
    started = time.monotonic()
    wait_for(open_one.is_cut, "the open connection is cut", every=0.002)
    print(f"cut after {(time.monotonic() - started) * 1000:.0f} ms")
    assert mesh.talk("api", b"GET / HTTP/1.1\r\nHost: api\r\n\r\n", leaf=leaf) == b""
    line = mesh.wait_for_line(stage="handshake", decision="deny")
    assert "revoked by Revocation stolen" in line["details"] and "the key was stolen" in line["details"]
    line = mesh.wait_for_line(stage="revocation", source_principal=WEB)
    assert line["decision"] == "deny"
    assert line["reason"] == ("INVALID_IDENTITY" if "spiffeID" in DENIALS[name](leaf, ca) else "INVALID_CERTIFICATE")
    if name != "authority":  # it signed the intermediate too
        assert open_other.ask()


def test_it_begins_and_ends_by_itself(api, mesh, ca):
    leaf = ca.leaf(WEB)
    open_one = KeptOpen(mesh, leaf)
    assert open_one.ask()

    def in_seconds(seconds):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))

    mesh.write("revoked.yaml", revocation({"spiffeID": WEB}, since=in_seconds(2), until=in_seconds(4)))
    mesh.wait_for_plan(2)
    assert open_one.ask()
    wait_for(open_one.is_cut, "it began")
    assert mesh.talk("api", b"GET / HTTP/1.1\r\nHost: api\r\n\r\n", leaf=leaf) == b""

    def is_let_in():
        with contextlib.suppress(OSError):
            return mesh.get("api", leaf=leaf)[0] == 200

    wait_for(is_let_in, "it ended")


def test_what_was_issued_later_is_believed(api, mesh, ca):
    old = ca.leaf(WEB, minutes=(-60, 60))
    new = ca.leaf(WEB, minutes=(-1, 60))
    an_hour_ago = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1800))
    mesh.write("revoked.yaml", revocation({"spiffeID": WEB, "issuedBefore": an_hour_ago}))
    mesh.wait_for_plan(2)
    assert mesh.talk("api", b"GET / HTTP/1.1\r\nHost: api\r\n\r\n", leaf=old) == b""
    assert mesh.get("api", leaf=new)[0] == 200


def test_a_revocation_does_not_wait_for_a_plan(api, mesh, ca):
    """A listener that cannot be opened keeps the last plan in force, but nobody who is revoked."""
    open_one = KeptOpen(mesh, ca.leaf(WEB))
    assert open_one.ask()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        mesh.write("busy.yaml", f"""
            apiVersion: networking.istio.io/v1
            kind: Sidecar
            metadata: {{name: api, namespace: default}}
            spec:
              workloadSelector: {{labels: {{app: api}}}}
              egress: [{{port: {{number: {holder.getsockname()[1]}, name: http, protocol: HTTP}}, bind: 127.0.0.1,
                        hosts: ["*/*"]}}]
        """)
        mesh.write("revoked.yaml", revocation({"spiffeID": WEB}))
        wait_for(open_one.is_cut, "the open connection is cut")
        mesh.proxy.wait_for_log("the last good plan stays")


def test_a_server_that_is_revoked_is_left(mesh, origin):
    """From the client's side: its open connection is given up, and a new one is refused."""
    server = origin("api")
    mesh.serve("api", server.port)
    way_out = mesh.speak_as("web")
    mesh.write("strict.yaml", STRICT)
    mesh.start()
    headers = {"host": "api.default.svc.cluster.local"}
    assert get(way_out, headers=headers)[0] == 200
    before = mesh.proxy.log.count("in force")
    mesh.write("revoked.yaml", revocation({"spiffeID": mesh.id_of("api")}))
    mesh.wait_for_plan(before + 1)
    mesh.proxy.wait_for_log(f"connection to {mesh.id_of('api')} cut")
    assert get(way_out, headers=headers)[0] == 503
    mesh.resources.remove("revoked.yaml")
    mesh.wait_for_plan(before + 2)
    wait_for(lambda: get(way_out, headers=headers)[0] == 200, "it is believed again")


WORKLOADS = """
    apiVersion: networking.istio.io/v1
    kind: WorkloadEntry
    metadata: {name: web, namespace: default}
    spec: {address: 127.0.0.1, serviceAccount: web}
    ---
    apiVersion: networking.istio.io/v1
    kind: WorkloadEntry
    metadata: {name: other, namespace: default}
    spec: {address: 127.0.0.1, serviceAccount: other}
"""


@pytest.fixture
def identity(start, state, resources):
    resources.write("workloads.yaml", WORKLOADS)
    process = start("identity", "--state", state, resources.path)
    process.wait_for_log("Workload API at")
    api = WorkloadApi(state / "workload-api.sock")
    yield api
    api.close()


def ids(state):
    return {svid.spiffe_id for svid in state.svids}


def test_a_revoked_identity_is_issued_no_longer(identity, resources):
    proto = messages()
    stream = identity.fetch_x509_svid()
    assert ids(next(stream)) == {WEB, WEB.replace("web", "other")}
    request = proto.JWTSVIDRequest(audience=["api"], spiffe_id=WEB)
    token = identity.unary("FetchJWTSVID", request, proto.JWTSVIDResponse).svids[0].svid
    validate = proto.ValidateJWTSVIDRequest(audience="api", svid=token)
    assert identity.unary("ValidateJWTSVID", validate, proto.ValidateJWTSVIDResponse).spiffe_id == WEB

    resources.write("revoked.yaml", revocation({"spiffeID": WEB}))
    assert ids(next(stream)) == {WEB.replace("web", "other")}
    with pytest.raises(grpc.RpcError) as refused:
        identity.unary("FetchJWTSVID", request, proto.JWTSVIDResponse)
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(grpc.RpcError) as refused:
        identity.unary("ValidateJWTSVID", validate, proto.ValidateJWTSVIDResponse)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "revoked by Revocation stolen" in refused.value.details()

    resources.remove("revoked.yaml")
    assert ids(next(stream)) == {WEB, WEB.replace("web", "other")}


def test_a_revoked_certificate_is_replaced_at_once(identity, resources):
    stream = identity.fetch_x509_svid()
    first = {svid.spiffe_id: certificates(svid.x509_svid)[0] for svid in next(stream).svids}
    resources.write("revoked.yaml", revocation({"serial": f"{first[WEB].serial_number:x}"}))
    second = {svid.spiffe_id: certificates(svid.x509_svid)[0] for svid in next(stream).svids}
    assert second[WEB].serial_number != first[WEB].serial_number
    assert key_hash(second[WEB]) != key_hash(first[WEB])
    other = WEB.replace("web", "other")
    assert second[other] == first[other]


@pytest.mark.parametrize("kind", ["issuer", "root"])
def test_a_revoked_authority_is_replaced_at_once(identity, resources, state, kind):
    file = state / "ca" / {"issuer": "issuer-1-1.pem", "root": "root-1.pem"}[kind]
    revoked = x509.load_pem_x509_certificate(file.read_bytes())
    stream = identity.fetch_x509_svid()
    first = next(stream)
    resources.write("revoked.yaml", revocation({"authority": key_hash(revoked)}))
    second = next(stream)
    assert ids(second) == ids(first)
    for svid in second.svids:
        path = certificates(svid.x509_svid) + certificates(svid.bundle)
        assert key_hash(revoked) not in [key_hash(each) for each in path]


def test_bad_revocations_are_told(mangrove, resources):
    resources.write("bad.yaml", """
        apiVersion: mangrove.dev/v1
        kind: Revocation
        metadata: {name: bad}
        spec:
          reason: none
          deny:
          - {serial: xyz}
          - {serial: 4f, key: 4f}
          - {spiffeID: https://a/b}
          - {serial: 4f, issuedBefore: 2026-01-01T00:00:00Z}
          - {}
    """)
    told = mangrove("check", "resources", resources.path)
    assert told.returncode != 0
    for words in ("a serial number of at most 40 hexadecimal digits", "starts with spiffe://", "goes with 'spiffeID' alone",
                  "needs 'serial', 'key', 'spiffeID' or 'authority'"):
        assert words in told.stdout + told.stderr, words


# --- for those who do not read our resources ---

def test_outsiders_have_a_revocation_list(start, state, resources, mangrove, tmp_path):
    resources.write("workloads.yaml", WORKLOADS)
    options = ("--state", state, "--crl-url", "http://crl.example.com/{issuer}.crl", resources.path)
    role = start("identity", *options)
    role.wait_for_log("Workload API at")
    for name in ("good", "bad", "older"):
        mangrove("id", "issue", WEB.replace("web", "other" if name == "good" else "web"), "--out", tmp_path / name,
                 "--state", state, check=True)

    def judge(name):
        """What openssl says of a certificate, with the list."""
        return subprocess.run(
            ["openssl", "verify", "-crl_check_all", "-CRLfile", state / "crl.pem", "-CAfile", state / "ca/root-1.pem",
             "-untrusted", state / "ca/issuer-1-1.pem", tmp_path / name / "svid.pem"], capture_output=True, text=True)

    assert judge("bad").returncode == judge("good").returncode == 0, judge("bad").stderr
    stream = WorkloadApi(state / "workload-api.sock").fetch_x509_svid()
    before = next(stream)
    assert len(before.crl) == 2, "the root's and the issuer's"
    mangrove("id", "revoke", tmp_path / "bad/svid.pem", "--reason", "lost", "--name", "bad", "--state", state, check=True)
    wait_for(lambda: "certificate revoked" in judge("bad").stderr, "it is on the list")
    assert judge("good").returncode == judge("older").returncode == 0
    bad = x509.load_pem_x509_certificate((tmp_path / "bad/svid.pem").read_bytes())
    lists = [x509.load_der_x509_crl(crl) for crl in next(stream).crl]
    assert any(crl.get_revoked_certificate_by_serial_number(bad.serial_number) for crl in lists)
    points = bad.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    issuer = x509.load_pem_x509_certificate((state / "ca/issuer-1-1.pem").read_bytes())
    assert points[0].full_name[0].value == f"http://crl.example.com/{issuer.serial_number:x}.crl"
    assert (state / "crl" / f"{issuer.serial_number:x}.crl").exists()

    role.stop()  # what was issued before is known again from the record
    start("identity", *options).wait_for_log("Workload API at")
    mangrove("id", "revoke", WEB, "--reason", "all of it", "--name", "web", "--state", state, check=True)
    wait_for(lambda: "certificate revoked" in judge("older").stderr, "by its SPIFFE ID")
    assert judge("good").returncode == 0, judge("good").stderr
