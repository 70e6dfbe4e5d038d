# SPDX-License-Identifier: Apache-2.0
"""The Workload API server as other people's programs meet it: grpcio asks, OpenSSL judges."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from harness.process import wait_for
from harness.workload_api import WorkloadApi, certificates, messages, spiffe_ids, write_pem

WEB = "spiffe://cluster.local/ns/shop/sa/web"
DB = "spiffe://cluster.local/ns/shop/sa/db"

WORKLOADS = """
    apiVersion: networking.istio.io/v1
    kind: WorkloadEntry
    metadata: {name: web, namespace: shop}
    spec: {address: 127.0.0.1, serviceAccount: web}
    ---
    apiVersion: networking.istio.io/v1
    kind: WorkloadEntry
    metadata: {name: db, namespace: shop}
    spec: {address: 127.0.0.2, serviceAccount: db}
"""

ONLY_WEB = WORKLOADS.split("---")[0]


@pytest.fixture
def identity(start, state, resources):
    """Starts the role with these resources and waits for its socket."""

    def start_identity(text=WORKLOADS, *options):
        resources.write("workloads.yaml", text)
        process = start("identity", "--state", state, *options, resources.path)
        process.socket = state / "workload-api.sock"
        process.wait_for_log("Workload API at")
        return process

    return start_identity


@pytest.fixture
def connect(state):
    """Opens channels and closes them with the test."""
    opened = []

    def open_channel():
        opened.append(WorkloadApi(state / "workload-api.sock"))
        return opened[-1]

    yield open_channel
    for api in opened:
        api.close()


def code_of(call):
    with pytest.raises(grpc.RpcError) as failure:
        next(iter(call))
    return failure.value.code()


def ids_of(response):
    return [svid.spiffe_id for svid in response.svids]


def verify(tmp_path, svid):
    """openssl verify, as strict as it goes."""
    chain = certificates(svid.x509_svid)
    roots = write_pem(tmp_path / "roots.pem", *certificates(svid.bundle))
    others = write_pem(tmp_path / "others.pem", *chain[1:])
    leaf = write_pem(tmp_path / "leaf.pem", chain[0])
    return subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", roots,
                           "-untrusted", others, leaf], capture_output=True, text=True)


def test_the_first_state_comes_at_once(identity, connect, tmp_path):
    identity()
    state = next(connect().fetch_x509_svid())
    assert sorted(ids_of(state)) == [DB, WEB]
    for svid in state.svids:
        leaf = certificates(svid.x509_svid)[0]
        key = serialization.load_der_private_key(svid.x509_svid_key, None)
        assert spiffe_ids(leaf) == [svid.spiffe_id]
        assert key.public_key().public_numbers() == leaf.public_key().public_numbers()
        assert verify(tmp_path, svid).returncode == 0


def test_certtool_finds_the_chain_valid_too(identity, connect, tmp_path):
    identity()
    svid = next(connect().fetch_x509_svid()).svids[0]
    chain = write_pem(tmp_path / "chain.pem", *certificates(svid.x509_svid), *certificates(svid.bundle))
    if subprocess.run(["which", "certtool"], capture_output=True).returncode != 0:
        pytest.skip("certtool is not installed")
    assert subprocess.run(["certtool", "--verify-chain", "--infile", chain], capture_output=True).returncode == 0


@pytest.mark.parametrize("metadata", [
    (), (("workload.spiffe.io", "True"),), (("workload.spiffe.io", "false"),),
    (("workload.spiffe.io", "true"), ("workload.spiffe.io", "true"))])
def test_the_header_is_mandatory(identity, connect, metadata):
    identity()
    assert code_of(connect().fetch_x509_svid(metadata=metadata)) == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("method", ["FetchWITSVID", "FetchWITBundles", "Nothing"])
def test_what_is_not_offered_is_unimplemented(identity, connect, method):
    identity()
    assert code_of(connect().stream(method)) == grpc.StatusCode.UNIMPLEMENTED


def test_bundles_are_streamed_by_trust_domain(identity, connect):
    identity()
    api = connect()
    bundles = next(api.fetch_x509_bundles()).bundles
    assert list(bundles) == ["spiffe://cluster.local"]
    assert bundles["spiffe://cluster.local"] == next(api.fetch_x509_svid()).svids[0].bundle


def test_edits_of_the_resources_are_pushed_whole(identity, connect, resources):
    identity(ONLY_WEB)
    stream = connect().fetch_x509_svid()
    assert ids_of(next(stream)) == [WEB]
    resources.write("workloads.yaml", WORKLOADS)
    assert sorted(ids_of(next(stream))) == [DB, WEB]
    resources.write("workloads.yaml", ONLY_WEB)
    assert ids_of(next(stream)) == [WEB]


def test_a_broken_edit_changes_nothing(identity, connect, resources):
    process = identity()
    stream = connect().fetch_x509_svid()
    next(stream)
    resources.write("workloads.yaml", "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nspec: 7\n")
    process.wait_for_log("the last good resources stay in use")
    assert sorted(ids_of(next(connect().fetch_x509_svid()))) == [DB, WEB]


def test_without_any_identity_the_stream_ends(identity, connect, resources):
    identity(ONLY_WEB)
    stream = connect().fetch_x509_svid()
    next(stream)
    resources.write("workloads.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    assert code_of(stream) == grpc.StatusCode.PERMISSION_DENIED
    assert code_of(connect().fetch_x509_svid()) == grpc.StatusCode.PERMISSION_DENIED


def test_rotation_in_seconds_reaches_the_stream_and_always_verifies(identity, connect, tmp_path):
    identity(WORKLOADS, "--svid-ttl", "2s", "--issuer-ttl", "8s", "--root-ttl", "24s")
    issuers, roots, serials = set(), set(), set()
    started = time.monotonic()
    for state in connect().fetch_x509_svid():
        svid = state.svids[0]
        chain = certificates(svid.x509_svid)
        assert verify(tmp_path, svid).returncode == 0
        serials.add(chain[0].serial_number)
        issuers.add(chain[1].subject.rfc4514_string())
        roots.update(root.subject.rfc4514_string() for root in certificates(svid.bundle))
        if time.monotonic() - started > 14:
            break
    assert len(serials) >= 8 and len(issuers) >= 3 and len(roots) == 2


def test_a_killed_server_comes_back_with_the_same_root(identity, connect):
    process = identity()
    stream = connect().fetch_x509_svid()
    before = next(stream).svids[0].bundle
    process.kill()
    assert code_of(stream) == grpc.StatusCode.UNAVAILABLE
    identity()
    assert next(connect().fetch_x509_svid()).svids[0].bundle == before


def test_another_trust_domain_needs_another_state_directory(identity, mangrove, state, resources):
    identity().stop()
    result = mangrove("identity", "--state", state, "--trust-domain", "example.org", resources.path)
    assert result.returncode == 2
    assert "belongs to the trust domain 'cluster.local', not to 'example.org'" in result.stderr


def test_one_authority_has_one_process(identity, mangrove, state, resources):
    identity()
    result = mangrove("identity", "--state", state, "--socket", state / "other.sock", resources.path)
    assert result.returncode == 2
    assert "another process runs the authority" in result.stderr


def test_no_private_key_of_a_workload_is_on_disk(identity, connect, state):
    identity()
    keys = [svid.x509_svid_key for svid in next(connect().fetch_x509_svid()).svids]
    files = [path for path in state.rglob("*") if path.is_file()]
    assert {path.name for path in files if path.suffix == ".key"} == {"root-1.key", "issuer-1-1.key", "jwt-1.key"}
    for path in files:
        assert not any(key in path.read_bytes() for key in keys)


# --- tokens -------------------------------------------------------------------------------------


def fetch_tokens(api, *audience, spiffe_id="", **options):
    request = messages().JWTSVIDRequest(audience=audience, spiffe_id=spiffe_id)
    return api.unary("FetchJWTSVID", request, messages().JWTSVIDResponse, **options).svids


def validate_token(api, audience, token):
    request = messages().ValidateJWTSVIDRequest(audience=audience, svid=token)
    return api.unary("ValidateJWTSVID", request, messages().ValidateJWTSVIDResponse)


def error_of(function, *arguments, **options):
    with pytest.raises(grpc.RpcError) as failure:
        function(*arguments, **options)
    return failure.value


def part(token, index):
    encoded = token.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))


def public_key(jwk):
    x, y = (int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "="), "big") for name in "xy")
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def test_tokens_are_for_each_identity_or_the_one_asked_for(identity, connect):
    identity()
    api = connect()
    assert sorted(token.spiffe_id for token in fetch_tokens(api, "api")) == [DB, WEB]
    (token,) = fetch_tokens(api, "api", "db", spiffe_id=WEB)
    assert token.spiffe_id == WEB
    assert sorted(part(token.svid, 0)) == ["alg", "kid", "typ"]
    claims = part(token.svid, 1)
    assert claims["sub"] == WEB and claims["aud"] == ["api", "db"]
    assert 290 <= claims["exp"] - time.time() <= 300


def test_a_token_is_verified_with_the_published_key(identity, connect):
    """By cryptography's ECDSA, from the JWK Set alone."""
    identity()
    api = connect()
    token = fetch_tokens(api, "api", spiffe_id=WEB)[0].svid
    bundles = next(api.stream("FetchJWTBundles", response=messages().JWTBundlesResponse)).bundles
    keys = json.loads(bundles["spiffe://cluster.local"])["keys"]
    (jwk,) = (key for key in keys if key["kid"] == part(token, 0)["kid"])
    assert "use" not in jwk
    signed, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public_key(jwk).verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))


