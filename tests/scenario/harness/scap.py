# SPDX-License-Identifier: Apache-2.0
"""Writes and takes apart .scap captures, as the format has them: an independent hand beside ours."""

import gzip
import struct

SECTION = 0x0A0D0D0A
EVENTS = {0x204: (False, False), 0x208: (True, False), 0x216: (False, True), 0x217: (True, True)}


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def section():
    return block(SECTION, struct.pack("<IHHQ", 0x1A2B3C4D, 1, 2, 2**64 - 1))


def machine(hostname):
    return block(0x201, struct.pack("<IQQ128sQQQQ", 4, 1 << 30, 32768, hostname.encode(), 0, 0, 0, 0))


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<H", len(value)) + value


def users(*rows):
    """(uid, gid, name, home, shell)"""
    body = b""
    for uid, gid, name, home, shell in rows:
        entry = struct.pack("<BII", 0, uid, gid) + text(name) + text(home) + text(shell)
        body += struct.pack("<I", len(entry) + 4) + entry
    return block(0x220, body)


def processes(*rows):
    """Dicts of: pid, parent, comm, exe, args, cwd, uid, cgroups."""
    body = b""
    for row in rows:
        pid = row["pid"]
        entry = struct.pack("<QQQQQ", pid, pid, row.get("parent", 0), pid, pid)
        entry += text(row["comm"]) + text(row.get("exe", row["comm"])) + text(row.get("exepath", ""))
        entry += text(row.get("args", b"")) + text(row.get("cwd", "/"))
        entry += struct.pack("<QIII", 1024, 0, row.get("uid", 0), row.get("uid", 0))
        entry += struct.pack("<IIIQQ", 0, 0, 0, 0, 0) + text(b"")
        entry += struct.pack("<qq", pid, pid) + text(row.get("cgroups", b"")) + text("/")
        body += struct.pack("<I", len(entry) + 4) + entry
    return block(0x215, body)


def descriptors(pid, *rows):
    """(number, path)"""
    body = struct.pack("<Q", pid)
    for number, path in rows:
        entry = struct.pack("<qQB", number, 0, 16) + struct.pack("<I", 1) + text(path)
        body += struct.pack("<I", len(entry) + 4) + entry
    return block(0x218, body)


def event(kind, tid, params, time=1_700_000_000_000_000_000, old=False):
    """params: bytes each; numbers as struct.pack makes them."""
    lengths = b"".join(struct.pack("<H", len(param)) for param in params)
    data = lengths + b"".join(params)
    head = 22 if old else 26
    body = struct.pack("<HQQIH", 0, time, tid, head + len(data), kind)
    if not old:
        body += struct.pack("<I", len(params))
    return block(0x204 if old else 0x216, body + data)


def number(value):
    return struct.pack("<q", value)


def event_types(path):
    """The types of a capture's events, in order."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind in EVENTS:
            start = at + 8 + 2 + (4 if EVENTS[kind][0] else 0)
            yield struct.unpack_from("<H", data, start + 20)[0]
        at += length
