"""The explorers in a live kernel: a control that redraws when a person moves it."""

import re

import ipywidgets
import live_kernel
import matplotlib as mpl
import matplotlib.pyplot as plt
import nbclient
import nbformat
import pytest
from explorers import describe, page_data, seen, two_sliders
from live_kernel import run
from test_sound import Outline
from waiting import HANGS

from fbtools.display import interact

mpl.use("agg")
VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def _no_leftovers(monkeypatch):
    monkeypatch.delenv("FBTOOLS_STATIC", raising=False)
    yield
    assert plt.get_fignums() == []


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setenv("FBTOOLS_STATIC", "0")


@pytest.mark.usefixtures("live")
def test_live_control_redraws_when_moved():
    explorer = two_sliders(caption="Cap")
    height, shade, view, messages = explorer.widget.children
    assert (height.value, shade.value) == (1, 1)
    assert describe(4, "0.75") in view.value
    height.value = 2
    source = re.search(r'src="([^"]+)"', view.value).group(1)
    assert seen(source) == pytest.approx((8, 0.75), abs=0.11)
    shade.value = 0
    source = re.search(r'src="([^"]+)"', view.value).group(1)
    assert seen(source) == pytest.approx((8, 0.25), abs=0.11)
    assert describe(8, "0.25") in view.value
    assert "Cap" in view.value
    assert messages.outputs == ()
    assert isinstance(height, ipywidgets.SelectionSlider)
    assert height.description == "Height"


@pytest.mark.usefixtures("live")
def test_live_bundle_carries_control_and_page():
    explorer = two_sliders()
    bundle = explorer._repr_mimebundle_()
    assert bundle[VIEW]["model_id"] == explorer.widget.model_id
    assert bundle["text/html"] == explorer.html()
    assert page_data(bundle["text/html"])["texts"][0] == ["2", "4", "8"]


@pytest.mark.usefixtures("live")
def test_live_first_paint_does_not_wait_for_slow_frames(monkeypatch):
    monkeypatch.setattr(interact, "LIVE_SECONDS", 0.0)
    explorer = two_sliders()
    assert explorer.n_drawn == 1
    page = explorer._repr_mimebundle_()["text/html"]
    assert "run the notebook to move the sliders" in page
    assert describe(4, "0.75") in page
    Outline(page)
    explorer.widget.children[0].value = 0
    assert explorer.n_drawn == 2


class FakeShell:
    kernel = object()

    def __init__(self, content):
        self.content = content

    def get_parent(self):
        return {"content": self.content}


@pytest.mark.parametrize(
    ("content", "expected"),
    [({"allow_stdin": True}, True), ({"allow_stdin": False}, False), ({}, False)],
)
def test_live_means_that_someone_could_answer(monkeypatch, content, expected):
    monkeypatch.setattr(interact, "notebook_shell", lambda: FakeShell(content))
    assert interact.is_live() is expected
    monkeypatch.setenv("FBTOOLS_STATIC", "1")
    assert interact.is_live() is False


CELL = """
import matplotlib.pyplot as plt
from fbtools.display.interact import explore
def draw(height):
    figure, ax = plt.subplots(figsize=(2, 1))
    ax.bar(0, height)
    return figure
explorer = explore(draw, height=[1, 2, 3], alt=lambda height: f"Bar {height}.")
explorer
"""


def test_headless_notebook_gets_the_page_and_no_widget():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    nbclient.NotebookClient(notebook, timeout=HANGS, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "execute_result"
    assert set(output.data) == {"text/plain", "text/html"}
    assert len(page_data(output.data["text/html"])["frames"]) == 3
    assert "widgets" not in notebook.metadata


def test_live_kernel_gets_a_control_that_redraws():
    with live_kernel.started() as client:
        (shown,) = run(client, CELL)
        assert set(shown["data"]) == {"text/plain", "text/html", VIEW}
        move = "explorer.widget.children[0].value = 2"
        (value,) = run(client, f"{move}; 'Bar 3.' in explorer.widget.children[1].value")
        assert value["data"]["text/plain"] == "True"
        run(client, "explorer._frames.clear(); explorer._draw = lambda height: 1 / 0")
        (told,) = run(client, "explorer.widget.children[0].value = 0")
        assert told["ename"] == "ZeroDivisionError"
        (kept,) = run(client, "'Bar 3.' in explorer.widget.children[1].value")
        assert kept["data"]["text/plain"] == "True"
