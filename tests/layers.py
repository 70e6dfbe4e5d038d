#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Layers point down only: fails on an #include that climbs, or that reaches into another room.

    tests/layers.py             checks src/ and tests/ of this tree
    tests/layers.py --self-test shows that planted mistakes are found

A room is a folder of src/. Inside a room every header may be used; of another room only its public
header, ROOM/ROOM.h, and only where the table below allows that room.
"""

import re
import sys
import tempfile
from pathlib import Path

# room: what it may use. A room that is not in the table may not exist.
ALLOWED = {
    "base": [],
    "resource": ["base"],
    "net": ["base"],
    "identity": ["net", "resource", "base"],
    "policy": ["resource", "base"],
    "proxy": ["net", "policy", "identity", "resource", "base"],
    "sensor": ["base"],
    "rules": ["resource", "base"],
    "fields": ["sensor", "rules", "base"],
    "threat": ["fields", "sensor", "rules", "resource", "base"],
    "check": ["policy", "resource", "rules", "base"],
    "console": ["net", "resource", "base"],
}
ALLOWED["cmd"] = list(ALLOWED)

INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')
# Headers that the build makes (protobuf-c, bpftool) lie beside the file that uses them.
GENERATED = re.compile(r"\.(pb-c|skel)\.h$")
# What a room's unit tests make their objects with is for the tests of the rooms above it, too.
MAKES = re.compile(r"/make_\w+\.h$")


def problem_with(room, header):
    """What is wrong with `#include "header"` in this room, or None."""
    if GENERATED.search(header):
        return None
    if "/" not in header:
        return f"\"{header}\" names no room; write \"{room}/{header}\""
    target = header.split("/")[0]
    if target == room:
        return None
    if target not in ALLOWED:
        return f'there is no room "{target}"; the table in tests/layers.py lists them'
    if target not in ALLOWED[room]:
        may = "only " + ", ".join(ALLOWED[room]) if ALLOWED[room] else "nothing of ours"
        return f"{room} may not use {target}, {may}"
    if header != f"{target}/{target}.h" and not MAKES.search(header):
        return f'"{header}" is a part of another room; include "{target}/{target}.h"'
    return None


def check_file(path, shown, room):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        include = INCLUDE.match(line)
        problem = problem_with(room, include[1]) if include else None
        if problem:
            yield f"{shown}:{number}: {problem}"


def check_tree(root):
    """Every mistake in the tree, as "file:line: text". A room's unit tests count as the room."""
    for top in ("src", "tests/unit"):
        for folder in sorted(path for path in (root / top).glob("*") if path.is_dir()):
            if folder.name not in ALLOWED:
                yield f"{top}/{folder.name}: this room is not in the table of tests/layers.py"
                continue
            for path in sorted(folder.rglob("*.[ch]")):
                yield from check_file(path, path.relative_to(root), folder.name)


PLANTED = [  # room, include, part of the message (None: allowed)
    ("base", "base/text.h", None),
    ("policy", "base/base.h", None),
    ("policy", "policy/parse.h", None),
    ("identity", "workload.pb-c.h", None),
    ("base", "policy/policy.h", "base may not use policy, nothing of ours"),
    ("policy", "net/net.h", "policy may not use net, only resource, base"),
    ("proxy", "policy/compile.h", 'include "policy/policy.h"'),
    ("net", "socket.h", 'write "net/socket.h"'),
    ("net", "util/util.h", 'there is no room "util"'),
    ("util", "base/base.h", "this room is not in the table"),
]


def self_test():
    failures = 0
    for room, header, expected in PLANTED:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "src", room, "planted.c")
            file.parent.mkdir(parents=True)
            file.write_text(f'/* a climb */\n#include "{header}"\n')
            found = list(check_tree(Path(folder)))
        right = not found if expected is None else len(found) == 1 and expected in found[0]
        if right and expected and room in ALLOWED:
            right = found[0].startswith(f"src/{room}/planted.c:2: ")
        if not right:
            print(f"{room} includes {header}: expected {expected}, found {found}")
            failures += 1
    return failures


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 1 if self_test() else 0
    mistakes = list(check_tree(Path(__file__).resolve().parent.parent))
    print("\n".join(mistakes), end="\n" if mistakes else "")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
