"""A chapter in a real JupyterLab: it runs without an error, and its slider answers a person."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request

import pytest
from checkout import ROOT
from waiting import HANGS, within

CHAPTER = "02_frames_and_conditioning"
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
STATUS = "document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status"
ERRORS = "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type*='stderr']"
PICTURE = ".jupyter-widgets.widget-html img"


def connected(kernels):
    """Whether a page is connected to a kernel that has started."""
    with urllib.request.urlopen(kernels) as answer:
        states = json.load(answer)
    return [s for s in states if s["connections"] and s["execution_state"] == "idle"]


@pytest.fixture
def lab(tmp_path):
    """A server of its own settings, in a folder with one chapter; its address and token."""
    for name, values in SETTINGS.items():
        file = tmp_path / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    folder = tmp_path / "chapters"
    folder.mkdir()
    shutil.copy(ROOT / "chapters" / f"{CHAPTER}.ipynb", folder)
    runtime = tmp_path / "runtime"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    options = [
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.user_settings_dir={tmp_path / 'settings'}",
        f"--LabApp.workspaces_dir={tmp_path / 'workspaces'}",
    ]
    own = {"JUPYTER_RUNTIME_DIR": str(runtime), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(
            [*command, *options], env={**os.environ, **own}, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        started = within(lambda: list(runtime.glob("jpserver-*.json")), "the server's start")
        yield json.loads(started[0].read_text())
    finally:
        server.terminate()
        server.wait(HANGS)


def test_a_chapter_runs_and_its_slider_answers(lab, browser):
    page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    page.goto(f"{lab['url']}lab/tree/{CHAPTER}.ipynb?token={lab['token']}")
    kernels = f"{lab['url']}api/kernels?token={lab['token']}"
    within(lambda: connected(kernels), "the start of the kernel")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_selector(PICTURE, timeout=1000 * HANGS)
    within(lambda: page.evaluate(STATUS) == "idle", "the chapter")
    assert [shown.inner_text() for shown in page.query_selector_all(ERRORS)] == []

    picture = page.query_selector(PICTURE)
    picture.scroll_into_view_if_needed()
    handle = page.query_selector(".widget-slider .noUi-handle")
    handle.focus()
    seen = {page.get_attribute(PICTURE, "alt")}
    for moves in range(1, 5):
        handle.press("ArrowRight")
        within(lambda: page.get_attribute(PICTURE, "alt") not in seen, "a move")
        seen.add(page.get_attribute(PICTURE, "alt"))
        assert len(seen) == moves + 1
    assert page.query_selector(PICTURE).bounding_box()["width"] > 300
    page.context.close()
