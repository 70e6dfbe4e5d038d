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
