"""What the package says of itself: its version, and its public names."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import textwrap
import tomllib

import yaml
from checkout import ROOT

import fbtools


def test_the_version_is_that_of_the_installed_package_and_of_the_checkout():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert fbtools.__version__ == project["version"] == citation["version"]
    assert fbtools.__version__ == importlib.metadata.version("fbtools")


def test_public_names_are_sorted_and_there():
    assert fbtools.__all__ == sorted(set(fbtools.__all__))
    assert all(hasattr(fbtools, name) for name in fbtools.__all__)


def test_import_is_light():
    """What is large, or optional, is imported when it is needed."""
    heavy = ("librosa", "matplotlib", "ipywidgets", "PIL", "torch")
    code = f"import sys, fbtools; print([m for m in {heavy} if m in sys.modules])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Rooms too small for a file of their own, and the file in which their tests are.
TESTED_WITH = {
    "certificate": "bounds",
    "charts": "plotting",
    "claims": "reproduction",
    "cosine_search": "bounds",
    "denoising": "denoiser",
    "distribution_functions": "continuous_law",
    "few_eigenvalues": "lumping",
    "fibre_bounds": "fibres",
    "fibre_search": "fibres",
    "fibre_singular": "fibre_inverse",
    "fits": "training",
    "gamma_sums": "contour",
    "lanczos": "toeplitz",
    "level_probabilities": "extreme_law",
    "many_banks": "samplers",
    "masking": "denoiser",
    "optimisers": "training",
    "quantiles": "energy_law",
    "scales": "isac",
    "segments": "learning_tasks",
    "style": "plotting",
    "taps": "fibres",
    "wavelets": "random",
}


def test_every_room_has_one_file_of_tests():
    rooms = {path.stem for path in (ROOT / "fbtools").rglob("*.py")} - {"__init__"}
    files = {path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("test_*.py")}
    assert rooms - files == TESTED_WITH.keys()
    assert set(TESTED_WITH.values()) <= files


def test_optional_packages_are_not_needed_to_collect_tests():
    """What a newcomer has: `make test` collects all but what those packages are for."""
    code = """
        import importlib.util, sys, pytest
        find, hidden = importlib.util.find_spec, ("torch", "jupyterlab")
        importlib.util.find_spec = lambda name, *a: None if name in hidden else find(name, *a)

        class Hide:
            def find_spec(name, path=None, target=None):
                if name.split(".")[0] in hidden:
                    raise ModuleNotFoundError(name)

        sys.meta_path.insert(0, Hide)
        sys.exit(pytest.main(["--collect-only", "-p", "no:cacheprovider", *sys.argv[1:]]))
    """
    files = ["tests/test_book.py"]
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert "test_api_page_documents_every_public_name[fbtools.pytorch]" in result.stdout
