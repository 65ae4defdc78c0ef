"""The HTML of the static explorers: pictures, sliders, and a kilobyte of script.

Everything is inline and nothing is requested. Names come from a hash of the content, so that two
builds give the same bytes.
"""

from __future__ import annotations

import functools
import hashlib
import html
import json
from pathlib import Path

_FIGURE = "margin:1rem 0;padding:0;color:inherit"
_IMAGE = "display:block;width:auto;max-width:100%;height:auto;background:#fff;border-radius:4px"
_ROW = "display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .8rem;margin:.5rem 0 0"
_NAME = "min-width:8rem;font-weight:600"
_RANGE = "flex:1 1 14rem;max-width:28rem;min-width:10rem;margin:0;accent-color:#0072B2"
_OUTPUT = "min-width:7rem;font-variant-numeric:tabular-nums"
_CAPTION = "font-size:.9em;color:inherit;margin:.5rem 0 0;padding:0;text-align:left"


@functools.cache
def _script() -> str:
    """Return explorer.js without its head."""
    lines = Path(__file__).with_name("explorer.js").read_text(encoding="utf-8").splitlines(True)
    return "\n" + "".join(line for line in lines if not line.startswith("//"))


def picture(source: str, width: int, height: int, alt: str, sound: str, caption: str) -> str:
    """Return a figure with one picture and the markup of its sound.

    Examples
    --------
    >>> from fbtools.display import markup
    >>> page = markup.picture("data:,", 7, 4, 'A "sharp" <peak>', "", "")
    >>> 'alt="A &quot;sharp&quot; &lt;peak&gt;"' in page
    True
    """
    body = _image(source, width, height, alt) + f"<div>{sound}</div>" + _caption(caption)
    return f'<figure class="fb-picture" style="{_FIGURE}">{body}</figure>'


def page_explorer(
    frames: list[tuple[str, str, str]],
    size: tuple[int, int],
    sliders: list[tuple[str, list[str], int]],
    caption: str,
) -> str:
    """Return a figure whose sliders switch between frames.

    Parameters
    ----------
    frames : list of (str, str, str)
        Data URI, alternative text and markup of the sound, the last slider running fastest.
    size : (int, int)
        Width and height of the pictures in pixels.
    sliders : list of (str, list of str, int)
        Label, values as written, and position of the first value shown.
    caption : str

    Examples
    --------
    >>> from fbtools.display import markup
    >>> frames = [("data:,a", "first", ""), ("data:,b", "second", "")]
    >>> page = markup.page_explorer(frames, (7, 4), [("Length", ["8", "16"], 1)], "")
    >>> 'alt="second"' in page
    True
    """
    at = 0
    for _, texts, first in sliders:
        at = at * len(texts) + first
    source, alt, sound = frames[at]
    content = json.dumps([frames, size, sliders, caption])
    name = "fb-" + hashlib.sha256(content.encode()).hexdigest()[:12]
    data = {
        "initial": at,
        "texts": [texts for _, texts, _ in sliders],
        "frames": [("" if k == at else uri, *rest) for k, (uri, *rest) in enumerate(frames)],
    }
    shown = ", ".join(f"{label}: {texts[first]}" for label, texts, first in sliders)
    return (
        f'<figure class="fb-explorer" id="{name}" style="{_FIGURE}">'
        + _image(source, *size, alt)
        + f'<div class="fb-frame-sound">{sound}</div>'
        + f'<div class="fb-controls" hidden>{"".join(_slider(*s) for s in sliders)}</div>'
        + f"<noscript><p>Without JavaScript, one setting: {html.escape(shown)}.</p></noscript>"
        + _caption(caption)
        + f'<script type="application/json">{_json(data)}</script>'
        + f"<script>{_script().replace('NAME', name)}</script></figure>"
    )


def _image(source: str, width: int, height: int, alt: str) -> str:
    return (
        f'<img src="{source}" alt="{html.escape(alt)}" width="{width}" height="{height}" '
        f'style="{_IMAGE}">'
    )


def _slider(label: str, texts: list[str], first: int) -> str:
    name, text = html.escape(label), html.escape(texts[first])
    return (
        f'<label style="{_ROW}"><span style="{_NAME}">{name}</span>'
        f'<input type="range" min="0" max="{len(texts) - 1}" step="1" value="{first}" '
        f'autocomplete="off" aria-label="{name}" aria-valuetext="{text}" style="{_RANGE}">'
        f'<output aria-live="off" style="{_OUTPUT}">{text}</output></label>'
    )


def _caption(text: str) -> str:
    return f'<figcaption style="{_CAPTION}">{html.escape(text)}</figcaption>' if text else ""


def _json(data: object) -> str:
    """JSON that is safe inside a script element: nothing in it can end the element."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
