# SPDX-License-Identifier: Apache-2.0
"""A new program takes the place of a running one: nothing that was asked of either fails."""

import http.client
import os
import re
import shutil
import signal

import pytest
from harness.load import Backend, Load
from harness.process import BINARY, free_port, wait_for
from harness.wire import get

HOST = {"Host": "api"}


@pytest.fixture
def backend(state):
    server = Backend(state)
    yield server
    server.kill()


@pytest.fixture
def program(state):
    """A copy of the program, to be replaced."""
    return shutil.copy2(BINARY, state / "mangrove")


@pytest.fixture
def node(mesh, backend, program):
    """`mangrove up` with web -> api from a copy of the program; node.out is web's way out."""
    mesh.serve("api", backend.port)
    out = mesh.speak_as("web")
    supervisor = mesh.start_node("--drain", "2s", workers=2, binary=program)
    supervisor.out = out
    return supervisor


def proxies(node):
    return [int(pid) for pid in re.findall(r"proxy runs as process (\d+)", node.log)]


def replace(program, source):
    shutil.copy2(source, f"{program}.new")
    os.chmod(f"{program}.new", 0o755)
    os.rename(f"{program}.new", program)


def is_there(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


def test_an_upgrade_under_load_fails_no_request(node, program):
    old = proxies(node)[-1]
    with Load(node.out, "/100", rate=500, seconds=6, connections=8) as load:
        replace(program, BINARY)
        os.kill(node.pid, signal.SIGUSR2)
        node.wait_for_log("the new proxy is ready")
        node.wait_for_log(f"proxy of before the upgrade (process {old}) has ended")
        result = load.finish()
    assert (result["bad_status"], result["lost_hard"], result["lost_reused"]) == (0, 0, 0), result
    assert result["requests"] > 2000
    assert not is_there(old) and is_there(proxies(node)[-1]) and node.is_running()
    assert os.readlink(f"/proc/{proxies(node)[-1]}/exe") == str(program)


def test_it_can_be_done_again(node):
    for number in (2, 3):
        os.kill(node.pid, signal.SIGUSR2)
        wait_for(lambda number=number: len(proxies(node)) == number, "the next proxy starts")
        wait_for(lambda: not is_there(proxies(node)[-2]), "the old proxy ends")
        assert get(node.out, "/1", headers=HOST)[0] == 200


def test_what_is_no_program_changes_nothing(node, program):
    before = proxies(node)
    replace(program, __file__)
    os.kill(node.pid, signal.SIGUSR2)
    node.wait_for_log("not upgraded, all goes on as it was")
    assert proxies(node) == before and is_there(before[-1])
    assert get(node.out, "/1", headers=HOST)[0] == 200


def test_a_new_proxy_that_cannot_start_leaves_the_old_one(node, mesh):
    mesh.write("broken.yaml", "kind: [")
    node.wait_for_log("resources not loaded")
    os.kill(node.pid, signal.SIGUSR2)
    node.wait_for_log("proxy ended with status 2")
    assert get(node.out, "/1", headers=HOST)[0] == 200
    mesh.resources.remove("broken.yaml")
    node.wait_for_log("the new proxy is ready", seconds=20)
    assert get(node.out, "/1", headers=HOST)[0] == 200


def test_an_idle_connection_may_ask_once_more(node):
    connection = http.client.HTTPConnection("127.0.0.1", node.out, timeout=5)
    connection.request("GET", "/1", headers=HOST)
    connection.getresponse().read()
    os.kill(node.pid, signal.SIGUSR2)
    node.wait_for_log("the new proxy is ready")
    connection.request("GET", "/1", headers=HOST)
    answer = connection.getresponse()
    assert answer.status == 200 and answer.getheader("connection") == "close"


def test_a_second_proxy_does_not_take_over_unasked(mesh, origin, start, mangrove):
    mesh.serve("api", origin("api").port)
    place = mesh.state / "proxy.sock"
    mesh.start("--handover", place)
    wait_for(place.exists, "the socket")
    leaf = mesh.leaves["api"]
    second = mangrove("proxy", "--handover", place, "--svid", f"{leaf.certificate},{leaf.key},{leaf.bundle}",
                      mesh.resources.path)
    assert second.returncode == 2
    assert "a proxy runs there already; say --take-over to take its place" in second.stderr


def test_strangers_get_no_socket(mesh, origin):
    mesh.serve("api", origin("api").port)
    place = mesh.state / "proxy.sock"
    mesh.start("--handover", place)
    wait_for(place.exists, "the socket")
    assert place.stat().st_mode & 0o777 == 0o600


def test_nobody_to_take_over_from(mesh, mangrove):
    ended = mangrove("proxy", "--handover", mesh.state / "none.sock", "--take-over", "--admin",
                     f"127.0.0.1:{free_port()}", mesh.resources.path)
    assert ended.returncode == 2 and "no proxy hands over at" in ended.stderr
