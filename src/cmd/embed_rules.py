# SPDX-License-Identifier: Apache-2.0
"""embed_rules.py OUTPUT INPUT: the rule file as a C array, so that the program needs no file of its own."""
import sys
from pathlib import Path

output, source = map(Path, sys.argv[1:3])
content = source.read_bytes()
rows = (", ".join(str(byte) for byte in content[at:at + 20]) for at in range(0, len(content), 20))
output.write_text('#include "cmd/default_rules.h"\n\nconst unsigned char default_rules[] = {\n'
                  + ",\n".join(rows) + f"\n}};\nconst size_t default_rules_len = {len(content)};\n")
