"""The virtual environment that make makes: which Python it takes, and when it makes one anew.

Pythons are stand-ins, shell scripts that answer what scripts/make_venv.sh asks.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
from checkout import ROOT

TOOLS = ("rm", "sh", "mkdir", "dirname", "find", "head", "touch", "grep")
# Each answers -c with a version and an import, --version, and makes an environment with itself in.
PYTHON = r"""
case "$*" in
  *sys.version_info*) echo VERSION ;;
  *ensurepip*) exit BARE ;;
  --version) echo Python VERSION.1 ;;
  "-m venv"*)
    mkdir -p "$3/bin" && touch "$3/pyvenv.cfg"
    printf '#!/bin/sh\necho VERSION\n' > "$3/bin/python"
    chmod +x "$3/bin/python"
    echo "made $0 $*" ;;
esac
"""


def python(version: str, bare: bool = False) -> str:
    """Return a stand-in for a Python, with or without the module venv."""
    return PYTHON.replace("VERSION", version).replace("BARE", str(int(bare)))


class Machine:
    """A PATH with some Pythons on it, and `make` on the folder of an environment."""

    def __init__(self, folder) -> None:
        self.tools, self.venv = folder / "bin", folder / "venv"
        self.tools.mkdir()
        for tool in (*TOOLS, "chmod"):
            (self.tools / tool).symlink_to(shutil.which(tool))

    def add(self, name: str, body: str) -> str:
        """Put a command on the PATH; return where it is."""
        script = self.tools / name
        script.unlink(missing_ok=True)
        script.write_text(f"#!/bin/sh\n{body}\n")
        script.chmod(0o755)
        return str(script)

    def make(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """Ask for the environment."""
        return subprocess.run(
            [
                shutil.which("make"),
                "--no-print-directory",
                f"VENV={self.venv}",
                *(f"{name}={value}" for name, value in variables.items()),
                f"{self.venv}/made.stamp",
            ],
            cwd=ROOT,
            env={"PATH": str(self.tools)},
            capture_output=True,
            text=True,
        )


@pytest.fixture
def machine(tmp_path) -> Machine:
    """Return a machine without any Python."""
    return Machine(tmp_path)


def test_no_python_fits(machine):
    machine.add("python3", python("3.9"))
    result = machine.make()
    assert result.returncode != 0
    assert "No Python 3.11 to 3.13 was found" in result.stderr
    assert "make PYTHON=" in result.stderr


def test_venv_is_missing(machine):
    machine.add("python3", python("3.12", bare=True))
    result = machine.make()
    assert result.returncode != 0
    assert "apt install python3.12-venv" in result.stderr


def test_the_first_python_that_works_is_taken(machine):
    machine.add("python3.12", python("3.12", bare=True))
    machine.add("python3.13", python("3.13"))
    machine.add("python3", python("3.9"))
    result = machine.make()
    assert result.returncode == 0, result.stderr
    assert "with Python 3.13.1" in result.stdout
    assert re.search(r"made \S*python3\.13 -m venv", result.stdout)
    assert "with Python" not in machine.make().stdout


def test_the_chosen_python_may_have_a_blank_in_its_path(machine, tmp_path):
    machine.add("python3.13", python("3.13"))
    (tmp_path / "my tools").mkdir()
    chosen = tmp_path / "my tools" / "python it's"
    shutil.copy(machine.add("one", python("3.11")), chosen)
    result = machine.make(PYTHON=str(chosen))
    assert result.returncode == 0, result.stderr
    assert f"made {chosen} -m venv" in result.stdout


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (python("3.9"), "which is Python 3.9"),
        (python("3.14"), "which is Python 3.14"),
        ("exit 1", "does not run as a Python"),
        (python("3.12", bare=True), "lacks the modules venv"),
        (None, "not a command here"),
    ],
)
def test_a_chosen_python_that_cannot_be_used_is_an_error(machine, body, message):
    """It was replaced in silence by another one."""
    machine.add("python3.13", python("3.13"))
    if body is not None:
        machine.add("mine", body)
    result = machine.make(PYTHON="mine")
    assert result.returncode != 0
    assert message in result.stderr
    assert not machine.venv.exists()


def test_an_environment_of_another_python_is_not_taken_for_the_chosen_one(machine):
    machine.add("python3.12", python("3.12"))
    machine.add("python3.13", python("3.13"))
    assert machine.make(PYTHON="python3.12").returncode == 0
    assert machine.make(PYTHON="python3.12").returncode == 0
    result = machine.make(PYTHON="python3.13")
    assert result.returncode != 0
    assert "make distclean" in result.stderr


def test_an_environment_that_is_not_complete_is_made_again(machine):
    """What a kill leaves behind: a Python without pip, and no stamp."""
    machine.add("python3.12", python("3.12"))
    for made in ([], ["pyvenv.cfg"], ["pyvenv.cfg", "bin/python"]):
        shutil.rmtree(machine.venv, ignore_errors=True)
        (machine.venv / "bin").mkdir(parents=True)
        for name in ["made.begun", *made] if made else []:
            (machine.venv / name).write_text("left over")
        result = machine.make()
        assert result.returncode == 0, result.stderr
        assert (machine.venv / "bin" / "python").read_text() != "left over"
        assert (machine.venv / "made.stamp").exists()


def test_an_environment_whose_python_is_gone_is_made_again(machine):
    machine.add("python3.12", python("3.12"))
    assert machine.make().returncode == 0
    interpreter = machine.venv / "bin" / "python"
    interpreter.unlink()
    interpreter.symlink_to("/nowhere/python3.12")
    assert machine.make().returncode == 0
    assert interpreter.exists()


@pytest.mark.parametrize("name", ["thesis.tex", "pyvenv.cfg"])
def test_a_folder_that_make_has_not_made_is_left_alone(machine, name):
    """Somebody's own environment, too: it may hold more than can be made again."""
    machine.add("python3.12", python("3.12"))
    machine.venv.mkdir()
    (machine.venv / name).write_text("all my work")
    result = machine.make()
    assert result.returncode != 0
    assert "make has not made it" in result.stderr
    assert (machine.venv / name).exists()


