"""Find a Chromium for the browser tests; run as a script, get one if there is none.

The tests drive a browser that the machine already has, or else the one that playwright
downloads. `python tests/chromium.py` says which, tries to install one where none is found, and
never fails: the tests themselves say what was skipped, and fail where skipping is not allowed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BOX = """
##############################################################################
#  NO BROWSER: the tests of the pages in a browser will be SKIPPED.          #
#  Install Chromium (Debian: apt install chromium) and run the tests again.  #
##############################################################################
"""


def find() -> str | None:
    """Return the path of a Chromium, or None."""
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


def install() -> None:
    """Install a Chromium: with the system's package manager as root, else with playwright."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(
                ["apt-get", "-qq", *arguments],
                check=False,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> None:
    """Say which browser the tests will use."""
    if find() is None:
        print("No Chromium found: trying to install one for the browser tests.", flush=True)
        install()
    path = find()
    print(BOX if path is None else f"Browser for the tests: {path}")


if __name__ == "__main__":
    main()
