# SPDX-License-Identifier: Apache-2.0
"""The harness itself: a scenario may rely on what stands here."""

import socket
import ssl
import subprocess

import pytest
from harness.origin import HttpOrigin
from harness.process import Process, accepts, command_lines, free_port, wait_for
from harness.wire import client_tls, get, talk

WEB = "spiffe://cluster.local/ns/default/sa/web"


def test_an_origin_tells_what_it_was_asked(origin):
    server = origin("web")
    status, headers, told = get(server.port, "/a?b=c", "POST", "body", {"X-One": "1"})
    assert (status, headers["X-Origin"]) == (200, "web")
    assert (told["method"], told["path"], told["body"]) == ("POST", "/a?b=c", "body")
    assert told["headers"]["x-one"] == "1"
    assert get(server.port, "/status/404")[0] == 404
    assert get(server.port, "/bytes/70000")[2] == b"x" * 70000
    assert get(server.port, "/chunks/3")[2] == b"012"


def test_a_raw_origin_speaks_as_told(raw_origin):
    async def shout(reader, writer):
        writer.write((await reader.readline()).upper())

    assert talk(raw_origin(shout).port, b"hello\n") == b"HELLO\n"


def test_mutual_tls_works_with_right_certificates(ca, origin):
    server_leaf, client_leaf = ca.leaf(WEB, dns=["localhost"]), ca.intermediate().leaf(WEB)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca.bundle)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(server_leaf.certificate, server_leaf.key)
    server = origin(tls=context)
    assert get(server.port, tls=client_tls(client_leaf))[0] == 200
    assert talk(server.port, b"GET / HTTP/1.1\r\n\r\n", tls=client_tls(), seconds=2) == b""


@pytest.mark.parametrize("wrong", [
    {"minutes": (-120, -60)}, {"minutes": (60, 120)}, {"is_ca": True}, {"uses": ("key_cert_sign",)},
    {"uses": None}, {"roles": None},
], ids=str)
def test_a_leaf_may_be_wrong(ca, wrong):
    leaf = ca.leaf(WEB, **wrong)
    shown = subprocess.run(["openssl", "x509", "-noout", "-text", "-in", leaf.certificate],
                           capture_output=True, text=True, check=True).stdout
    assert f"URI:{WEB}" in shown
    assert ("CA:TRUE" in shown) == wrong.get("is_ca", False)
    assert leaf.key.stat().st_mode & 0o777 == 0o600


def test_a_process_and_all_its_children_end(state):
    port = free_port()
    program = ("import socket, subprocess, time; s = socket.create_server(('127.0.0.1', %d));"
               "subprocess.Popen(['sleep', '98765']); print('ready', flush=True); time.sleep(60)" % port)
    process = Process("listener", ["-c", program], state / "log", binary="/usr/bin/python3")
    process.wait_for_log("ready")
    process.wait_for_port(port)
    process.kill()
    assert not accepts(port)
    wait_for(lambda: "sleep 98765" not in command_lines(), "the child of the child has ended")


def test_a_docker_daemon_runs_containers_and_leaves_nothing(docker):
    docker.run("sleep", "98766", name="sleeper", options=["--user", "65534"])
    state = docker.inspect("sleeper")["State"]
    assert state["Running"] and state["Pid"] == docker.pid("sleeper")
    assert docker.command("exec", "sleeper", "id", "-u") == "65534"
    docker.stop()
    assert not [line for line in command_lines() if "98766" in line or str(docker.folder) in line]


def test_what_never_comes_is_named():
    with pytest.raises(AssertionError, match="still not: pigs fly"):
        wait_for(lambda: False, "pigs fly", seconds=0.1)


def test_an_origin_that_stops_lets_go_of_its_port():
    server = HttpOrigin()
    server.stop()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", server.port))
