# SPDX-License-Identifier: Apache-2.0
"""embed.py OUTPUT.c FILE…: each file becomes a C constant, template_NAME; "nginx.conf" is template_nginx."""

import json
import sys
from pathlib import Path


def literal(text):
    """C reads these escapes as JSON writes them, line by line."""
    return "\n".join("\t" + json.dumps(line, ensure_ascii=False) for line in text.splitlines(keepends=True))


with open(sys.argv[1], "w", encoding="utf-8") as out:
    for path in map(Path, sys.argv[2:]):
        out.write(f"extern const char template_{path.stem.lower()}[];\n"
                  f"const char template_{path.stem.lower()}[] =\n{literal(path.read_text('utf-8'))};\n")
