"""A user's code, read by pyright."""

from __future__ import annotations

import shutil
import subprocess
import sys

from checkout import ROOT


def test_a_users_code_passes_pyright(tmp_path):
    """Nothing is unknown, nothing is wrong: the package counts as typed."""
    path = shutil.copy(ROOT / "tests" / "data" / "downstream.py", tmp_path)
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors, 0 warnings" in done.stdout
