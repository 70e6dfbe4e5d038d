# SPDX-License-Identifier: Apache-2.0
"""`mangrove check docker` against a daemon that answers from a table, and a tree that stands for the host."""
import http.server
import json
import os
import socketserver
import subprocess
import threading

import pytest

MANGROVE = os.path.abspath(os.environ.get("MANGROVE", "build/src/cmd/mangrove"))
IDENTIFIER = "a" * 64
ANSWERS = {
    "/info": {"SecurityOptions": ["name=seccomp,profile=unconfined"], "LiveRestoreEnabled": True, "Driver": "overlay2"},
    "/containers/json": [{"Id": IDENTIFIER}, {"Id": "../../info"}],
    f"/containers/{IDENTIFIER}/json": {
        "Name": "/web", "Config": {"User": ""},
        "HostConfig": {"Privileged": True, "NetworkMode": "bridge", "ReadonlyRootfs": True, "Memory": 1 << 28,
                       "SecurityOpt": ["no-new-privileges"]},
        "Mounts": [{"Source": "/var/run/docker.sock"}]},
}


class Daemon(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(ANSWERS.get(self.path, {})).encode()
        self.send_response(200 if self.path in ANSWERS else 404)
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


@pytest.fixture
def daemon(tmp_path):
    path = str(tmp_path / "docker.sock")
    with socketserver.UnixStreamServer(path, Daemon) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield path
        server.shutdown()


def check(*arguments):
    return subprocess.run([MANGROVE, "check", "docker", "--json", *arguments], text=True, timeout=30, capture_output=True)


def test_the_daemon_and_its_containers_are_examined(daemon, tmp_path):
    (tmp_path / "etc" / "docker").mkdir(parents=True)
    (tmp_path / "etc" / "docker").chmod(0o755)
    (tmp_path / "etc" / "docker" / "daemon.json").write_text("{}")
    (tmp_path / "etc" / "docker" / "daemon.json").chmod(0o666)
    result = check("--socket", daemon, "--root", str(tmp_path))
    assert result.returncode == 1
    found = {(f["id"], f["file"].removeprefix(str(tmp_path))) for f in json.loads(result.stdout)["findings"]}
    assert {("CD201", "docker"), ("CD202", "docker"), ("CD203", "docker"), ("CD301", "/etc/docker/daemon.json"),
            ("CD501", "docker/container/web"), ("CD505", "docker/container/web"),
            ("CD506", "docker/container/web")} <= found
    assert not {i for i, _ in found} & {"CD204", "CD502", "CD503", "CD504", "CD508"}


def test_what_could_not_be_seen_is_said(tmp_path):
    result = check("--socket", str(tmp_path / "none"), "--root", str(tmp_path))
    assert result.returncode == 3 and "could not be looked at" in result.stderr


CONTAINER_CHECKS = {f"CD5{number:02}" for number in range(1, 20)}
# what a daemon without a network cannot show: published ports and the default bridge, a shared mount of
# the host's, an SSH server, and on small machines a privileged container; the table above and
# test_ports_and_places do
NOT_HERE = {"CD511", "CD514", "CD517", "CD518", "CD519"}


def found_by(*arguments):
    result = check(*arguments)
    return result, {(f["id"], f["file"]) for f in json.loads(result.stdout)["findings"]}


def test_a_real_daemon_is_examined(docker, tmp_path):
    docker.run("sleep", "600", name="open", network="host", options=[
        "--pid", "host", "--user", "0", "--cap-add", "NET_ADMIN", "--restart", "always",
        "--volume", "/etc:/host", "--security-opt", "seccomp=unconfined", "--cgroup-parent", "elsewhere"])
    docker.run("sleep", "600", name="closed", options=[
        "--user", "65534:65534", "--read-only", "--memory", "32m", "--cpus", "0.5", "--pids-limit", "10",
        "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--health-cmd", "true"])
    result, found = found_by("--socket", str(docker.socket), "--root", str(tmp_path))
    assert result.returncode == 1, result.stderr
    assert {i for i, file in found if file == "docker/container/open"} == CONTAINER_CHECKS - NOT_HERE - {"CD501"}
    assert {i for i, file in found if file == "docker/container/closed"} == set()
    # this daemon has no user namespaces, no live restore, the userland proxy, no plugin
    assert {"CD201", "CD204", "CD212", "CD213", "CD214"} <= {i for i, file in found if file == "docker"}
    assert not {i for i, file in found} & {"CD202", "CD205", "CD206", "CD207", "CD208", "CD209", "CD210", "CD211"}


def test_a_daemon_as_cis_wants_it(daemon, tmp_path, monkeypatch):
    monkeypatch.setitem(ANSWERS, "/info", {
        "SecurityOptions": ["name=seccomp,profile=default", "name=apparmor", "name=userns"], "LiveRestoreEnabled": True,
        "Driver": "overlay2", "Plugins": {"Authorization": ["opa"]}})
    monkeypatch.setitem(ANSWERS, "/containers/json", [])
    monkeypatch.setitem(ANSWERS, "/networks/bridge", {"Options": {"com.docker.network.bridge.enable_icc": "false"}})
    (tmp_path / "etc/docker").mkdir(parents=True, mode=0o755)
    settings = tmp_path / "etc/docker/daemon.json"
    settings.write_text(json.dumps({"userland-proxy": False, "no-new-privileges": True}))
    settings.chmod(0o644)
    os.chown(settings, 0, 0)
    (tmp_path / "etc/audit/rules.d").mkdir(parents=True)
    (tmp_path / "etc/audit/rules.d/docker.rules").write_text("# all of it\n-w /etc/docker/ -p wa -k docker\n")
    result, found = found_by("--socket", daemon, "--root", str(tmp_path))
    assert (result.returncode, found) == (0, set()), result.stderr


@pytest.mark.parametrize("settings, fires", [
    ({"log-level": "debug"}, "CD209"), ({"iptables": False}, "CD210"), ({"hosts": ["tcp://0.0.0.0:2375"]}, "CD211"),
    ({"userland-proxy": True}, "CD212"), ({"no-new-privileges": False}, "CD213"),
])
def test_how_the_daemon_was_told_to_run(daemon, tmp_path, settings, fires):
    (tmp_path / "etc/docker").mkdir(parents=True)
    (tmp_path / "etc/docker/daemon.json").write_text(json.dumps(settings))
    assert (fires, "docker") in found_by("--socket", daemon, "--root", str(tmp_path))[1]


def test_ports_and_places(daemon, tmp_path, monkeypatch):
    monkeypatch.setitem(ANSWERS, "/info", ANSWERS["/info"] | {"Driver": "aufs", "ExperimentalBuild": True,
                                                              "RegistryConfig": {"InsecureRegistryCIDRs": ["127.0.0.0/8", "0.0.0.0/0"]}})
    monkeypatch.setitem(ANSWERS, "/networks/bridge", {"Options": {"com.docker.network.bridge.enable_icc": "true"}})
    monkeypatch.setitem(ANSWERS, f"/containers/{IDENTIFIER}/json", {
        "Name": "/web", "HostConfig": {"NetworkMode": "default", "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "80"}]}},
        "Mounts": [{"Source": "/srv", "Destination": "/srv", "Propagation": "shared"}]})
    monkeypatch.setitem(ANSWERS, f"/containers/{IDENTIFIER}/top", {"Processes": [["root", "7", "/usr/sbin/sshd -D"]]})
    (tmp_path / "var/lib/docker").mkdir(parents=True)
    for path, mode in (("etc/docker/certs.d", 0o777), ("var/run/docker.sock", 0o666)):
        (tmp_path / path).mkdir(parents=True)
        (tmp_path / path).chmod(mode)
    ids = {i for i, _ in found_by("--socket", daemon, "--root", str(tmp_path))[1]}
    assert NOT_HERE <= ids
    assert {"CD101", "CD102", "CD205", "CD206", "CD207", "CD208", "CD302", "CD303"} <= ids
