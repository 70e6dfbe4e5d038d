# SPDX-License-Identifier: Apache-2.0
"""mangrove replay: captures, made by hand and found, judged by rules."""

import gzip
import json
import struct

import pytest
from harness import scap

RULES = """
- rule: Secret read
  desc: a file that is nobody's business
  condition: evt.type in (open, openat) and evt.is_open_read=true and fd.name=/etc/shadow and proc.pname=bash
  output: "%user.name read %fd.name as %proc.cmdline below %proc.aname[2] on %evt.hostname res=%evt.res"
  priority: WARNING
- rule: Known file used
  desc: a descriptor from before the capture
  condition: evt.type=read and fd.name=/var/log/old
  output: "%proc.name reads %fd.name"
  priority: INFO
"""

OPEN_X, READ_E, READ_X, OPENAT_E, OPENAT_X, OPENAT_2_X = 3, 6, 7, 102, 103, 307
READ_ONLY = struct.pack("<I", 1)
MODE = struct.pack("<I", 0)


def machine():
    return (
        scap.section()
        + scap.machine("vault-7")
        + scap.users((0, 0, "root", "/root", "/bin/sh"), (1000, 1000, "alice", "/home/alice", "/bin/sh"))
        + scap.processes(
            {"pid": 300, "parent": 200, "comm": "cat", "args": b"/etc/shadow\0", "cwd": "/etc", "uid": 1000},
            {"pid": 200, "parent": 100, "comm": "bash", "uid": 1000},
            {"pid": 100, "parent": 1, "comm": "sshd"},
            {"pid": 1, "comm": "systemd"},
        )
        + scap.descriptors(300, (5, "/var/log/old"))
    )


def today():
    """openat as recorders write it now: one event."""
    return scap.event(OPENAT_2_X, 300, [
        scap.number(3), scap.number(-100), b"../etc/./shadow\0", READ_ONLY, MODE, MODE, scap.number(0)])


def in_two_halves():
    """openat of an old version: what was asked for, then the descriptor."""
    return (scap.event(OPENAT_E, 300, [scap.number(-100), b"shadow\0", READ_ONLY, MODE], old=True)
            + scap.event(OPENAT_X, 300, [scap.number(3)], old=True))


@pytest.fixture
def replay(mangrove, state):
    rules = state / "rules.yaml"
    rules.write_text(RULES)

    def run(data, *options):
        capture = state / "capture.scap"
        capture.write_bytes(data)
        return mangrove("replay", "--no-default-rules", "-r", rules, *options, capture)

    return run


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("events", [today, in_two_halves])
def test_an_alert_knows_who_and_where(replay, events, pack):
    result = replay(pack(machine() + events()), "--json")
    assert result.returncode == 0, result.stderr
    alert = json.loads(result.stdout)
    assert (alert["rule"], alert["priority"], alert["hostname"]) == ("Secret read", "Warning", "vault-7")
    assert alert["output"].endswith("alice read /etc/shadow as cat /etc/shadow below sshd on vault-7 res=SUCCESS")
    assert alert["time"] == "2023-11-14T22:13:20.000000000Z"


def test_descriptors_from_before_are_known(replay):
    reads = (scap.event(READ_E, 300, [scap.number(5), struct.pack("<I", 10)])
             + scap.event(READ_X, 300, [scap.number(3), b"abc"]))
    assert "cat reads /var/log/old" in replay(machine() + reads).stdout


def test_events_of_later_versions_are_passed_over(replay):
    result = replay(machine() + scap.event(60000, 300, [b"?"]) + today(), "--stats")
    assert result.returncode == 0
    assert "1 events, 1 alerts; 1 of unknown types left out, 4 threads" in result.stderr


def test_what_is_broken_is_said_with_its_place(replay, mangrove, state):
    whole = machine() + today()
    for length in (0, 3, 10, 28, 100, len(whole) - 1):
        result = replay(whole[:length])
        assert (result.returncode, result.stdout) == ((0, "") if length == 28 else (2, "")), length
    too_long = bytearray(whole)
    struct.pack_into("<I", too_long, len(machine()) + 8 + 2 + 16, 5000)  # the event's length
    result = replay(bytes(too_long))
    assert result.returncode == 2
    assert f"byte {len(machine())} has an event that goes beyond its end" in result.stderr
    assert "is no capture" in replay(scap.block(0x201, b"another")).stderr
    result = mangrove("replay", state / "none.scap")
    assert result.returncode == 2 and "No such file" in result.stderr


def expected_events(types):
    """Halves that wait for their exit do not come out; what has no exit does."""
    alone = {16, 146, 152, 186, 196, 228, 232, 234, 244, 260, 268, 270, 272, 280, 286, 290, 322, 324,
             354, 356, 358, 360, 402, 38, 40}
    return sum(1 for kind in types if kind % 2 or kind in alone)


@pytest.mark.parametrize("name", ["open-multiple-files", "ping_sendto", "sample"])
def test_historic_captures_replay_whole(mangrove, shared, name):
    capture = shared / "data" / "captures" / f"{name}.scap"
    stock = sorted((shared / "data" / "falco-rules").glob("*.yaml"))
    rules = [argument for path in stock for argument in ("-r", path)]
    result = mangrove("replay", "--no-default-rules", "--stats", *rules, capture)
    assert result.returncode == 0, result.stderr
    wanted = expected_events(scap.event_types(capture))
    assert f"{wanted} events, 0 alerts; 0 of unknown types" in result.stderr


def test_a_historic_capture_tells_what_python_opened(mangrove, shared, state):
    rules = state / "opened.yaml"
    rules.write_text(
        '- {rule: Opened, desc: x, condition: evt.type=open and proc.name=python, priority: INFO,\n'
        '   output: "%fd.name by %user.name in %proc.pname"}\n')
    capture = shared / "data" / "captures" / "open-multiple-files.scap"
    result = mangrove("replay", "--no-default-rules", "-r", rules, capture)
    outputs = [line.split("Informational ", 1)[1] for line in result.stdout.splitlines()]
    assert "/tmp/file-1 by mstemm in bash" in outputs and "/tmp/file-2 by mstemm in bash" in outputs
