# SPDX-License-Identifier: Apache-2.0
"""What an operator does to a running proxy: ask it, wait for it, change how much it says."""

import http.client
import threading

import pytest
from harness.process import free_port
from harness.wire import get


def post(port, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


@pytest.fixture
def api(mesh, origin):
    mesh.serve("api", origin("api").port)
    return mesh


def test_the_log_level_can_be_read_and_changed(api):
    api.start()
    assert get(api.admin, "/logging")[2] == b"info\n"
    assert post(api.admin, "/logging?level=debug") == (200, "debug\n")
    assert get(api.admin, "/logging")[2] == b"debug\n"


@pytest.mark.parametrize("path, headers, status", [
    ("/logging?level=loud", {}, 400),
    ("/logging", {}, 400),
    ("/logging?level=debug", {"Origin": "https://evil.example"}, 403),
    ("/ready", {}, 405),
    ("/nowhere", {}, 404),
])
def test_what_is_not_changed(api, path, headers, status):
    api.start()
    assert post(api.admin, path, **headers)[0] == status
    assert get(api.admin, "/logging")[2] == b"info\n"


def test_wait_ready_ends_when_the_proxy_is_ready(api, mangrove):
    done = []
    waiting = threading.Thread(target=lambda: done.append(
        mangrove("wait-ready", "--admin", f"127.0.0.1:{api.admin}", "--timeout", "20s", timeout=30)))
    waiting.start()
    api.start()
    waiting.join(20)
    assert done[0].returncode == 0 and done[0].stderr == ""


def test_wait_ready_gives_up_and_says_why(mangrove):
    port = free_port()
    ended = mangrove("wait-ready", "--admin", f"127.0.0.1:{port}", "--timeout", "100ms")
    assert ended.returncode == 1
    assert f"no proxy answers at 127.0.0.1:{port}" in ended.stderr


def test_wait_ready_says_whose_identity_is_missing(api, mangrove, start):
    start("proxy", "--workers", 1, "--admin", f"127.0.0.1:{api.admin}", "--workload-api",
          f"unix://{api.state}/nobody.sock", api.resources.path)
    ended = mangrove("wait-ready", "--admin", f"127.0.0.1:{api.admin}", "--timeout", "1s")
    assert ended.returncode == 1
    assert "waits for its identity" in ended.stderr