def test_tokens_are_validated_for_their_audience_alone(identity, connect):
    identity()
    api = connect()
    token = fetch_tokens(api, "api", spiffe_id=WEB)[0].svid
    answer = validate_token(api, "api", token)
    assert answer.spiffe_id == WEB
    assert answer.claims.fields["aud"].list_value.values[0].string_value == "api"
    for audience, shown in (("other", token), ("api", token[:-4] + "AAAA"), ("", token), ("api", "x")):
        assert error_of(validate_token, api, audience, shown).code() == grpc.StatusCode.INVALID_ARGUMENT


def test_requests_for_tokens_are_checked(identity, connect):
    identity()
    api = connect()
    assert error_of(fetch_tokens, api).code() == grpc.StatusCode.INVALID_ARGUMENT
    assert error_of(fetch_tokens, api, "").code() == grpc.StatusCode.INVALID_ARGUMENT
    assert error_of(fetch_tokens, api, "a", spiffe_id="x").code() == grpc.StatusCode.INVALID_ARGUMENT
    assert error_of(fetch_tokens, api, "a", metadata=()).code() == grpc.StatusCode.INVALID_ARGUMENT
    assert error_of(fetch_tokens, api, "a", spiffe_id=WEB + "x").code() == grpc.StatusCode.PERMISSION_DENIED


