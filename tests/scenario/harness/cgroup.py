# SPDX-License-Identifier: Apache-2.0
"""A cgroup (version 2) of the test's own, and commands in it.

    group = Cgroup("web")
    group.run("curl", "http://203.0.113.1/").stdout
"""

import os
import subprocess
from pathlib import Path

from harness.process import wait_for

TREES = [Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")]


def tree():
    """Where cgroups of version 2 can be made, or None."""
    found = [path for path in TREES if (path / "cgroup.procs").exists() and (path / "cgroup.controllers").exists()]
    return found[0] if found and os.geteuid() == 0 else None


class Cgroup:
    def __init__(self, name):
        self.path = tree() / f"mangrove-{name}-{os.getpid()}"
        self.path.mkdir()

    def run(self, *command, seconds=10):
        def enter():
            (self.path / "cgroup.procs").write_text("0")

        return subprocess.run(command, preexec_fn=enter, capture_output=True, text=True, timeout=seconds,
                              stdin=subprocess.DEVNULL)

    def remove(self):
        def is_gone():
            try:
                self.path.rmdir()
            except FileNotFoundError:
                return True
            except OSError:  # its last process is still ending
                return False
            return True

        wait_for(is_gone, f"{self.path} is empty")
