"""Python in a process of its own that finds no recordings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap


def run(code, tmp_path, **environment):
    """Run Python in a process that has no recordings in its cache; return its JSON."""
    empty = tmp_path / "empty cache"
    inherited = {
        key: value
        for key, value in os.environ.items()
        if "proxy" not in key.lower() and key != "FBTOOLS_OFFLINE"
    }
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        env=inherited | {"LIBROSA_DATA_DIR": str(empty)} | environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return json.loads(result.stdout)
