"""What others need who join: forms, workflows, hooks, and pages that say how; all of it checked.

Linting finds what a server would refuse to read. That a workflow does what it should, only a server
shows.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT
from test_book_config import pyproject, requirements, strict
from test_sources import tracked

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
    "vendor.github-issue-forms": [GITHUB / "ISSUE_TEMPLATE" / f"{n}.yml" for n in ("bug", "book")],
    "vendor.github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "vendor.citation-file-format": [ROOT / "CITATION.cff"],
}
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(" ".join(re.findall(r"^\.PHONY: (.*)", MAKEFILE, re.MULTILINE)).split())
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a linter."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


def validate(schema: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Compare files with a schema that check-jsonschema carries along."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    return run(*command, *map(str, paths))


def audit(*paths: Path) -> subprocess.CompletedProcess[str]:
    """Look for what makes a workflow unsafe."""
    zizmor = str(Path(sys.executable).with_name("zizmor"))
    return run(zizmor, "--offline", "--no-progress", "--min-severity=medium", *map(str, paths))


# --- Workflows and forms ---------------------------------------------------------------------


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_for_the_server_have_its_form(schema):
    assert all(strict(path.read_text()) for path in SCHEMAS[schema])  # no key twice
    done = validate(schema, *SCHEMAS[schema])
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_workflow_is_unsafe():
    done = audit(GITHUB)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linters_notice(tmp_path):
    path = tmp_path / ".github" / "workflows" / "tests.yml"
    path.parent.mkdir(parents=True)
    good = WORKFLOWS[-1].read_text()
    assert 'make PYTHON=python "$TARGET"' in good
    path.write_text(good.replace("runs-on", "run-on"))
    assert validate("vendor.github-workflows", path).returncode != 0
    path.write_text(good.replace('"$TARGET"', "${{ github.head_ref }}"))
    assert audit(path).returncode != 0


@each_workflow
def test_workflow_says_that_it_has_never_run(path):
    assert re.match(r"# Linted .*, but never run", path.read_text())


@each_workflow
def test_workflow_asks_for_little(path):
    """Reading, unless a job says what else it needs; actions by hash; an end to what hangs."""
    text, workflow = path.read_text(), strict(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]
    for name, job in workflow["jobs"].items():
        granted = {key for key, value in job.get("permissions", {}).items() if value == "write"}
        assert granted <= ({"pages", "id-token"} if name == "publish" else set())
        assert "timeout-minutes" in job or job["uses"].startswith("./")
    for used in re.findall(r"uses: (.*)", text):
        assert re.fullmatch(r"\./\S+|[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", used), used


def test_workflows_call_what_the_makefile_has():
    tests = strict((GITHUB / "workflows" / "tests.yml").read_text())
    matrix = tests["jobs"]["make"]["strategy"]["matrix"]["include"]
    called = {entry["target"] for entry in matrix}
    for path in WORKFLOWS:
        called |= set(re.findall(r"run: make PYTHON=python (\w+)", path.read_text()))
    assert called == {"test", "quick", "core", "lowest", "newest", "extras", "book"}
    assert called <= TARGETS
    assert {entry["python"] for entry in matrix} == {"3.11", "3.12", "3.13"}


def test_make_help_lists_every_target():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = set(re.findall(r"\bmake (\w+)", shown.stdout))
    inner = {name for name in TARGETS if re.search(r"-(versions|tests)$", name)}
    assert listed | {"help"} | inner == TARGETS


# --- Hooks and editors -----------------------------------------------------------------------


def hooks() -> dict[str, dict]:
    """Return the hooks of pre-commit by name."""
    (repository,) = strict((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    return {hook["id"]: hook for hook in repository["hooks"]}


def test_hooks_have_the_versions_of_the_tests():
    pinned = requirements("constraints.txt")
    for name, hook in hooks().items():
        for line in hook.get("additional_dependencies", []):
            package, _, version = line.lower().replace("_", "-").partition("==")
            assert str(pinned[package].specifier) == f"=={version}", (name, line)
    assert {"ruff-check", "ruff-format", "mypy"} <= hooks().keys()
    assert "ruff check ." in MAKEFILE
    assert "bin)/mypy" in MAKEFILE.lower()


def test_the_hook_for_notebooks_notices_outputs():
    pattern = re.compile(hooks()["notebooks-without-outputs"]["entry"], re.MULTILINE)
    for path in tracked(".ipynb"):
        assert not pattern.search(path.read_text(encoding="utf-8")), path.name
    assert pattern.search('   "outputs": [\n    {\n     "output_type": "stream"')
    assert pattern.search('   "execution_count": 3,\n')
    assert not pattern.search('   "execution_count": null,\n   "source": "\\"output_type\\": \\""')


def test_text_files_are_what_the_editors_are_told():
    """As .editorconfig has it: UTF-8, lines that end in LF, no blank before it, one at the end."""
    suffixes = (".py", ".pyi", ".md", ".yml", ".yaml", ".toml", ".txt", ".cff", ".css", ".js")
    for path in [path for suffix in suffixes for path in tracked(suffix)]:
        text = path.read_bytes().decode("utf-8")
        assert not re.search(r"\r|[ \t]$|\t", text, re.MULTILINE), path
        assert text.endswith("\n") or not text, path


# --- What is said ----------------------------------------------------------------------------


def test_nothing_asks_for_a_package_that_has_no_release():
    """`pip install fbtools` will be true once there is one; a checkout has `pip install .`."""
    command = re.compile(r"pip install (?:-\S+ )*[\"'\\]*fbtools\b")
    for path in [
        p for suffix in (".py", ".md", ".ipynb", ".yml", ".toml") for p in tracked(suffix)
    ]:
        assert path.name == "test_habits.py" or not command.search(path.read_text()), path


def test_authors_are_the_same_everywhere():
    (author,) = pyproject()["project"]["authors"]
    citation = strict((ROOT / "CITATION.cff").read_text())
    assert [author] == citation["authors"]
    assert author["name"] == strict((ROOT / "_config.yml").read_text())["author"]


def test_commands_and_files_that_are_named_exist():
    for page in ("CONTRIBUTING.md", "README.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        commands = re.findall(r"\bmake ((?:[a-z]+ ?)+)[`\n]", text)
        assert {word for words in commands for word in words.split()} <= TARGETS
        paths = re.findall(r"[`\s](\.?\w[\w./-]*/[\w.-]+\.(?:py|ipynb|yml|md))\b", text)
        assert len(commands) > 5
        assert [p for p in paths if not (ROOT / p).exists() and "NN_" not in p] == []
