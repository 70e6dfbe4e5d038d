#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sums test reports: summary.py RUNNER-STATUS REPORT.xml…

Reads what meson and pytest write (JUnit XML), names what was skipped and why, and ends with
"N passed, N failed, N skipped". Exit status 1 where anything failed, or where a runner says that it
did although no test of it does (it could not start, say).
"""

import sys
import xml.etree.ElementTree as xml
from pathlib import Path


def outcome(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def skip_reason(case, suite):
    """pytest says it in an attribute; a C test on its last line."""
    said = case.find("skipped").get("message")
    for holder in (case, suite):
        for output in ("system-out", "system-err"):
            said = said or (holder.findtext(output) or "").strip()
    return said.splitlines()[-1] if said else "no reason given"


def main():
    runner_failed = sys.argv[1] != "0"
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for report in sys.argv[2:]:
        if not Path(report).exists():
            continue  # it had nothing to run, or its status tells
        for suite in xml.parse(report).getroot().iter("testsuite"):
            for case in suite.iter("testcase"):
                count[outcome(case)] += 1
                if outcome(case) == "skipped":
                    name = f"{case.get('classname')}.{case.get('name')}"
                    print(f"skipped: {name}: {skip_reason(case, suite)}")
    if runner_failed and not count["failed"]:
        print("a test runner failed before its tests could say so; see above")
        count["failed"] = 1
    print(", ".join(f"{number} {what}" for what, number in count.items()))
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
