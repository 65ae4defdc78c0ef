"""Explorers to test: bars whose height and grey can be read back from the picture."""

import base64
import io
import json
import re

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from fbtools.display import interact


def draw(height, shade="0.5"):
    """A bar whose height and grey can be read back from the picture."""
    figure, ax = plt.subplots(figsize=(2, 1), dpi=100)
    ax.set_position([0, 0, 1, 1])
    ax.bar(0, height, width=2, color=shade)
    ax.set(ylim=(0, 10), xlim=(-0.5, 0.5))
    ax.axis("off")
    return figure


def describe(height, shade="0.5"):
    return f"Bar of height {height} in {shade}."


def seen(source):
    """Read height (tenths) and grey level back from a data URI."""
    raw = base64.b64decode(source.removeprefix("data:image/webp;base64,"))
    pixels = np.asarray(Image.open(io.BytesIO(raw)).convert("L")).astype(float)
    column = pixels[:, pixels.shape[1] // 2]
    return (column < 245).mean() * 10, column[-3] / 255


def page_data(page):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', page).group(1))


def two_sliders(**options):
    return interact.explore(
        draw,
        height=[2, 4, 8],
        shade=["0.25", "0.75"],
        alt=describe,
        initial={"height": 4, "shade": "0.75"},
        **options,
    )
