# SPDX-License-Identifier: Apache-2.0
"""A running command of the program, with its log."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("MANGROVE", ROOT / "build/src/cmd/mangrove"))
SHARED = Path(os.environ.get("MANGROVE_SHARED", ROOT.parent / "shared"))


def free_port(address="127.0.0.1"):
    """A port that nothing listens on, outside the range that the kernel gives to clients."""
    while True:
        port = 10000 + int.from_bytes(os.urandom(2), "big") % 20000
        with socket.socket() as probe:
            try:
                probe.bind((address, port))
                return port
            except OSError:
                continue


def wait_for(holds, what, seconds=10, every=0.02):
    """The first true result of holds(); fails by name where it stays false."""
    deadline = time.monotonic() + seconds
    while not (result := holds()):
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(every)
    return result


def accepts(port, address="127.0.0.1"):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


def command_lines():
    """Of every process on this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip())
        except OSError:
            pass  # ended meanwhile
    return found


class Process:
    """Started at once, in a session of its own; dies with the test that started it."""

    def __init__(self, name, arguments, log, binary=BINARY, **environment):
        self.name, self.log_path = name, Path(log)
        with open(self.log_path, "wb") as output:
            self.child = subprocess.Popen(
                [str(binary), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, env={**os.environ, **environment}, start_new_session=True,
                preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))
        self.pid = self.child.pid

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_lines(self):
        """Log lines that are JSON objects, read."""
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]

    def is_running(self):
        return self.child.poll() is None

    def wait_for_log(self, text, seconds=10):
        def said():
            assert self.is_running() or text in self.log, f"{self.name} ended:\n{self.log}"
            return text in self.log

        wait_for(said, f"{text!r} in the log of {self.name}:\n{self.log}", seconds)

    def wait_for_port(self, *ports, address="127.0.0.1", seconds=10):
        for port in ports:
            def listens():
                assert self.is_running(), f"{self.name} ended:\n{self.log}"
                return accepts(port, address)

            wait_for(listens, f"{self.name} listens on {address}:{port}", seconds)

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, seconds=10):
        return self.child.wait(seconds)

    def stop(self, seconds=10):
        """Asks it to end and returns its status; what is left of its session is killed."""
        if self.is_running():
            self.child.terminate()
        try:
            return self.child.wait(seconds)
        finally:
            self.kill()

    def kill(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()
