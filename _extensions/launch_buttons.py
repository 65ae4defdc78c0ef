"""Binder and Colab buttons for the repository that this checkout came from.

No address is written down anywhere: the remote `origin` says where a clone or a fork lives.
Without such a remote, or with one that is not on GitHub, pages simply have no launch buttons.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

GITHUB = re.compile(
    r"""^(?:(?:https?|ssh|git)://(?:[^@/]*@)?   # a URL, credentials (if any) left out
          |(?:[^@/:]+@)?)                       # or the short form user@host:path
        (?:www\.)?github\.com(?::\d+/|[:/])/*
        (?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?/*$""",
    re.VERBOSE | re.IGNORECASE,
)


def github_repository(remote: str) -> str | None:
    """Return `https://github.com/owner/name` for a remote on GitHub, else None."""
    match = GITHUB.match(remote.strip())
    return f"https://github.com/{match['owner']}/{match['name']}" if match else None


def git(root: Path, *arguments: str) -> str:
    """Return what a git command prints, or an empty string when it fails."""
    try:
        result = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""


def theme_options(root: Path) -> dict[str, object]:
    """Return the theme's options for the launch buttons of the checkout at `root`."""
    repository = github_repository(git(root, "remote", "get-url", "origin"))
    if repository is None:
        return {"launch_buttons": {}, "repository_url": "", "use_repository_button": False}
    default = git(root, "rev-parse", "--abbrev-ref", "origin/HEAD").removeprefix("origin/")
    return {
        "launch_buttons": {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        },
        "repository_url": repository,
        "repository_branch": default or "main",
        "path_to_docs": "",
        "use_repository_button": True,
    }


def set_theme_options(app: Sphinx, config: Config) -> None:
    """Complete the theme's options before the theme reads them."""
    config.html_theme_options = {**config.html_theme_options, **theme_options(Path(app.srcdir))}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("config-inited", set_theme_options, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
