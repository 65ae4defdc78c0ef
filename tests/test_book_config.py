"""The files around the book: configuration, requirements, buttons, cache key, Makefile, README."""

from __future__ import annotations

import ast
import itertools
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import launch_buttons
import pytest
import rooms
import yaml
from checkout import ROOT
from packaging.requirements import Requirement
from packaging.version import Version

import fbtools.extras

LIGHT_EXTRAS = ("audio", "display")
YAML_FILES = ["_config.yml", "_toc.yml", "CITATION.cff"]


class StrictLoader(yaml.SafeLoader):
    """A YAML loader for which a key given twice is an error, as it should be."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"{twice} given twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def strict(text: str) -> dict:
    """Load YAML strictly."""
    return yaml.load(text, StrictLoader)


def pyproject() -> dict:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def requirements(path: str) -> dict[str, Requirement]:
    """Return the requirements of a file by name."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / path).read_text().splitlines()]
    found = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {requirement.name.lower().replace("_", "-"): requirement for requirement in found}


# --- YAML ------------------------------------------------------------------------------------


def test_strict_loader_refuses_a_key_given_twice():
    with pytest.raises(yaml.constructor.ConstructorError, match="given twice"):
        strict("a: 1\nb: {c: 1, c: 2}\n")


@pytest.mark.parametrize("name", YAML_FILES)
def test_yaml_has_no_key_twice(name):
    assert strict((ROOT / name).read_text())


def test_config_builds_strictly_and_runs_notebooks():
    execute = strict((ROOT / "_config.yml").read_text())["execute"]
    assert execute["execute_notebooks"] == "cache"
    assert execute["timeout"] >= 600  # on the clock: on a busy machine a cell may take long
    assert execute["allow_errors"] is False
    assert execute["stderr_output"] == "error"


# --- Requirements ----------------------------------------------------------------------------


def test_every_requirement_is_pinned_and_agrees_with_the_constraints():
    constraints = requirements("constraints.txt")
    for kind in ("", "-test", "-torch", "-lab"):
        path = f"requirements{kind}.txt"
        for name, requirement in requirements(path).items():
            assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), (path, name)
            assert str(constraints[name].specifier) == str(requirement.specifier), (path, name)


def test_pins_lie_within_the_ranges_of_the_package():
    pinned = requirements("requirements.txt") | requirements("requirements-torch.txt")
    extras = pyproject()["project"]["optional-dependencies"]
    for text in [*pyproject()["project"]["dependencies"], *itertools.chain(*extras.values())]:
        requirement = Requirement(text)
        if requirement.name == "fbtools":
            continue
        name = requirement.name.lower().replace("_", "-")
        version = str(pinned[name].specifier).removeprefix("==")
        assert requirement.specifier.contains(version), text


def test_package_sets_no_upper_bound_on_what_it_needs():
    """Caps belong in constraints.txt; in the package they exclude what nobody has tried."""
    project = pyproject()["project"]
    extras = itertools.chain(*(project["optional-dependencies"][e] for e in LIGHT_EXTRAS))
    for text in [*project["dependencies"], *extras, f"python{project['requires-python']}"]:
        operators = {s.operator for s in Requirement(text).specifier}
        assert operators == {">="}, text


def test_every_installed_package_has_the_tested_version():
    """On each Python others come along; `make lowest` and `make newest` bring their own."""
    if any(Path(sys.prefix).glob("*-constraints.txt")):
        pytest.skip("other versions on purpose")
    constraints = requirements("constraints.txt")
    found = {
        re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower(): d.version
        for d in metadata.distributions()
    }
    for name in set(found) - {"fbtools", "pip"}:
        assert name in constraints, (
            f"{name} {found[name]} is not in constraints.txt (left by an older one? make distclean)"
        )
        assert constraints[name].specifier.contains(found[name], prereleases=True), name


def test_kernels_answer_every_request():
    """ipykernel 7.0 to 7.3 can miss one that arrives while another is answered, and wait for ever.

    https://github.com/ipython/ipykernel/issues/1554, mended by its pull request 1529: replies were
    sent past the stream that reads the same socket. Two of eight runs of the tests in live kernels
    hung on Python 3.13 with three of them side by side; none of thirty since.
    """
    for path in ("requirements.txt", "constraints.txt"):
        version = str(requirements(path)["ipykernel"].specifier).removeprefix("==")
        assert Version(version) >= Version("7.4.0"), path


# Parts of larger packages, or found by name only, are listed under what installs them.
PROVIDED_BY = {"PIL": "pillow", "cycler": "matplotlib", "IPython": "ipywidgets"}


