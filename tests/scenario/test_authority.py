# SPDX-License-Identifier: Apache-2.0
"""The authority as its operator meets it: offline roots, tokens, encrypted keys, the record, `mangrove id`."""

import json
import os
import re
import signal
import subprocess

import pytest
from cryptography import x509
from harness.process import wait_for

WEB = "spiffe://cluster.local/ns/shop/sa/web"
ME = os.getuid()

WORKLOADS = """
    apiVersion: mangrove.dev/v1
    kind: Workload
    metadata: {name: web, namespace: shop}
    spec: {serviceAccount: web, processes: [{path: /usr/bin/web, user: nobody}, {uid: 4242, path: /bin/none}]}
    ---
    apiVersion: mangrove.dev/v1
    kind: Workload
    metadata: {name: batch, namespace: shop}
    spec: {serviceAccount: batch, processes: [{systemdUnit: batch.service}]}
"""


def sh(command, **options):
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True, **options).stdout


@pytest.fixture
def authority(start, state, resources):
    """authority("--offline-root"): starts the role with these options."""
    resources.write("workloads.yaml", WORKLOADS)

    def start_role(*options, **environment):
        process = start("identity", "--state", state, *options, resources.path, **environment)
        process.wait_for_log("Workload API at")
        return process

    return start_role


@pytest.fixture
def ask(mangrove, state):
    """ask("list"): one verb of `mangrove id`, right, as text, or read where it is JSON."""

    def run(*arguments):
        return mangrove("id", *arguments, "--state", state)

    def run_and_read(*arguments, status=0):
        result = run(*arguments)
        assert status in (None, result.returncode), result.stdout + result.stderr
        return json.loads(result.stdout) if "--json" in arguments else result.stdout + result.stderr

    run_and_read.run = run
    return run_and_read


