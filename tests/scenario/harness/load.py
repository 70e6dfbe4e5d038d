# SPDX-License-Identifier: Apache-2.0
"""The C backend and load generator of bench/, built beside the program under test.

    with Load(port, "/100", rate=1000, seconds=5, host="api") as load:
        …
        assert load.finish()["bad_status"] == 0
"""

import json
import os
import subprocess

from .process import BINARY, Process, free_port

TOOLS = BINARY.parents[2] / "bench"


class Backend(Process):
    """Answers GET /N with N bytes (bench/backend.c)."""

    def __init__(self, state, address="127.0.0.1", port=None):
        self.port = port or free_port(address)
        super().__init__("backend", [address, self.port], state / f"backend-{self.port}.log",
                         binary=TOOLS / "backend")
        self.wait_for_port(self.port, address=address)


class Load:
    """Runs until it has sent its requests or the time is over."""

    def __init__(self, port, path="/", address="127.0.0.1", rate=None, requests=None, seconds=None,
                 connections=8, host="api", leaf=None):
        command = [TOOLS / "load", "-c", connections, "-n", requests or 0, "-S", host]
        command += ["-d", seconds] if seconds else []
        command += ["-r", rate] if rate else []
        command += ["-t", "-C", leaf.certificate, "-K", leaf.key] if leaf else []
        self.child = subprocess.Popen([str(word) for word in [*command, address, port, path]],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      env=os.environ | {"ASAN_OPTIONS": "detect_leaks=0"})

    def finish(self, seconds=60):
        output, problem = self.child.communicate(timeout=seconds)
        assert self.child.returncode == 0, problem
        self.result = json.loads(output)
        return self.result

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
