# SPDX-License-Identifier: Apache-2.0
"""The rows of a C test table, so that what holds for a parser can be asked of the whole proxy."""

import ast
import re

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\b[A-Z][A-Z0-9_]*\b|[{},]|//.*|/\*.*?\*/', re.S)
MACRO = re.compile(r'^#define[ \t]+([A-Z0-9_]+)[ \t]+((?:".*?"|[A-Z0-9_]+|[ \t])+)$', re.M)


def _bytes_of(literal):
    # C and Python agree on the escapes that stand there
    return ast.literal_eval("b" + literal)


def read_rows(path):
    """Each { "name", "message", "want" } of the file, its macros filled in, as bytes."""
    source = path.read_text()
    macros = {}
    for name, value in MACRO.findall(source):
        macros[name] = b"".join(_bytes_of(t) if t[0] == '"' else macros.get(t, b"") for t in TOKEN.findall(value))
    rows, row = [], None
    for token in TOKEN.findall(source[source.index("rows[] = {"):].partition("{")[2]):
        if token == "{":
            row = [b""]
        elif token == "}" and row:
            rows.append(row)
            row = None
        elif row is not None and token == ",":
            row.append(b"")
        elif row is not None and token[0] == '"':
            row[-1] += _bytes_of(token)
        elif row is not None and token in macros:
            row[-1] += macros[token]
        elif token == "}":
            break
    return [row[:3] for row in rows if len(row) >= 3]
