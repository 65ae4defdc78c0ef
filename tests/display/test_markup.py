"""The page of an explorer: every setting has its picture, and nothing is asked for."""

import itertools
import re

import matplotlib as mpl
import pytest
from explorers import describe, draw, page_data, seen, two_sliders
from test_sound import Outline

from fbtools.display import interact, markup

mpl.use("agg")


@pytest.fixture(autouse=True)
def _not_live(monkeypatch):
    monkeypatch.delenv("FBTOOLS_STATIC", raising=False)


def test_page_holds_every_setting_in_order():
    explorer = two_sliders()
    page = explorer.html()
    data = page_data(page)
    settings = list(itertools.product([2, 4, 8], ["0.25", "0.75"]))
    assert data["initial"] == settings.index((4, "0.75"))
    assert data["texts"] == [["2", "4", "8"], ["0.25", "0.75"]]
    shown = re.search(r'<img src="([^"]+)" alt="([^"]+)"', page)
    data["frames"][data["initial"]][0] = shown.group(1)
    assert shown.group(2) == describe(4, "0.75")
    for (height, shade), (source, alt, words) in zip(settings, data["frames"], strict=True):
        assert alt == describe(height, shade)
        assert words == ""
        # One pixel row of 100 is 0.1; WebP moves a grey level by 2 % at most.
        assert seen(source) == pytest.approx((height, float(shade)), abs=0.11)
    assert explorer.n_frames == explorer.n_drawn == 6


def test_page_markup_is_well_formed_accessible_and_asks_for_nothing():
    page = two_sliders(labels={"height": "Höhe <h>"}, units={"height": "dB & more"}).html()
    outline = Outline(page)
    inputs = [a for tag, a in outline.tags if tag == "input"]
    assert [a["aria-label"] for a in inputs] == ["Höhe <h>", "Shade"]
    assert [a["aria-valuetext"] for a in inputs] == ["4 dB & more", "0.75"]
    assert [(a["type"], a["min"], a["max"], a["value"]) for a in inputs] == [
        ("range", "0", "2", "1"),
        ("range", "0", "1", "1"),
    ]
    image = next(a for tag, a in outline.tags if tag == "img")
    assert (image["width"], image["height"]) == ("200", "100")
    assert "Without JavaScript, one setting: Höhe <h>: 4 dB & more, Shade: 0.75." in outline.text
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"', page) == []
    assert "http" not in re.sub(r"base64,[^\"]*", "", page)
    assert len(markup._script()) < 1500


def test_text_cannot_leave_its_place():
    nasty = '</script><script>alert("1")</script>'
    explorer = interact.explore(
        draw, height=[1, 2], alt=nasty, caption=nasty, units={"height": nasty}
    )
    page = explorer.html()
    assert page.count("<script") == page.count("</script>") == 2
    assert page_data(page)["frames"][1][1] == nasty
    outline = Outline(page)
    assert next(a for tag, a in outline.tags if tag == "img")["alt"] == nasty
    assert next(a for tag, a in outline.tags if tag == "input")["aria-valuetext"] == f"1 {nasty}"


def test_same_bits_twice_and_another_name_for_other_content():
    one, other = two_sliders().html(), two_sliders(caption="x").html()
    assert one == two_sliders().html()
    names = [re.findall(r'<figure [^>]*id="(fb-[0-9a-f]{12})"', page) for page in (one, other)]
    assert len(names[0]) == len(names[1]) == 1
    assert names[0] != names[1]