def test_tokens_outlive_a_restart_of_the_authority(identity, connect):
    process = identity()
    token = fetch_tokens(connect(), "api", spiffe_id=WEB)[0].svid
    process.kill()
    identity()
    assert validate_token(connect(), "api", token).spiffe_id == WEB


# --- who may have which -------------------------------------------------------------------------

AS_USER = """
import os, sys
os.setgroups([]); os.setgid({uid}); os.setuid({uid})
sys.path.insert(0, {folder!r})
from harness.workload_api import WorkloadApi
import grpc
try:
    print(",".join(svid.spiffe_id for svid in next(WorkloadApi({socket!r}).fetch_x509_svid()).svids))
except grpc.RpcError as error:
    print(error.code().name)
"""

UNPRIVILEGED = 64321


def ids_for_user(process, uid):
    """What a process of this user is given."""
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    messages()
    folder = str(Path(__file__).parent)
    process.socket.parent.chmod(0o755)
    result = subprocess.run(
        [sys.executable, "-c", AS_USER.format(uid=uid, folder=folder, socket=str(process.socket))],
        capture_output=True, text=True, timeout=20)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def workload(name, *processes):
    return f"""
    ---
    apiVersion: mangrove.dev/v1
    kind: Workload
    metadata: {{name: {name}, namespace: shop}}
    spec: {{serviceAccount: {name}, processes: {json.dumps(list(processes))}}}
    """


def test_a_stranger_gets_nothing(identity):
    process = identity(WORKLOADS + workload("web", {"uid": 12345}))
    assert ids_for_user(process, UNPRIVILEGED) == "PERMISSION_DENIED"


def test_a_workload_s_user_gets_its_identity_alone(identity):
    process = identity(WORKLOADS + workload("web", {"uid": UNPRIVILEGED}))
    assert ids_for_user(process, UNPRIVILEGED) == WEB


