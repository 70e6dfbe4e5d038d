# SPDX-License-Identifier: Apache-2.0
"""The table: a row for each peer, median [least–most] of the rounds, and how it compares."""

import json
import statistics

from compare.metrics import METRICS

NOT_RANKED = ("direct", "floor", "mangrove")  # the best of the others is the measure
UNITS = {
    "rps": "req/s", "cpu_us": "µs CPU/req", "per_core": "req/s per core", "busy_cores": "cores busy",
    "p50": "p50 µs", "p90": "p90 µs", "p99": "p99 µs", "p999": "p99.9 µs", "failed": "failed",
    "closed_idle": "closed idle", "idle": "idle KiB", "with_1k": "1k conns KiB", "with_10k": "10k conns KiB",
    "per_conn": "KiB/conn", "start_ms": "start ms",
}


def _number(value):
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _cell(values):
    return f"{_number(statistics.median(values))} [{_number(min(values))}–{_number(max(values))}]"


def _title(plan, metric):
    path = plan.path if len(plan.path) < 40 else "…" + plan.path[-20:]
    title = f"{plan.topology} {metric}: {METRICS[metric].summary}; path={path} workers={plan.workers}"
    title += f" rate={plan.rate}" if metric == "lat" else f" conns={plan.conns}"
    if plan.topology == "t4":
        title += f" rules={plan.rules}"
    if plan.topology == "t3jwt":
        title += f" jwt={plan.jwt}"
    return f"{title} rounds={plan.rounds}"


def print_table(plan, metric, results):
    """results: {peer: [what each round measured]}"""
    row = METRICS[metric]
    measured = {peer: rounds for peer, rounds in results.items() if rounds}
    print(f"\n{_title(plan, metric)}")
    if not row.columns:
        for peer, rounds in measured.items():
            print(f"  {peer}: {json.dumps(rounds[-1])}")
    else:
        _print_rows(row, measured)
    for peer in results.keys() - measured.keys():
        print(f"  {peer:<14} does not support this")


def _print_rows(row, measured):
    medians = {peer: statistics.median(result[row.compared] for result in rounds)
               for peer, rounds in measured.items()}
    best = min((median for peer, median in medians.items() if peer not in NOT_RANKED), default=0)
    print(f"  {'peer':<14}" + "".join(f"{UNITS[column]:>26}" for column in row.columns)
          + f"{UNITS[row.compared] + ' vs best peer':>28}")
    for peer, rounds in measured.items():
        cells = (_cell([result[column] for result in rounds]) for column in row.columns)
        ratio = f"{medians[peer] / best:.2f}x" if best else "-"
        print(f"  {peer:<14}" + "".join(f"{cell:>26}" for cell in cells) + f"{ratio:>28}")
