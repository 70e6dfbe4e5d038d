# SPDX-License-Identifier: Apache-2.0
"""A node: roles that die are started again, and a stop finishes what was begun and leaves nothing."""

import http.client
import os
import re
import signal
import threading
import time

import pytest
from harness.load import Backend, Load
from harness.process import accepts, wait_for
from harness.wire import get

HOST = {"Host": "api"}


@pytest.fixture
def backend(state):
    server = Backend(state)
    yield server
    server.kill()


@pytest.fixture
def node(mesh, backend):
    """`mangrove up` with web -> api; node.out is web's way out."""
    mesh.serve("api", backend.port)
    out = mesh.speak_as("web")
    supervisor = mesh.start_node("--drain", "3s", workers=2)
    supervisor.out = out
    return supervisor


def pid_of(node, role):
    return int(re.findall(rf"{role} runs as process (\d+)", node.log)[-1])


def kill(node, role):
    pid = pid_of(node, role)
    os.kill(pid, signal.SIGKILL)
    node.wait_for_log(f"{role} was killed by signal 9")
    wait_for(lambda: pid_of(node, role) != pid, f"{role} is started again")


def answers(node):
    try:
        return get(node.out, "/1", headers=HOST, seconds=2)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def test_a_killed_proxy_comes_back(node):
    assert answers(node)
    kill(node, "proxy")
    wait_for(lambda: answers(node), "requests are answered again", seconds=5)
    assert "proxy is started again in 100 ms" in node.log


def test_a_killed_identity_role_is_not_even_noticed(mesh, node):
    with Load(node.out, "/1", rate=500, seconds=4) as load:
        kill(node, "identity")
        wait_for(lambda: "the Workload API is back" in node.log.partition("killed by")[2], "the proxy is served again")
        result = load.finish()
    assert result["requests"] > 1900
    assert (result["bad_status"], result["lost_hard"], result["lost_reused"]) == (0, 0, 0)
    assert node.log.count("made root") == 1  # the same authority
    assert get(mesh.admin, "/ready")[0] == 200


def test_a_role_that_keeps_dying_is_started_with_growing_pauses(node):
    for pause in (100, 200, 400):
        kill(node, "proxy")
        assert f"proxy is started again in {pause} ms" in node.log
    wait_for(lambda: answers(node), "requests are answered again")


def test_broken_files_do_not_end_a_node_whose_role_was_killed(mesh, node):
    """The role cannot start with them; once they are mended it can."""
    policy = mesh.write("broken.yaml", "kind: [")
    node.wait_for_log("resources not loaded, the last good ones stay")
    os.kill(pid_of(node, "proxy"), signal.SIGKILL)
    node.wait_for_log("proxy ended with status 2")
    assert node.is_running()
    policy.unlink()
    wait_for(lambda: answers(node), "requests are answered again")


def test_broken_files_at_the_start_are_told_and_nothing_runs(mesh, mangrove, state):
    mesh.write("broken.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: 5}\nspec: {ports: no}\n")
    result = mangrove("up", "--state", state / "node", mesh.resources.path)
    assert result.returncode == 2
    assert "broken.yaml:3:18: error: " in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_finishes_what_was_begun(mesh, origin, number):
    server = origin()
    mesh.serve("api", server.port)
    out = mesh.speak_as("web")
    node = mesh.start_node()
    answer = []
    request = threading.Thread(target=lambda: answer.append(get(out, "/slow/1.5", headers=HOST)[0]))
    request.start()
    wait_for(lambda: server.requests, "the origin has the request")
    before = time.monotonic()
    node.signal(number)
    wait_for(lambda: not accepts(out), "no new connections are taken")
    assert not answer
    request.join(5)
    assert answer == [200]
    assert node.wait(5) == 0
    assert time.monotonic() - before < 3.5  # not longer than it took
    assert "cut off" not in node.log


def test_a_drain_has_an_end(mesh, origin):
    server = origin()
    mesh.serve("api", server.port)
    out = mesh.speak_as("web")
    node = mesh.start_node("--drain", "500ms")
    request = threading.Thread(target=lambda: pytest.raises(
        (OSError, http.client.HTTPException), get, out, "/slow/20", headers=HOST))
    request.start()
    wait_for(lambda: server.requests, "the origin has the request")
    node.signal(signal.SIGTERM)
    assert node.wait(3) == 0
    assert "cut off" in node.log
    request.join(5)


def test_idle_connections_do_not_hold_up_a_stop(node):
    idle = [http.client.HTTPConnection("127.0.0.1", node.out) for _ in range(20)]
    for connection in idle:
        connection.request("GET", "/1", headers=HOST)
        connection.getresponse().read()
    before = time.monotonic()
    node.signal(signal.SIGTERM)
    assert node.wait(5) == 0
    assert time.monotonic() - before < 1.5


def test_a_stop_under_load_answers_what_it_took(node):
    with Load(node.out, "/1", rate=500, seconds=3) as load:
        time.sleep(1)
        node.signal(signal.SIGTERM)
        assert node.wait(5) == 0
        result = load.finish()
    assert result["bad_status"] == 0


def test_nothing_is_left_behind(mesh, node, state):
    children = children_of(node.pid)
    assert len(children) == 2
    sockets = {path for path in (state / "node").rglob("*") if path.is_socket()}
    assert sockets
    assert node.stop() == 0
    assert not [pid for pid in children if os.path.exists(f"/proc/{pid}")]
    assert not [path for path in sockets if path.exists()]
    assert not accepts(node.out)
    assert not accepts(mesh.admin)


def test_roles_end_with_a_supervisor_that_was_killed(mesh, node):
    children = children_of(node.pid)
    os.kill(node.pid, signal.SIGKILL)
    wait_for(lambda: not [pid for pid in children if os.path.exists(f"/proc/{pid}")], "the roles have ended")
    assert not accepts(mesh.admin)


def test_a_node_starts_again_in_the_state_it_left(mesh, node):
    node.stop()
    again = mesh.start_node()
    again.out = node.out
    assert answers(again)
    assert "made root" not in again.log
