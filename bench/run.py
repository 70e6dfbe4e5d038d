#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Mangrove beside other proxies: run.py TOPOLOGY [OPTION…]. README.md says what the words mean.

All traffic stays on 127.0.0.1, every run is bounded, and all that is made lies in one temporary
folder that is removed at the end.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from compare import machine, material, report
from compare.bed import Bed, BedProblem
from compare.metrics import METRICS
from compare.topology import TOPOLOGIES


def parse_arguments():
    parser = argparse.ArgumentParser(
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="topologies:\n" + "".join(f"  {name:9} {row.summary}\n" for name, row in TOPOLOGIES.items())
        + "metrics:\n" + "".join(f"  {name:9} {row.summary}\n" for name, row in METRICS.items()))
    add = parser.add_argument
    add("topology", choices=TOPOLOGIES, metavar="TOPOLOGY")
    add("--peers", default="nginx,haproxy,mangrove", help="names of folders in bench/peers, or direct")
    add("--metrics", default="max")
    add("--rounds", type=int, default=3, help="interleaved; the table shows their median")
    add("--seconds", type=float, default=3)
    add("--conns", type=int, default=32)
    add("--rate", type=int, default=2000, help="requests a second of lat")
    add("--size", default="1k", choices=["128", "1k", "64k"], help="of the answer's body")
    add("--path", help="another path")
    add("--workers", type=int, default=1)
    add("--rules", type=int, default=1000, help="of t4")
    add("--jwt", default="es256", choices=["es256", "rs256"])
    add("--nice", type=int, default=-15, help="priority of lat runs, as root")
    add("--proxy-cpu", type=int, default=1)
    add("--load-cpu", type=int, default=0)
    add("--tools", type=Path, required=True, help="build folder of load, backend and relay")
    add("--mangrove", type=Path, required=True, help="the binary")
    add("--json", help="a file for all results, or - for standard output")
    return parser.parse_args()


def prepare(plan, folder):
    """What every peer gets, below `folder`; completes the plan."""
    plan.folder = folder
    plan.nice = plan.nice if os.geteuid() == 0 else 0
    plan.load_cpus = {plan.load_cpu}
    # with one worker all proxies share one core; client and backend share the other
    plan.proxy_cpus = {plan.proxy_cpu} if plan.workers == 1 else {plan.load_cpu, plan.proxy_cpu}
    plan.certificates, plan.static_files = folder / "certificates", folder / "static"
    material.make_certificates(plan.certificates)
    material.make_static_files(plan.static_files)
    plan.rules_file = None
    if plan.topology == "t4":
        plan.rules_file = folder / "rules.tsv"
        plan.path = plan.path or material.write_rules(plan.rules_file, plan.rules) + plan.size
    plan.path = plan.path or ("/app.js" if plan.topology == "t3static" else f"/{plan.size}")


def measure(plan, peers, metric):
    """{peer: [results of each round]}; the order of peers turns from round to round."""
    results = {peer: [] for peer in peers}
    for turn in range(plan.rounds):
        start = turn % len(peers)
        for peer in peers[start:] + peers[:start]:
            with Bed(plan, peer, metric) as bed:
                if bed.come_up() and (result := METRICS[metric].measure(bed)) is not None:
                    results[peer].append(result)
    return results


def write_json(plan, results):
    said = {name: getattr(plan, name) for name in (
        "topology", "peers", "rounds", "metrics", "path", "workers", "conns", "rate", "seconds", "rules", "jwt")}
    text = json.dumps({"plan": said, "load_average": os.getloadavg(), "results": results}, indent=1)
    if plan.json == "-":
        print(text)
    else:
        Path(plan.json).write_text(text)


def main():
    plan = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    machine.raise_file_limit()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="bench.", dir=memory))
    peers, results = plan.peers.split(","), {}
    try:
        prepare(plan, folder)
        for metric in plan.metrics.split(","):
            results[metric] = measure(plan, peers, metric)
            report.print_table(plan, metric, results[metric])
        if plan.json:
            write_json(plan, results)
    except BedProblem as problem:
        sys.exit(f"bench: {problem}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
