# SPDX-License-Identifier: Apache-2.0
"""What can be measured on a bed that is up. Each metric is a function and a row of METRICS."""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from compare import machine


def warn(bed, text):
    print(f"  warning: {bed.name}: {text}", file=sys.stderr)


def _results(bed, output, losses_are_expected=False):
    results = json.loads(output)
    results["failed"] = results["lost_reused"] + results["lost_hard"] + results["bad_status"]
    results["per_core"] = 1e6 / results["cpu_us"] if results["cpu_us"] else 0
    if results["failed"] and not losses_are_expected:
        warn(bed, f"{results['failed']:.0f} requests failed")
    return results


def _load(bed, *options):
    pids = ",".join(map(str, bed.pids()))
    return _results(bed, bed.load("-d", str(bed.plan.seconds), "-P", pids, *options))


def saturated(bed):
    return _load(bed, "-c", str(bed.plan.conns))


def latency(bed):
    return _load(bed, "-c", "64", "-r", str(bed.plan.rate))


def full_handshakes(bed):
    return _load(bed, "-c", "16", "-x", "full")


def resumed_handshakes(bed):
    return _load(bed, "-c", "16", "-x", "resume")


def start_time(bed):
    return {"start_ms": bed.start_ms}


def memory(bed):
    results = {"idle": machine.memory_kib(bed.pids())}
    for count, name in ((1000, "with_1k"), (10000, "with_10k")):
        child = bed.start_load("-i", "-c", str(count), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ready = json.loads(child.stdout.readline() or '{"ready": 0}')["ready"]
        time.sleep(1)
        results[name] = machine.memory_kib(bed.pids())
        child.stdin.close()
        child.wait()
        if ready != count:
            warn(bed, f"{ready} of {count} connections were opened")
    results["per_conn"] = (results["with_10k"] - results["with_1k"]) / 9000
    return results


def reload_under_load(bed):
    child = bed.start_load("-c", "32", "-r", "1000", "-d", "6", stdout=subprocess.PIPE)
    try:
        for _ in range(3):
            time.sleep(1.5)
            if not bed.reload():
                return None
        return _results(bed, child.communicate()[0], losses_are_expected=True)
    finally:
        machine.end(child)


def http2(bed):
    count, pids = 20000, bed.pids()
    headers = ["-H", f"Authorization: Bearer {bed.token()}"] if bed.topology.needs_token else []
    cpu_before, wall_before = machine.cpu_ns(pids), time.monotonic()
    output = subprocess.run(
        ["h2load", "-n", str(count), "-c", "8", "-m", "16", "-t", "1", *headers,
         f"https://127.0.0.1:{bed.port}{bed.plan.path}"],
        stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, bed.plan.load_cpus)).stdout
    cpu, wall = machine.cpu_ns(pids) - cpu_before, time.monotonic() - wall_before
    right = int(re.search(r"(\d+) 2xx", output)[1])
    if right != count:
        warn(bed, f"{right} of {count} answers were right")
    return {"rps": float(re.search(r"([\d.]+) req/s", output)[1]), "cpu_us": cpu / count / 1000,
            "per_core": count / (cpu / 1e9), "busy_cores": cpu / 1e9 / wall}


def system_calls(bed):
    """System calls a request, by role and number of connections, counted by strace."""
    results = {}
    for child, environment in bed.proxies:
        for connections in (1, 32):
            counts = bed.folder / "strace"
            attached = [option for pid in machine.process_tree(child.pid) for option in ("-p", str(pid))]
            strace = machine.start(["strace", "-f", "-c", "-U", "name,calls", "-o", counts, *attached],
                                   stderr=subprocess.DEVNULL)
            time.sleep(0.7)
            answers = json.loads(bed.load("-c", str(connections), "-n", "2000"))["requests"] + connections
            strace.terminate()
            strace.wait(20)
            rows = re.finditer(r"^(\w+)\s+(\d+)\s*$", Path(counts).read_text(), re.M)
            results[f"{environment['ROLE']} c={connections}"] = {
                row[1]: round(int(row[2]) / answers, 3) for row in rows
                if row[1] not in ("syscall", "total") and int(row[2]) / answers > 0.004}
    return results


def profile(bed):
    """CPU time by shared object and by symbol, sampled by perf."""
    samples = bed.folder / "perf"
    perf = machine.start(["perf", "record", "-q", "-e", "cpu-clock", "-F", "2000", "-o", samples,
                          "-p", ",".join(map(str, bed.pids()))], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    bed.load("-c", str(bed.plan.conns), "-d", str(bed.plan.seconds))
    perf.terminate()
    perf.wait(20)

    def report(sort):
        return subprocess.run(["perf", "report", "-i", samples, "--stdio", "-q", "--sort", sort],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout

    objects = re.finditer(r"^\s+([\d.]+)%\s+(\S+)", report("dso"), re.M)
    lines = [" ".join(line.split()) for line in report("dso,symbol").splitlines() if line.strip()]
    return {"objects": {row[2]: float(row[1]) for row in objects if float(row[1]) > 0.5}, "top": lines[:25]}


@dataclass(frozen=True)
class Metric:
    measure: Callable  # bed -> {name: number}; None: the peer does not support it
    summary: str
    columns: tuple = ()  # of the table; none: printed as it is
    compared: str = ""  # the column that the ratio is made of; less is better


METRICS = {
    "max": Metric(saturated, "closed loop, as fast as it goes",
                  ("rps", "busy_cores", "cpu_us", "per_core", "p50", "p99"), "cpu_us"),
    "lat": Metric(latency, "open loop at --rate", ("p50", "p90", "p99", "p999", "cpu_us"), "p50"),
    "hs": Metric(full_handshakes, "a full handshake each request", ("rps", "cpu_us", "per_core"), "cpu_us"),
    "hsr": Metric(resumed_handshakes, "a resumed handshake each request", ("rps", "cpu_us", "per_core"),
                  "cpu_us"),
    "h2": Metric(http2, "h2load, 8 connections of 16 streams", ("rps", "cpu_us", "per_core"), "cpu_us"),
    "mem": Metric(memory, "memory with idle connections", ("idle", "with_1k", "with_10k", "per_conn"),
                  "per_conn"),
    "start": Metric(start_time, "from exec to the first answer", ("start_ms",), "start_ms"),
    "reload": Metric(reload_under_load, "three reloads under 1,000 requests/s",
                     ("failed", "closed_idle", "p99"), "failed"),
    "sys": Metric(system_calls, "system calls a request"),
    "prof": Metric(profile, "where CPU time goes"),
}