class Imports(ast.NodeVisitor):
    """The distributions that code imports: by the extra whose `with needs` block it stands in."""

    def __init__(self) -> None:
        self.found = {name: set() for name in ("core", *LIGHT_EXTRAS, "torch")}
        self.extra = "core"

    def visit_With(self, node):
        call = node.items[0].context_expr
        around = self.extra
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "needs":
            self.extra = call.args[0].value
        self.generic_visit(node)
        self.extra = around

    def visit_If(self, node):
        if getattr(node.test, "id", "") != "TYPE_CHECKING":
            self.generic_visit(node)

    def visit_Import(self, node):
        for alias in node.names:
            self.note(alias.name)

    def visit_ImportFrom(self, node):
        if node.level == 0:
            self.note(node.module)

    def note(self, module):
        name = module.split(".")[0]
        if name not in {"fbtools", *sys.stdlib_module_names}:
            self.found[self.extra].add(PROVIDED_BY.get(name, name).lower().replace("_", "-"))


def test_package_depends_on_exactly_what_it_imports():
    """The core on what is imported anywhere; an extra on what stands in its `with needs` blocks."""
    imports = Imports()
    for path in (ROOT / "fbtools").rglob("*.py"):
        imports.visit(ast.parse(path.read_text()))
    project = pyproject()["project"]
    stated = {"core": project["dependencies"], **project["optional-dependencies"]}
    for extra, found in imports.found.items():
        names = {Requirement(text).name.lower().replace("_", "-") for text in stated[extra]}
        assert found == names, extra


def test_extras_name_the_packages_that_they_bring():
    """What the error about a missing package promises."""
    stated = pyproject()["project"]["optional-dependencies"]
    for extra, packages in fbtools.extras.EXTRAS.items():
        brought = {Requirement(text).name.lower().replace("_", "-") for text in stated[extra]}
        assert {PROVIDED_BY.get(name, name).lower() for name in packages} <= brought


def test_extra_for_the_book_is_what_requirements_list():
    book = requirements_of_the_book()
    stated = pyproject()["project"]["optional-dependencies"]["book"]
    assert {Requirement(text).name.lower() for text in stated} - {"fbtools"} == book
    assert stated[0] == "fbtools[audio,display]"


def requirements_of_the_book() -> set[str]:
    """Return the names below "# the book" in requirements.txt."""
    text = (ROOT / "requirements.txt").read_text().partition("# the book\n")[2]
    return {Requirement(line).name.lower() for line in text.splitlines() if line}


def test_binder_installs_the_same_versions():
    pinned = requirements("requirements.txt")
    project = pyproject()["project"]
    extras = itertools.chain(*(project["optional-dependencies"][e] for e in LIGHT_EXTRAS))
    stated = {Requirement(text).name for text in (*project["dependencies"], *extras)}
    binder = requirements(".binder/requirements.txt")
    assert set(binder) == {name.lower().replace("_", "-") for name in stated} | {"jupyterlab-myst"}
    for name in set(binder) - {"jupyterlab-myst"}:
        assert binder[name] == pinned[name]
    assert binder["jupyterlab-myst"] == requirements("requirements-lab.txt")["jupyterlab-myst"]


# --- Launch buttons --------------------------------------------------------------------------

REPOSITORY = "https://github.com/owner/filter.banks-2"


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/owner/filter.banks-2",
        "https://github.com/owner/filter.banks-2/",
        "https://github.com/owner/filter.banks-2.git",
        "http://www.github.com/owner/filter.banks-2.git",
        "https://user@github.com/owner/filter.banks-2.git",
        "https://user:t0ken@github.com/owner/filter.banks-2.git",
        "https://user:p%40ss:word@github.com:443/owner/filter.banks-2.git",
        "git@github.com:owner/filter.banks-2.git",
        "git@github.com:/owner/filter.banks-2",
        "github.com:owner/filter.banks-2.git",
        "ssh://git@github.com/owner/filter.banks-2.git",
        "ssh://git@github.com:22/owner/filter.banks-2.git",
        "git://github.com/owner/filter.banks-2.git\n",
    ],
)
def test_github_remote_gives_its_page_without_credentials(remote):
    assert launch_buttons.github_repository(remote) == REPOSITORY


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "../elsewhere",
        "/srv/git/github.com/owner/name",
        "file:///srv/github.com/owner/name.git",
        "https://gitlab.com/owner/name.git",
        "https://github.com.evil.org/owner/name.git",
        "https://evil.org/github.com/owner/name.git",
        "https://notgithub.com/owner/name.git",
        "git@gitlab.com:github.com/name.git",
        "https://github.com/owner",
        "https://github.com/owner/name/tree/main",
    ],
)
def test_other_remotes_give_nothing(remote):
    assert launch_buttons.github_repository(remote) is None


