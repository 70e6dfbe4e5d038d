#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over what changed since it was last clean: tidy.py BUILD-DIRECTORY JOBS

The build has just been brought up to date, so an object file is newer than its stamp exactly where the
source, or a header it includes, has changed.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOISE = re.compile(r"\d+ warnings? (generated|treated as errors?)|^Suppressed|^Use -header-filter")


def age(path):
    return path.stat().st_mtime if path.exists() else 0


def configuration_of(source):
    """The newest of the .clang-tidy files that apply."""
    return max(age(folder / ".clang-tidy") for folder in source.parents if folder.is_relative_to(ROOT))


def tidy(build, source, stamp):
    """True where it is clean; findings are printed."""
    result = subprocess.run(["clang-tidy", "-p", build, "-quiet", source], capture_output=True, text=True)
    if result.returncode == 0:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
        return True
    lines = (result.stdout + result.stderr).splitlines()
    print("\n".join(line for line in lines if not NOISE.search(line)), flush=True)
    return False


def main():
    build, jobs = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    changed = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = Path(os.path.normpath(Path(entry["directory"], entry["file"])))
        if not source.is_relative_to(ROOT) or source.is_relative_to(build):
            continue  # generated
        stamp = build / "tidy" / source.relative_to(ROOT)
        if age(stamp) < max(age(build / entry["output"]), configuration_of(source)):
            changed.append((source, stamp))
    with ThreadPoolExecutor(jobs) as pool:
        clean = list(pool.map(lambda pair: tidy(build, *pair), dict(changed).items()))
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
