# SPDX-License-Identifier: Apache-2.0
"""What every scenario may ask for."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("MANGROVE", ROOT / "build/src/cmd/mangrove"))


@pytest.fixture
def mangrove():
    """Runs one command to its end: mangrove("check", "resources", path).returncode"""

    def run(*arguments, timeout=20, **options):
        command = [str(BINARY), *map(str, arguments)]
        return subprocess.run(command, timeout=timeout, text=True, capture_output=True, **options)

    return run
