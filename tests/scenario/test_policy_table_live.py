# SPDX-License-Identifier: Apache-2.0
"""The policy table (tests/table/policy/README.md) through a running proxy: the same rows, the same answers."""

import warnings

import pytest
from harness.live_rows import can_run, run_groups
from test_policy_table import TABLE, fill, groups_of

pytestmark = pytest.mark.skipif(not can_run(), reason="rows run in a network namespace, which unshare(1) may not make here")


def problem_with(title, row, answer):
    """How the proxy disagrees with the row, or None. A stranger gets no further than the handshake."""
    if answer["is_stranger"]:
        return f"{title}: a stranger gets {answer['status']}" if answer["status"] else None
    line = answer.get("line", {})
    seen = {"want": "allow" if answer["status"] == 200 else "deny"}
    if not row.get("tcp"):  # there is none
        seen["status"] = answer["status"]
    if answer["status"] == 401:
        seen["reason"] = answer["body"]
    if line:
        seen |= {"stage": line["stage"], "policy": line.get("policy"), "rule": line.get("rule")}
    for key, value in seen.items():
        if key in row and row[key] != value:
            return f"{title}: {key} is {value}, not {row[key]}"
    return None


FILES = sorted(path.name for path in TABLE.glob("*.yaml") if path.name != "refused.yaml")


@pytest.mark.parametrize("name", FILES)
def test_rows(name):
    groups = [fill(group) for group in groups_of(name)]
    for group in groups:
        group["rows"] = [{**group.get("defaults", {}), **row} for row in group["rows"]]
    answers = run_groups([{"resources": group["resources"], "rows": group["rows"]} for group in groups])
    pairs = [(f"{group['about']}: {row['name']}", row, answer) for group, part in zip(groups, answers)
             for row, answer in zip(group["rows"], part)]
    not_run = [f"{title}: {answer['not_run']}" for title, _, answer in pairs if "not_run" in answer]
    warnings.warn(f"{name}: {len(pairs) - len(not_run)} rows run live, {len(not_run)} not:" + "".join(
        f"\n  {line}" for line in not_run), stacklevel=1)
    problems = [problem_with(title, row, answer) for title, row, answer in pairs if "not_run" not in answer]
    assert not list(filter(None, problems))
