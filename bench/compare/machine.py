# SPDX-License-Identifier: Apache-2.0
"""Ports, processes, CPU time, memory: what the kernel knows."""

import os
import random
import re
import resource
import signal
import socket
import subprocess
from pathlib import Path


def free_port():
    """Outside the range that the kernel gives to clients."""
    while True:
        port = random.randint(20000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def raise_file_limit():
    wanted = 65536
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, most)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def start(command, cpus=None, nice=0, **options):
    """A child in a session of its own, on these CPUs."""

    def prepare():
        if cpus:
            os.sched_setaffinity(0, cpus)
        if nice:
            os.setpriority(os.PRIO_PROCESS, 0, nice)
            try:  # nice alone does not reach across sessions
                Path("/proc/self/autogroup").write_text(str(nice))
            except OSError:
                pass

    return subprocess.Popen(command, preexec_fn=prepare, start_new_session=True, **options)


def end(child):
    """The child and whatever is left of its session."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()


def process_tree(pid):
    """The process and all below it."""
    found = [pid]
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{thread}/children").read_text().split():
                found += process_tree(int(child))
    except OSError:
        pass
    return found


def memory_kib(pids):
    """Shared pages count once (PSS), so that masters and workers add up."""
    total = 0
    for pid in pids:
        try:
            total += int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])
        except (OSError, TypeError):
            pass
    return total


def cpu_ns(pids):
    total = 0
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            total += int(Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0])
    return total