def read(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


# --- an offline root ---

def sign(folder, request, days=30, extensions=""):
    """What the keeper of the root does with openssl."""
    (folder / "extensions").write_text(
        "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"
        "nameConstraints=critical,permitted;URI:cluster.local\nsubjectAltName=URI:spiffe://cluster.local\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n" if not extensions else extensions)
    (folder / "request.csr").write_text(request)
    sh("openssl x509 -req -in request.csr -CA root.pem -CAkey root.key -CAcreateserial "
       f"-days {days} -extfile extensions -out issuer.pem", cwd=folder)
    (folder / "answer.pem").write_text((folder / "issuer.pem").read_text() + (folder / "root.pem").read_text())
    return folder / "answer.pem"


@pytest.fixture
def offline(tmp_path):
    """A folder with a root that the authority never sees."""
    folder = tmp_path / "offline"
    folder.mkdir()
    sh("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem "
       "-days 3650 -subj '/O=Example/CN=offline root' -addext basicConstraints=critical,CA:TRUE "
       "-addext keyUsage=critical,keyCertSign,cRLSign", cwd=folder)
    return folder


def test_an_offline_root_signs_the_issuer(authority, ask, offline, state, mangrove):
    role = authority("--offline-root")
    assert "the offline root is to sign" in role.log
    assert not list((state / "ca").glob("root-*")) and not list((state / "ca").glob("issuer-1*"))
    request = ask("csr")
    assert request == ask("csr"), "one request until it is answered"
    text = sh("openssl req -noout -text -verify", input=request)
    for words in ("CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "URI:spiffe://cluster.local",
                  "Permitted:", "URI:cluster.local"):
        assert words in text, words
    assert "no authority" not in ask("import", sign(offline, request))
    wait_for(lambda: WEB in ask("list"), "identities are issued now")
    leaf = state / "leaf.pem"
    shown = ask("show", WEB, "--json")
    assert shown[1]["issuer"].endswith("CN=offline root")
    ask("issue", WEB, "--out", state / "web")
    assert mangrove("id", "verify", state / "web/svid.pem", "--bundle", offline / "root.pem").returncode == 0
    assert "issuer-request" not in "".join(os.listdir(state / "ca")) and not leaf.exists()
    assert "offline" in ask("rotate", "issuer", status=2)
    role.stop()
    authority("--offline-root")
    assert WEB in ask("list"), "after a restart"


@pytest.mark.parametrize("why, change", [
    ("was not made from our request", lambda folder, request: sign(folder, sh(
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -subj /CN=x", cwd=folder))),
    ("pathlen:0", lambda folder, request: sign(
        folder, request, extensions="basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")),
    ("may not sign others", lambda folder, request: sign(
        folder, request, extensions="basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n")),
])
def test_wrong_answers_are_refused(authority, ask, offline, why, change):
    authority("--offline-root")
    answer = change(offline, ask("csr"))
    assert why in ask("import", answer, status=2)


def test_an_issuer_that_another_root_signed_is_refused(authority, ask, offline):
    authority("--offline-root")
    answer = sign(offline, ask("csr"))
    sh("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout evil.key -out evil.pem "
       "-days 9 -subj '/O=Example/CN=offline root' && cat issuer.pem evil.pem > answer.pem", cwd=offline)
    assert "does not vouch" in ask("import", answer, status=2)


# --- keys on a token ---

@pytest.fixture
def token(tmp_path):
    """A token of softhsm2 with a key pair for the root and one for the issuer: token("root") is its URI."""
    module = next((path for path in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
                   if os.path.exists(path)), None)
    if module is None:
        pytest.skip("softhsm2 is not installed")
    (tmp_path / "tokens").mkdir()
    config = tmp_path / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\n")
    environment = {**os.environ, "SOFTHSM2_CONF": str(config)}
    sh("softhsm2-util --init-token --free --label mangrove --so-pin 1234 --pin 5678", env=environment)
    for name, number in (("root", 1), ("issuer", 2)):
        sh(f"pkcs11-tool --module {module} --login --pin 5678 --token-label mangrove --keypairgen "
           f"--key-type EC:prime256v1 --label {name} --id 0{number}", env=environment)
    pin = tmp_path / "pin"
    pin.write_text("5678")

    def uri(name):
        return f"pkcs11:token=mangrove;object={name};type=private?pin-source=file:{pin}"

    # the engine keeps a little for good, which a sanitizer takes for a leak
    uri.environment = {"SOFTHSM2_CONF": str(config), "ASAN_OPTIONS": "detect_leaks=0"}
    return uri


def test_keys_stay_on_the_token(authority, ask, token, state, mangrove):
    options = ("--root-key", token("root"), "--issuer-key", token("issuer"))
    role = authority(*options, **token.environment)
    for name in ("root-1.key", "issuer-1-1.key"):
        assert (state / "ca" / name).read_text().startswith("pkcs11:token=mangrove")
        assert "PRIVATE KEY" not in (state / "ca" / name).read_text()
    ask("issue", WEB, "--out", state / "web")
    sh(f"openssl verify -CAfile {state}/ca/root-1.pem -untrusted {state}/ca/issuer-1-1.pem {state}/web/svid.pem")
    role.stop()
    authority(*options, **token.environment)
    ask("issue", WEB, "--out", state / "web")
    assert mangrove("id", "verify", state / "web/svid.pem", "--state", state).returncode == 0
    assert len(list((state / "ca").glob("issuer-*.pem"))) == 1, "the same issuer goes on"


def test_a_token_that_is_away_is_named(start, state, resources, token):
    resources.write("workloads.yaml", WORKLOADS)
    role = start("identity", "--state", state, "--root-key", token("absent"), resources.path, **token.environment)
    assert role.wait() == 2
    assert "pkcs11:token=mangrove;object=absent" in role.log and "pin-source" not in role.log


# --- keys encrypted at rest ---

def test_keys_at_rest_are_encrypted(authority, ask, state, tmp_path, start, resources):
    secret = tmp_path / "secret"
    secret.write_bytes(os.urandom(32))
    plain = authority()
    assert "private keys" in plain.log and "file modes alone" in plain.log
    plain.stop()
    role = authority("--key-encryption", f"file:{secret}")
    assert "was stored plain; it is encrypted now" in role.log
    for path in (state / "ca").glob("*.key"):
        assert "BEGIN ENCRYPTED PRIVATE KEY" in path.read_text() and path.stat().st_mode & 0o777 == 0o600
    ask("issue", WEB, "--out", state / "web")
    role.stop()
    without = start("identity", "--state", state, resources.path)
    assert without.wait() == 2 and "--key-encryption names its secret" in without.log
    secret.write_bytes(os.urandom(32))
    wrong = start("identity", "--state", state, "--key-encryption", f"file:{secret}", resources.path)
    assert wrong.wait() == 2 and "does not open this key" in wrong.log


def test_the_kernel_keeps_the_secret(authority, ask, state, start, resources):
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    name = f"mangrove-test-{os.getpid()}".encode()
    key = libc.syscall(248, b"user", name, os.urandom(32), 32, -4)  # add_key, the user's keyring
    if key < 0:
        pytest.skip("this machine does not permit kernel keyrings")
    try:
        libc.syscall(250, 5, key, 0x3F3F0000)  # readable by whoever possesses it, and by its user
        role = authority("--key-encryption", f"keyring:{name.decode()}")
        assert "BEGIN ENCRYPTED PRIVATE KEY" in (state / "ca/root-1.key").read_text()
        role.stop()
    finally:
        libc.syscall(250, 9, key, -4)  # unlink
    gone = start("identity", "--state", state, "--key-encryption", "keyring:mangrove-nothing", resources.path)
    assert gone.wait() == 2 and "the kernel has no key 'mangrove-nothing'" in gone.log


# --- the record ---

def test_the_record_has_every_act_and_is_whole(authority, ask, resources, state):
    role = authority()
    ask("issue", WEB, "--out", state / "web")
    ask("rotate", "issuer")
    ask("list")
    ask("revoke", WEB, "--reason", "tests", "--name", "stolen")
    role.wait_for_log("revoked by Revocation stolen")
    assert "revoked by Revocation stolen" in ask("issue", WEB, "--out", state / "web", status=3)
    records = [json.loads(line) for line in ask.run("audit", "--json").stdout.splitlines()]
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    events = [record["event"] for record in records]
    assert events[:3] == ["create", "create", "create"]
    issued = read(state / "web/svid.pem")
    assert any(record["event"] == "issue" and int(record["serial"], 16) == issued.serial_number
               and record["id"] == WEB for record in records)
    assert any(record["event"] == "deliver" and int(record["uid"]) == ME and WEB in record["ids"] for record in records)
    assert any(record["event"] == "revoke" and record["id"] == WEB for record in records)
    assert any(record["event"] == "deny" and record["id"] == WEB for record in records)
    told = ask("audit", "--verify", "--json")
    assert told["whole"] and told["records"] == len(records) and told["head"] == records[-1]["hash"]
    head = told["head"]
    resources.remove("revocation-stolen.json")
    role.wait_for_log("revoked no longer")
    assert "unbroken" in ask("audit", "--expect", head)
    assert "written anew" in ask("audit", "--expect", "0" * 63 + "1", status=1)


def damaged(lines):
    yield "changed", 3, lines[:3] + [lines[3].replace('"event"', '"evenT"')] + lines[4:], "this record was changed"
    yield "number", 4, lines[:4] + [re.sub(r'"seq":\d+', '"seq":9', lines[4])] + lines[5:], "this record was changed"
    yield "removed", 3, lines[:3] + lines[4:], "records before this one were removed"
    yield "swapped", 3, lines[:3] + [lines[4], lines[3]] + lines[5:], "were removed"
    yield "doubled", 3, lines[:4] + lines[3:], "stands in the wrong place"
    yield "nonsense", 1, [lines[0], "hello\n"] + lines[1:], "this is no record"


def test_every_kind_of_damage_is_found_and_placed(authority, ask, state):
    role = authority()
    for _ in range(3):
        ask("issue", WEB, "--out", state / "web")
    role.stop()
    file = state / "audit/audit.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    for name, place, changed, why in damaged(lines):
        file.write_text("".join(changed))
        told = ask("audit", "--verify", status=1)
        line = int(re.search(r"audit\.jsonl:(\d+)", told).group(1))
        assert why in told and line >= place, (name, told)
    for position in range(0, len("".join(lines)), 97):
        content = bytearray("".join(lines).encode())
        content[position] ^= 1
        file.write_bytes(content)
        ask("audit", "--verify", status=1)


def test_a_torn_record_is_cut_off_and_told(authority, ask, state):
    role = authority()
    ask("issue", WEB, "--out", state / "web")
    role.signal(signal.SIGKILL)
    role.wait()
    file = state / "audit/audit.jsonl"
    whole = file.read_text()
    file.write_text(whole + whole.splitlines()[-1][:100])
    assert "torn" in ask("audit", "--verify", status=1)
    role = authority()
    assert "a torn record of 100 bytes" in role.log
    assert "unbroken" in ask("audit", "--verify")
    file.write_text(whole.replace('"event"', '"evenT"'))
    role.stop()


# --- the verbs ---

def test_an_identity_for_a_program_without_the_workload_api(authority, ask, state, mangrove):
    authority()
    ask("issue", WEB, "--out", state / "web")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (state / "web").iterdir()}
    assert modes == {"svid.pem": 0o600, "svid_key.pem": 0o600, "svid_bundle.pem": 0o600}
    sh(f"openssl pkey -in {state}/web/svid_key.pem -noout")
    result = mangrove("id", "verify", state / "web/svid.pem", "--bundle", state / "web/svid_bundle.pem")
    assert result.returncode == 0, result.stdout
    assert "lies outside of the trust domain" in ask("issue", "spiffe://other/x", "--out", state / "x", status=2)
    assert not (state / "x").exists()


def test_only_root_and_its_own_user_may_ask(authority, state, mangrove):
    if ME != 0:
        pytest.skip("needs root to be somebody else")
    authority()
    state.chmod(0o755)
    (state / "admin.sock").chmod(0o666)
    result = mangrove("id", "rotate", "issuer", "--state", state, user=65534)
    assert result.returncode == 3 and "only root and the user" in result.stderr


def test_rotation_on_demand(authority, ask):
    authority()
    assert {each["kind"]: each["signs"] for each in ask("list", "--authorities", "--json")} == {
        "root": True, "issuer": True, "jwt": True}
    ask("rotate", "issuer")
    ask("rotate", "root")

    def generations(kind):
        return [(each["generation"], each["signs"], each["published"])
                for each in ask("list", "--authorities", "--json") if each["kind"] == kind]

    wait_for(lambda: generations("issuer") == [(1, False, False), (2, True, False)], "the new issuer signs")
    assert generations("root") == [(1, True, True), (2, False, True)]
    wait_for(lambda: (2, True, True) in generations("root"), "the new root signs once it is known", seconds=15)
    assert "none of root, issuer, jwt" in ask("rotate", "leaf", status=2)


def test_the_bundle_has_both_kinds_of_keys(authority, ask):
    authority()
    document = json.loads(ask("bundle", "--format", "jwks"))
    assert sorted(key["use"] for key in document["keys"]) == ["jwt-svid", "x509-svid"]


def test_why_a_process_gets_no_identity(authority, ask, resources):
    authority("--proxy-uid", "4711")
    told = ask("explain", "--pid", os.getpid(), status=1)
    assert "gets no identity" in told
    executable = os.readlink(f"/proc/{os.getpid()}/exe")
    assert f"path         wants /usr/bin/web, but: {executable}" in told
    assert "user         wants nobody, but: root" in told or ME != 0
    assert "systemdUnit  wants batch.service, but:" in told
    resources.write("mine.yaml", f"""
        apiVersion: mangrove.dev/v1
        kind: Workload
        metadata: {{name: me, namespace: shop}}
        spec: {{serviceAccount: me, processes: [{{uid: {ME}, path: {executable}}}, {{uid: {ME}, path: /no}}]}}
    """)

    def gets_one():
        answer = json.loads(ask.run("explain", "--pid", os.getpid(), "--json").stdout)
        return answer if answer["identities"] else None

    answer = wait_for(gets_one, "the new Workload fits")
    assert answer["identities"] == [WEB.replace("web", "me")]
    assert [each["fits"] for each in answer["compared"][:2]] == [True, False], "the nearest come first"
    assert "there is no process" in ask("explain", "--pid", 2 ** 30, status=2)


def test_nobody_there_is_said(ask):
    for verb in (["issue", WEB], ["csr"], ["rotate", "root"], ["explain", "--pid", "1"]):
        assert "'mangrove identity' or 'mangrove up' starts one" in ask(*verb, status=2)


def test_too_many_at_a_time_are_refused(authority, ask, state):
    authority("--workload-rate", "1")
    told = [ask("issue", WEB, "--out", state / "web", status=None) for _ in range(14)]
    assert "more than 1 identities a second" in told[-1]
    assert "svid.pem" in told[0]