def test_an_environment_of_another_checkout_is_made_again(machine):
    """Copied or moved, it would run the other checkout's package."""
    machine.add("python3.12", python("3.12"))
    assert machine.make().returncode == 0
    (machine.venv / "made.stamp").write_text("/another/place\n")
    result = machine.make()
    assert result.returncode == 0, result.stderr
    assert "made for another place" in result.stdout
    assert (machine.venv / "made.stamp").read_text() == f"{ROOT}\n"


def test_an_environment_that_lost_pip_is_made_again(machine):
    """As after an update of the system's Python."""
    machine.add("python3.12", python("3.12"))
    assert machine.make().returncode == 0
    (machine.venv / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    assert machine.make().returncode == 0
    assert "3.12" in (machine.venv / "bin" / "python").read_text()


def test_an_environment_that_cannot_be_removed_is_named_in_one_line(machine):
    machine.add("python3.12", python("3.12"))
    machine.add("rm", "echo 'rm: no' >&2; exit 1")
    machine.venv.mkdir()
    (machine.venv / "made.begun").write_text("")
    result = machine.make()
    assert result.returncode != 0
    lines = [line for line in result.stderr.splitlines() if not line.startswith("make")]
    assert len(lines) == 1
    assert "cannot be removed" in lines[0]


def test_caches_do_not_need_a_home_that_can_be_written_to():
    """matplotlib says on stderr that it cannot write there, and stderr stops the build."""
    names = ["MPLCONFIGDIR", "NUMBA_CACHE_DIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR"]
    rule = "show: ; @echo " + " ".join(f"$${name}" for name in names)
    result = subprocess.run(
        [shutil.which("make"), "--no-print-directory", f"--eval={rule}", "show"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": "/proc"},
        capture_output=True,
        text=True,
        check=True,
    )
    folders = result.stdout.split()
    assert len(folders) == len(names)
    assert all(folder.startswith(f"{ROOT}/_build/") for folder in folders)


def test_a_port_in_use_is_named_with_the_remedy():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for value in (port, "70000", "http"):
            result = subprocess.run(
                [sys.executable, str(ROOT / "scripts" / "serve.py"), str(ROOT), value],
                capture_output=True,
                text=True,
            )
            assert result.returncode != 0
            assert f"Port {value} cannot be used" in result.stderr
            assert "make serve PORT=" in result.stderr
            assert "Traceback" not in result.stderr
