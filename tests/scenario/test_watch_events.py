# SPDX-License-Identifier: Apache-2.0
"""Each system call that the sensor captures: made for real, and every field of its event compared."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from harness import syscalls
from harness.process import BINARY, wait_for

FLAGS = {"flags", "mode", "nstype"}


def events_of(log):
    """The lines that are events, not the sensor's own words."""
    whole = log[:log.rfind("\n") + 1].splitlines()  # the last line may still be being written
    return [event for event in map(json.loads, filter(str.strip, whole)) if "args" in event]


class Observed(dict):
    def __init__(self, all_events, caller, by_name):
        super().__init__(by_name)
        self.all, self.caller = all_events, caller


@pytest.fixture(scope="module")
def observed(tmp_path_factory, watch):
    """For each call, by its name: what was to be told, and what was told of the program that made it."""
    folder = tmp_path_factory.mktemp("calls")
    sensor = watch("--events", "--buffer=16")  # all that all programs do meanwhile has room
    made = subprocess.Popen([sys.executable, "-B", syscalls.__file__, folder], stdout=subprocess.PIPE, text=True)
    expected, caller = json.loads(made.communicate(timeout=20)[0]), made.pid
    wait_for(lambda: any(event["pid"] == caller and event["args"].get("path") == f"{syscalls.MARK}end"
                         for event in events_of(sensor.log)), "the last mark", every=0.2)
    events, name = {}, None
    all_events = events_of(sensor.log)
    for event in all_events:
        mark = (event["args"].get("path") or "") if event["type"] == "rmdir" and event["pid"] == caller else ""
        if mark.startswith(syscalls.MARK):
            name = mark[len(syscalls.MARK):]
        elif name is not None:
            events.setdefault(name, []).append(event)
    return Observed(all_events, caller, {
        name: (expected[name], [event for event in events.get(name, []) if event["pid"] == caller])
        for name in expected})


def plain(arguments):
    """Names of bits in no particular order; of text that stands for bytes of the kernel's, its end."""
    return {name: set(value.split("|")) if name in FLAGS and isinstance(value, str) else value
            for name, value in arguments.items()}


@pytest.mark.parametrize("name", [name for name in syscalls.CALLS if name not in ("exec", "orphan")])
def test_call(observed, name):
    expected, events = observed[name]
    for kind, arguments in expected:
        told = [event["args"] for event in events if event["type"] == kind]
        wanted = plain(arguments)
        right = [args for args in told if wanted.items() <= plain(args).items()]
        assert right, f"{kind} {arguments} is not among {told or [event['type'] for event in events]}"
        if kind not in ("execve", "execveat"):
            assert set(right[0]) == set(arguments), "every parameter is compared"


def test_program_is_started(observed):
    """exec, by the hook of its own: all that rules ask of a process."""
    expected, _ = observed["exec"]
    child = expected[0][1]["pid"]
    started = [event for event in observed.all if event["pid"] == child]
    fork, exec_, exit_ = (next(event["args"] for event in started if event["type"] == kind)
                          for kind in ("clone", "execve", "procexit"))
    assert (fork["res"], fork["tid"], fork["pid"]) == (0, child, child)
    assert fork["ptid"] == exec_["ptid"] == observed.caller
    told = {"res": 0, "exe": "a shell", "args": ["-c", "exit 3"], "env": ["MARKED=yes"], "comm": "sh", "cwd": "/",
            "tid": child, "pid": child, "uid": 0, "gid": 0, "trusted_exepath": os.path.realpath("/bin/sh"),
            "exe_ino": os.stat("/bin/sh").st_ino, "exe_ino_ctime": os.stat("/bin/sh").st_ctime_ns,
            "exe_ino_mtime": os.stat("/bin/sh").st_mtime_ns, "tty": 0, "flags": "EXE_WRITABLE"}
    assert {key: exec_[key] for key in told} == told
    assert exec_["cap_effective"] == int(re.search(r"CapEff:\s+(\w+)", Path("/proc/self/status").read_text())[1], 16)
    assert (exit_["status"], exit_["ret"], exit_["sig"]) == (3 << 8, 3, 0)


def test_exit_tells_who_inherits_the_children(observed):
    def exit_of(name):
        child = observed[name][0][0][1]["pid"]
        return next(event["args"] for event in observed.all if event["pid"] == child and event["type"] == "procexit")

    assert exit_of("exec")["reaper_tid"] == 0  # it had none
    assert exit_of("orphan")["reaper_tid"] == observed.caller


CONNECTIONS = """
import socket
for _ in range(3):
    server, client = socket.create_server(("127.0.0.1", 0)), socket.socket()
    client.connect(server.getsockname())
    client.send(b"x")
    print("%s:%d->%s:%d" % (*client.getsockname(), *server.getsockname()))
    client.close()
    server.close()
"""


def test_descriptor_that_was_another_connection_s_has_the_right_name(watch, tmp_path):
    """No close is seen: the socket itself tells that it is another one."""
    rules = tmp_path / "rules.yaml"
    rules.write_text("- rule: Sent\n  desc: d\n  priority: INFO\n  output: sent by %fd.name;\n"
                     f"  condition: evt.type = sendto and proc.args contains {tmp_path}\n")
    sensor = watch("--no-default-rules", "--repeats=0", "-r", rules)
    made = subprocess.run([sys.executable, "-S", "-c", CONNECTIONS, tmp_path], capture_output=True, text=True, check=True)
    wait_for(lambda: sensor.log.count("sent by") == 3, "all is told")
    assert re.findall("sent by (.*);", sensor.log) == made.stdout.split()


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="int 0x80 is x86's")
def test_32_bit_call_is_seen_and_marked(watch, tmp_path):
    """A 64-bit program may make 32-bit calls, which tracepoints for single calls do not see."""
    source, program = tmp_path / "old.c", tmp_path / "old"
    source.write_text("""static char path[] = "/no/such/old";
        int main(void) { int r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(5), "b"(path), "c"(2), "d"(0) : "memory");
        return r != -2; }""")
    subprocess.run(["gcc", "-no-pie", "-o", program, source], check=True)
    sensor = watch("--events=open")
    code = subprocess.run([program]).returncode
    if code < 0:
        pytest.skip("this kernel takes no 32-bit calls")
    wait_for(lambda: "/no/such/old" in sensor.log, "the call is told")
    event = next(event for event in events_of(sensor.log) if event["args"]["name"] == "/no/such/old")
    assert event["compat"]
    assert (event["args"]["fd"], event["args"]["flags"]) == (-2, "O_RDWR")


def test_unprivileged_user_is_told_what_is_missing():
    child = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all", BINARY, "watch", "--events"],
                           capture_output=True, text=True, timeout=10)
    assert child.returncode == 3
    assert "lacks CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE" in child.stderr


def test_privileges_are_given_up(watch):
    """What is left once the programs are attached: to look into /proc, and nothing that could come back."""
    sensor = watch("--events=setsid")
    status = Path(f"/proc/{sensor.pid}/status").read_text()
    field = dict(line.split(":\t", 1) for line in status.splitlines())
    keeps = 1 << 19 | 1 << 2  # CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH
    assert int(field["CapEff"], 16) & ~keeps == int(field["CapPrm"], 16) & ~keeps == 0
    assert (field["NoNewPrivs"], field["Seccomp"]) == ("1", "2")
