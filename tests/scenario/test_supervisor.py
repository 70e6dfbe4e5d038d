# SPDX-License-Identifier: Apache-2.0
"""A node: roles that die are started again, and a stop finishes what was begun and leaves nothing."""

import http.client
import os
import re
import signal
import threading
import time
from pathlib import Path

import pytest
from harness.load import Backend, Load
from harness.process import BINARY, accepts, free_port, wait_for
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


# --- the sensor ---


def has_capabilities():
    bits = int(re.search(r"CapEff:\s+(\w+)", Path("/proc/self/status").read_text())[1], 16)
    return all(bits >> bit & 1 for bit in (19, 38, 39))  # CAP_SYS_PTRACE, CAP_PERFMON, CAP_BPF


@pytest.fixture
def powerless(state):
    """The program, started without a capability."""
    script = state / "powerless"
    script.write_text(f'#!/bin/sh\nexec setpriv --bounding-set=-all --inh-caps=-all {BINARY} "$@"\n')
    script.chmod(0o755)
    return script


def test_a_node_judges_system_calls(mesh, state):
    if not has_capabilities():
        pytest.skip("the sensor needs capabilities")
    rules = state / "rules.yaml"
    rules.write_text("- rule: Marked\n  desc: d\n  priority: INFO\n  output: marked %evt.arg.path\n"
                     f"  condition: evt.type = rmdir and evt.arg.path = {state}/none\n")
    mesh.serve("api", free_port())
    node = mesh.start_node("--rules", rules, sensor="on")
    for _ in range(2):
        node.wait_for_log("watching")
        with pytest.raises(OSError):
            os.rmdir(state / "none")
        node.wait_for_log(f"Informational marked {state}/none")
        kill(node, "watch")  # it comes back
        node.log_path.write_text(f"watch runs as process {pid_of(node, 'watch')}\n")
    children = children_of(node.pid)
    assert len(children) == 3
    node.signal(signal.SIGHUP)  # it has no log to open again
    os.kill(node.pid, signal.SIGKILL)
    wait_for(lambda: not [pid for pid in children if os.path.exists(f"/proc/{pid}")], "the roles have ended")


def test_a_node_runs_without_the_sensor_where_it_is_not_permitted(mesh, powerless):
    mesh.serve("api", free_port())
    node = mesh.start_node(sensor="auto", binary=powerless)
    node.wait_for_log("this machine does not permit 'watch'")
    assert node.log.count("lacks CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE") == 1
    time.sleep(0.3)
    assert node.log.count("watch runs as process") == 1
    assert len(children_of(node.pid)) == 2
    assert get(mesh.admin, "/ready")[0] == 200
    assert node.stop() == 0


def test_a_sensor_that_is_demanded_and_not_permitted_ends_the_node(mesh, start, state, powerless):
    mesh.serve("api", free_port())
    node = start("up", "--state", state / "node", "--sensor", "on", mesh.resources.path, binary=powerless)
    assert node.wait(10) == 3
    assert "watch ended with status 3" in node.log


def test_rules_with_a_mistake_end_the_node(mesh, start, state):
    rules = state / "rules.yaml"
    rules.write_text("- rule: Broken\n  condition: (\n")
    mesh.serve("api", free_port())
    node = start("up", "--state", state / "node", "--admin", "127.0.0.1:0", "--rules", rules, mesh.resources.path)
    assert node.wait(10) == 2
    assert "rules.yaml" in node.log