def test_all_that_an_entry_says_must_hold(identity):
    process = identity(WORKLOADS + workload("web", {"uid": UNPRIVILEGED, "path": "/usr/bin/true"}))
    assert ids_for_user(process, UNPRIVILEGED) == "PERMISSION_DENIED"


def test_the_closest_fit_comes_first(identity):
    executable = os.path.realpath(sys.executable)
    process = identity(WORKLOADS + workload("web", {"uid": UNPRIVILEGED})
                       + workload("db", {"uid": UNPRIVILEGED, "path": executable}))
    assert ids_for_user(process, UNPRIVILEGED) == f"{DB},{WEB}"


def test_a_property_that_cannot_be_attested_fits_nobody(identity):
    process = identity(WORKLOADS + workload("web", {"uid": UNPRIVILEGED, "pod": {"name": "web"}}))
    assert ids_for_user(process, UNPRIVILEGED) == "PERMISSION_DENIED"
    process.wait_for_log("'pod' cannot be attested yet")


def test_the_proxy_may_be_another_user(identity):
    process = identity(WORKLOADS, "--proxy-uid", UNPRIVILEGED)
    assert sorted(ids_for_user(process, UNPRIVILEGED).split(",")) == [DB, WEB]
    assert ids_for_user(process, 0) == "PERMISSION_DENIED"


# --- callers that mean no good ------------------------------------------------------------------

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = bytes.fromhex("000000040000000000")


@pytest.mark.parametrize("bytes_sent", [
    b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 4096, PREFACE, PREFACE + b"\xff" * 64, PREFACE + SETTINGS,
    PREFACE + SETTINGS + bytes.fromhex("00000401250000000182848684")])
def test_garbage_and_half_calls_harm_nobody(identity, connect, bytes_sent):
    process = identity()
    stream = connect().fetch_x509_svid()
    next(stream)
    open_sockets = []
    for _ in range(50):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(process.socket))
        client.sendall(bytes_sent)
        open_sockets.append(client)
    assert ids_of(next(connect().fetch_x509_svid()))
    for client in open_sockets:
        client.close()
    assert process.is_running()


def resident_kb(pid):
    return int(next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")).split()[1])


def test_callers_that_vanish_leave_nothing_behind(identity, connect):
    """Ten thousand: some say nothing, some say half of it, some hang up while they are answered."""
    process = identity()
    descriptors = Path(f"/proc/{process.pid}/fd")
    if not os.access(descriptors, os.R_OK):
        pytest.skip("the role is not dumpable; only root sees its descriptors")
    next(connect().fetch_x509_svid())
    before = len(list(descriptors.iterdir()))

    def come_and_go(callers):
        for _ in range(callers // 250):  # not all at once: what they need together is no leak
            for number in range(248):
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(str(process.socket))
                    client.sendall((PREFACE + SETTINGS)[:number % 34])
            for _ in range(2):
                api = WorkloadApi(process.socket)
                next(api.fetch_x509_svid())
                api.close()
            wait_for(lambda: len(list(descriptors.iterdir())) <= before + 1, "the descriptors are closed")

    come_and_go(2000)  # what is kept for the next ones is there now
    warm = resident_kb(process.pid)
    come_and_go(8000)
    with open(f"/proc/{process.pid}/maps") as maps:
        is_sanitized = any("libasan" in line or "libtsan" in line for line in maps)
    # a connection that stayed would take several KiB; how many are open at a time varies
    assert is_sanitized or resident_kb(process.pid) - warm < 8192, "memory grew"
    assert ids_of(next(connect().fetch_x509_svid()))


def test_a_caller_that_never_reads_holds_nobody_up(identity, connect, resources):
    """Its stream stays where it is; the others hear of every change."""
    process = identity()
    silent = [WorkloadApi(process.socket).fetch_x509_svid() for _ in range(20)]
    stream = connect().fetch_x509_svid()
    next(stream)
    for number in range(5):
        resources.write("more.yaml", f"""
            apiVersion: networking.istio.io/v1
            kind: WorkloadEntry
            metadata: {{name: more, namespace: shop}}
            spec: {{address: 127.0.0.1, serviceAccount: more{number}}}
        """)
        assert any(name.endswith(f"more{number}") for name in ids_of(next(stream)))
    assert process.is_running() and len(silent) == 20