def make_checkout(path: Path, remote: str | None) -> Path:
    """Return a repository with or without a remote."""
    subprocess.run(["git", "init", "--quiet", str(path)], check=True)
    if remote is not None:
        subprocess.run(["git", "-C", str(path), "remote", "add", "origin", remote], check=True)
    return path


def test_theme_gets_buttons_for_a_github_remote(tmp_path):
    checkout = make_checkout(tmp_path, "https://user:t0ken@github.com/owner/name.git")
    options = launch_buttons.theme_options(checkout)
    assert options["repository_url"] == "https://github.com/owner/name"
    assert options["repository_branch"] == "main"
    assert options["launch_buttons"]["binderhub_url"].startswith("https://")
    assert options["launch_buttons"]["colab_url"].startswith("https://")
    assert "t0ken" not in str(options)


def test_theme_follows_the_default_branch_of_the_remote(tmp_path):
    checkout = make_checkout(tmp_path, "git@github.com:owner/name.git")
    refs = checkout / ".git" / "refs" / "remotes" / "origin"
    refs.mkdir(parents=True)
    (refs / "HEAD").write_text("ref: refs/remotes/origin/trunk\n")
    empty = ["commit-tree", "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "-m", "x"]
    subprocess.run(
        ["git", "-C", str(checkout), "hash-object", "-t", "tree", "-w", "--stdin"],
        check=True,
        input=b"",
        stdout=subprocess.DEVNULL,
    )
    named = ["-c", "user.name=n", "-c", "user.email=n@invalid"]
    commit = subprocess.run(
        ["git", "-C", str(checkout), *named, *empty], check=True, capture_output=True, text=True
    ).stdout
    (refs / "trunk").write_text(commit)
    assert launch_buttons.theme_options(checkout)["repository_branch"] == "trunk"


@pytest.mark.parametrize("remote", [None, "https://gitlab.com/owner/name.git", "../name"])
def test_theme_gets_no_buttons_without_a_github_remote(tmp_path, remote):
    options = launch_buttons.theme_options(make_checkout(tmp_path, remote))
    assert options == {
        "launch_buttons": {},
        "repository_url": "",
        "use_repository_button": False,
    }


def test_theme_gets_no_buttons_outside_a_repository(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert launch_buttons.theme_options(tmp_path)["launch_buttons"] == {}
    monkeypatch.setenv("PATH", "")  # no git at all
    assert launch_buttons.theme_options(ROOT)["launch_buttons"] == {}


# --- The API directive -----------------------------------------------------------------------


def test_room_documents_each_kind_of_name_under_its_short_name():
    text = "\n".join(rooms.documentation("fbtools.laws.energy_law"))
    assert ".. autoclass:: fbtools.EnergyLaw\n   :members:" in text
    text = "\n".join(rooms.documentation("fbtools.validation", ["FilterbankError"]))
    assert ".. autoexception:: fbtools.FilterbankError" in text
    assert "as_signal" not in text
    text = "\n".join(rooms.documentation("fbtools.audio.recordings"))
    assert ".. autofunction:: fbtools.audio.load" in text


# --- Citation, README, landing page ----------------------------------------------------------


def test_citation_file_agrees_with_the_package():
    citation = strict((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "license", "references"} <= set(citation)
    assert citation["version"] == pyproject()["project"]["version"]
    assert all(author.keys() == {"name"} for author in citation["authors"])
    assert citation["references"][0]["title"] == "Instabilities in Convnets for Raw Audio"


@pytest.mark.parametrize("name", ["README.md", "index.md"])
def test_python_shown_on_the_front_pages_runs(name, capsys):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, name, "exec"), {})
    assert capsys.readouterr().out


def test_readme_picture_exists_and_is_light():
    pictures = re.findall(r"!\[([^\]]{30,})\]\(([^)]+)\)", (ROOT / "README.md").read_text())
    assert pictures
    for _, path in pictures:
        assert 20_000 < (ROOT / path).stat().st_size < 200_000


def test_package_is_typed_and_has_a_version():
    assert (ROOT / "fbtools" / "py.typed").exists()
    assert metadata.version("fbtools") == pyproject()["project"]["version"]
