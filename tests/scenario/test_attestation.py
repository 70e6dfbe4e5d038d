# SPDX-License-Identifier: Apache-2.0
"""Which process is whom: by the digest of its executable, and by what Docker says of its container."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness.process import wait_for

STRANGER = 64321
PYTHON = os.path.realpath(sys.executable)
ID = "spiffe://cluster.local/ns/shop/sa/"

# As Debian's grpcio asks; run as `python ASK UID SOCKET token|svid`.
ASK = f"""
import os, sys
uid, socket, what = int(sys.argv[1]), sys.argv[2], sys.argv[3]
os.setgroups([]); os.setgid(uid); os.setuid(uid)
sys.path.insert(0, {str(Path(__file__).parent)!r})
from harness.workload_api import WorkloadApi, messages
import grpc
api = WorkloadApi(socket)
try:
    if what == "token":
        request = messages().JWTSVIDRequest(audience=["api"])
        answer = api.unary("FetchJWTSVID", request, messages().JWTSVIDResponse)
    else:
        answer = next(api.fetch_x509_svid())
    print(*(svid.spiffe_id for svid in answer.svids))
except grpc.RpcError as error:
    print(error.code().name)
"""


def workload(name, *processes):
    return f"""
    ---
    apiVersion: mangrove.dev/v1
    kind: Workload
    metadata: {{name: {name}, namespace: shop}}
    spec: {{serviceAccount: {name}, processes: {json.dumps(list(processes))}}}
    """


@pytest.fixture
def identity(start, state, resources):
    """Starts the role with these Workloads; identity.ask() is what a process of another user is given."""
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")

    def start_identity(*workloads, **options):
        resources.write("workloads.yaml", "".join(workloads))
        words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
        process = start("identity", "--state", state, *words, resources.path)
        process.wait_for_log("Workload API at")
        state.chmod(0o755)
        return process

    def ask(what="svid", python=PYTHON, before=(), uid=STRANGER):
        command = [*before, python, "-c", ASK, str(uid), str(state / "workload-api.sock"), what]
        result = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert result.returncode == 0, result.stderr
        return result.stdout.split()

    start_identity.ask = ask
    return start_identity


@pytest.fixture
def explain(mangrove, state):
    """Of a pid and a property: does it fit, what was found; once all of it is known."""

    def settled(pid, name):
        answer = json.loads(mangrove("id", "explain", "--pid", pid, "--json", "--state", state).stdout)
        found = [each for entry in answer["compared"] for each in entry["properties"] if each["property"] == name]
        return found[0] if found and "ask again" not in found[0]["found"] else None

    return lambda pid, name: wait_for(lambda: settled(pid, name), f"{name} of {pid} is known")


def digest_of(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


# --- executables ---

def test_an_executable_is_known_by_its_digest(identity, explain):
    identity(workload("web", {"sha256": digest_of(PYTHON).upper()}), workload("db", {"sha256": "0" * 64}))
    assert identity.ask() == [ID + "web"]
    assert identity.ask() == [ID + "web"], "it is remembered"
    found = explain(os.getpid(), "sha256")
    assert found["found"] == digest_of(PYTHON)
    assert found["fits"] == (found["wanted"].lower() == digest_of(PYTHON))


def test_a_call_for_a_token_waits_until_the_digest_is_known(identity):
    identity(workload("web", {"sha256": digest_of(PYTHON)}))
    assert identity.ask("token") == [ID + "web"]


def test_another_file_of_the_same_name_is_another(identity, tmp_path):
    place = Path(shutil.copy(PYTHON, tmp_path / "python"))
    tmp_path.chmod(0o755)
    identity(workload("web", {"uid": STRANGER, "path": str(place), "sha256": digest_of(PYTHON)}))
    assert identity.ask(python=place) == [ID + "web"]
    with place.open("ab") as file:
        file.write(b"\0")
    assert identity.ask(python=place) == ["PERMISSION_DENIED"]
    place.unlink()
    shutil.copy(PYTHON, place)
    assert identity.ask(python=place) == [ID + "web"]


def test_a_file_mounted_over_another_is_not_that(identity, tmp_path):
    place, other = Path(shutil.copy(PYTHON, tmp_path / "python")), Path(shutil.copy(PYTHON, tmp_path / "other"))
    tmp_path.chmod(0o755)
    identity(workload("web", {"uid": STRANGER, "path": str(place)}))
    assert identity.ask(python=place) == [ID + "web"]
    mounted = ["unshare", "--mount", "sh", "-c", f"mount --bind {other} {place}; exec \"$@\"", "sh"]
    assert identity.ask(python=place, before=mounted) == ["PERMISSION_DENIED"]


def test_the_more_is_known_the_earlier_it_comes(identity):
    identity(workload("a", {"uid": STRANGER}), workload("b", {"uid": STRANGER, "sha256": digest_of(PYTHON)}),
             workload("c", {"uid": STRANGER, "path": PYTHON, "sha256": digest_of(PYTHON)}))
    assert identity.ask() == [ID + "c", ID + "b", ID + "a"]


# --- containers ---

def test_a_process_outside_of_containers_is_in_none(identity, explain, tmp_path):
    identity(workload("web", {"docker": {}}), docker_socket=tmp_path / "nobody")
    assert identity.ask() == ["PERMISSION_DENIED"]
    assert explain(os.getpid(), "docker")["found"] == "it is in no container"


def test_containers_are_known_by_their_image_and_labels(identity, explain, docker):
    identity(
        workload("any", {"docker": {}}),
        workload("web", {"uid": STRANGER, "docker": {"image": "busy*", "labels": {"app": "web", "tier": "1"}}}),
        workload("db", {"uid": STRANGER, "docker": {"image": "busybox", "labels": {"app": "db"}}}),
        workload("pinned", {"uid": STRANGER, "path": f"/host{PYTHON}", "docker": {"image": docker.command(
            "image", "inspect", "--format", "{{.Id}}", "busybox")}}),
        workload("other", {"docker": {"image": "busybox:no"}}), docker_socket=docker.socket)
    labels = ["--label", "app=web", "--label", "tier=1", "--volume", "/:/host"]
    container = docker.run("sleep", "600", name="web", options=labels)
    inside = [shutil.which("docker"), "--host", f"unix://{docker.socket}", "exec", container, "chroot", "/host"]
    assert identity.ask(before=inside) == [ID + "pinned", ID + "web", ID + "any"]
    assert identity.ask() == ["PERMISSION_DENIED"], "the same program beside it"
    found = explain(docker.pid(container), "docker")["found"]
    assert found.startswith("image busybox") and "app=web" in found

    # a mount namespace of one's own can show what it likes to who asks there; nobody does
    lie = f"mount --bind /proc/{docker.pid(container)}/cgroup /proc/self/cgroup; exec \"$@\""
    liar = ["unshare", "--mount", "sh", "-c", f"{lie}", "sh"]
    assert identity.ask(before=liar) == ["PERMISSION_DENIED"]


def test_an_engine_that_does_not_answer_vouches_for_nobody(identity, explain, docker, tmp_path):
    identity(workload("web", {"docker": {"image": "*"}}), docker_socket=tmp_path / "nobody")
    container = docker.run("sleep", "600", name="web", options=["--volume", "/:/host"])
    inside = [shutil.which("docker"), "--host", f"unix://{docker.socket}", "exec", container, "chroot", "/host"]
    assert identity.ask(before=inside) == ["PERMISSION_DENIED"]
    assert "Docker does not answer" in explain(docker.pid(container), "docker")["found"]
