"""The figures: colours that can be told apart, and curves that show the numbers they claim."""

import io
import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from scipy import signal, stats

from fbtools.display import charts, drawing, plotting, style
from fbtools.validation import FilterbankError

mpl.use("agg")

TOGETHER = ("exact", "simulation", "approximation", "cantelli", "bernstein", "chernoff")


@pytest.fixture(autouse=True)
def _book_style():
    with mpl.rc_context():
        plotting.use_style()
        yield
    plt.close("all")


# Machado, Oliveira and Fernandes (2009), severity 1, acting on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear_rgb(color):
    encoded = np.array(mpl.colors.to_rgb(color))
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def cielab(rgb):
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / (TO_XYZ @ np.ones(3))
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_curves_that_meet_in_one_figure_differ_for_every_eye(vision):
    # A CIE76 distance of 15 is plainly two colours; just noticeable is 2.3.
    seen = {role: cielab(VISION[vision] @ linear_rgb(style.COLORS[role])) for role in TOGETHER}
    for one, other in itertools.combinations(TOGETHER, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 15, (one, other)


@pytest.mark.parametrize("role", plotting.ROLES)
def test_lines_stand_out_from_the_white_canvas(role):
    # WCAG 2.1, 1.4.11: contrast of at least 3:1 for graphical objects.
    luminance = TO_XYZ[1] @ linear_rgb(plotting.COLORS[role])
    assert 1.05 / (luminance + 0.05) >= 3


def test_colour_is_never_the_only_cue():
    looks = {(str(plotting.ROLES[r].linestyle), plotting.ROLES[r].marker) for r in TOGETHER}
    assert len(looks) == len(TOGETHER)
    assert len({str(dash) for dash in style._DASHES}) == len(style._CYCLE)


def figure_bytes(image_format):
    plotting.use_style(image_format)
    buffer = io.BytesIO()
    metadata = {"Date": None} if image_format == "svg" else {}
    ax = plotting.waveform(np.sin(np.arange(300) / 9), 8000)
    ax.figure.savefig(buffer, format=image_format, metadata=metadata)
    return buffer.getvalue()


@pytest.mark.parametrize("image_format", ["png", "svg"])
def test_two_builds_give_the_same_bytes(image_format):
    assert figure_bytes(image_format) == figure_bytes(image_format)


def test_canvas_is_opaque_white_and_has_the_stated_size():
    image = Image.open(io.BytesIO(figure_bytes("png")))
    assert image.size == (1008, 316)
    pixels = np.asarray(image.convert("RGBA"))
    assert (pixels[..., 3] == 255).all()
    assert (pixels[0, 0] == 255).all()


class FakeBackend:
    def __init__(self):
        self.calls = []

    def set_matplotlib_formats(self, *formats, **options):
        self.calls.append((formats, options))


class FakeShell:
    """A shell with formatters that note the types they are told of."""

    def __init__(self):
        self.display_formatter = self
        self.formatters = {"image/png": self}
        self.told = {}

    def for_type(self, kind, function):
        self.told[kind] = function


def test_a_kernel_is_told_the_format_without_dates(monkeypatch):
    backend, shell = FakeBackend(), FakeShell()
    monkeypatch.setattr(style, "notebook_shell", lambda: shell)
    monkeypatch.setattr(style.importlib, "import_module", lambda name: backend)
    plotting.use_style("svg")
    plotting.use_style()
    assert backend.calls == [
        (("svg",), {"bbox_inches": None, "metadata": {"Date": None}}),
        (("png",), {"bbox_inches": None}),
    ]
    assert shell.told == {Figure: drawing.png}


def test_new_axes_keeps_the_axes_it_is_given():
    ax = plt.figure().add_subplot()
    assert plotting.waveform([1, 2, 3], ax=ax) is ax
    assert plotting.new_axes() is not ax


@pytest.mark.parametrize(
    ("n", "sr", "label", "last"),
    [
        (10, None, "sample $n$", 9),
        (100, 1000, "time (ms)", 99),
        (400, 1000, "time (s)", 0.399),
    ],
)
def test_time_axis_has_the_right_unit(n, sr, label, last):
    times, name = plotting.time_axis(n, sr)
    assert name == label
    assert times[-1] == pytest.approx(last, rel=1e-12)


@pytest.mark.parametrize(
    ("sr", "label", "last"),
    [
        (None, "frequency (cycles per sample)", 0.5),
        (22050, "frequency (kHz)", 11.025),
        (1000, "frequency (Hz)", 500),
    ],
)
def test_frequency_axis_ends_at_the_nyquist_frequency(sr, label, last):
    frequencies, name = plotting.frequency_axis(9, sr)
    assert name == label
    assert frequencies[-1] == pytest.approx(last, rel=1e-12)
    assert np.allclose(np.diff(frequencies), last / 8, rtol=1e-12)


def test_waveform_shows_every_sample_of_a_short_signal():
    x = np.random.default_rng(0).normal(size=400)
    ax = plotting.waveform(x, 1000, label="noise")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), x)
    assert ax.get_xlim() == (0, 0.4)
    assert ax.lines[0].get_label() == "noise"


def test_waveform_of_a_long_signal_loses_no_peak():
    x = 0.1 * np.random.default_rng(0).normal(size=50_001)
    x[[0, 12_345, 50_000]] = 5, -7, 6
    ax = plotting.waveform(x, 1000)
    drawn = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert drawn.max() == 6
    assert drawn.min() == -7
    assert 5 in drawn
    assert len(drawn) < 5000


def test_spectrogram_shows_a_sinusoid_at_its_frequency_and_amplitude():
    sr, amplitude, frequency = 16000, 0.25, 2000.0
    x = amplitude * np.cos(2 * np.pi * frequency * np.arange(sr) / sr)
    # 512 samples at 16 kHz: bins of 31.25 Hz, so 2000 Hz is the centre of bin 64.
    ax = plotting.spectrogram(x, sr, window=0.032, reference=1.0)
    levels = np.asarray(ax.images[0].get_array())
    middle = levels[:, levels.shape[1] // 2]
    assert np.argmax(middle) == 64
    # The window is periodic and the frequency on a bin: exact up to rounding.
    assert middle[64] == pytest.approx(20 * np.log10(amplitude), abs=1e-9)
    left, right, bottom, top = ax.images[0].get_extent()
    assert bottom + (64 + 0.5) * (top - bottom) / levels.shape[0] == pytest.approx(2.0)
    step = (right - left) / levels.shape[1]
    assert step == pytest.approx(0.008)
    assert left == pytest.approx(-step / 2)
    assert ax.figure.axes[1].get_ylabel() == "dB re amplitude 1"


def test_spectrogram_puts_a_click_at_its_time():
    x = np.zeros(8000)
    x[6016] = 1.0  # the centre of a window: hop 32, 188 windows in
    ax = plotting.spectrogram(x, 8000, window=0.016, colorbar=False)
    levels = np.asarray(ax.images[0].get_array())
    left, right, *_ = ax.images[0].get_extent()
    column = np.argmax(levels[10])
    assert left + (column + 0.5) * (right - left) / levels.shape[1] == pytest.approx(0.752)
    assert len(ax.figure.axes) == 1


def test_spectrogram_constant_counts_once_at_frequency_zero():
    ax = plotting.spectrogram(0.5 * np.ones(4000), 8000, window=0.016, reference=1.0)
    levels = np.asarray(ax.images[0].get_array())
    assert levels[0, levels.shape[1] // 2] == pytest.approx(20 * np.log10(0.5), abs=1e-9)


def test_spectrogram_range_and_top():
    x = np.random.default_rng(0).normal(size=8000)
    ax = plotting.spectrogram(x, 16000, range_db=30, max_frequency=3000)
    assert ax.get_ylim() == (0, 3)
    levels = np.asarray(ax.images[0].get_array())
    assert levels.min() == pytest.approx(-30)
    assert levels.max() == 0
    assert plotting.spectrogram(x[:1000], 16000).get_xlabel() == "time (ms)"
    assert plotting.spectrogram(x, 16000, max_frequency=9e9).get_ylim() == (0, 8)


def test_filter_responses_are_those_of_scipy():
    w = np.random.default_rng(0).normal(size=(3, 40))
    ax = plotting.filter_responses(w, 16000, n_freqs=257, range_db=300, littlewood_paley=True)
    total = np.zeros(257)
    for line, taps in zip(ax.lines, w, strict=False):
        _, response = signal.freqz(taps, worN=257, include_nyquist=True)
        total += np.abs(response) ** 2
        # Rounding in the response, relative to its largest value, is below 1e-13.
        np.testing.assert_allclose(
            10 ** (line.get_ydata() / 10), np.abs(response) ** 2, rtol=1e-9, atol=1e-12
        )
        np.testing.assert_allclose(line.get_xdata(), np.linspace(0, 8, 257))
    np.testing.assert_allclose(10 ** (ax.lines[3].get_ydata() / 10), total, rtol=1e-9)
    assert len(ax.lines) == 4


def test_filter_colors_follow_frequency_and_long_filters_are_not_cut():
    low, high = signal.firwin(101, 0.1), signal.firwin(101, 0.8, pass_zero=False)
    ax = plotting.filter_responses([high, low])
    assert mpl.colors.to_rgb(ax.lines[1].get_color()) == mpl.colormaps["viridis"](0.0)[:3]
    assert mpl.colors.to_rgb(ax.lines[0].get_color()) == mpl.colormaps["viridis"](0.85)[:3]
    delayed = np.zeros((1, 5000))
    delayed[0, 4999] = 2.0
    line = plotting.filter_responses(delayed, n_freqs=17).lines[0]
    np.testing.assert_allclose(line.get_ydata(), 20 * np.log10(2.0), rtol=1e-9)


def test_frame_bounds_are_drawn_where_they_are():
    ax = plotting.mark_frame_bounds(0.5, 2.0, plotting.new_axes())
    assert [line.get_ydata()[0] for line in ax.lines] == [2.0, 0.5]
    ax = plotting.mark_frame_bounds(0.1, 10.0, plotting.new_axes(), decibels=True)
    assert [line.get_ydata()[0] for line in ax.lines] == pytest.approx([10, -10])
    plotting.mark_frame_bounds(0.0, 1.0, plotting.new_axes())


def test_quantile_band_covers_what_it_says():
    draws = np.arange(1001.0)[None, :] * np.array([[1.0], [2.0]])
    shuffled = np.random.default_rng(0).permuted(draws, axis=1)
    ax = plotting.quantile_band([1, 2], shuffled, coverage=0.5)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [500, 1000])
    edges = ax.collections[0].get_paths()[0].vertices
    assert set(edges[edges[:, 0] == 1][:, 1]) == {250, 750}
    assert set(edges[edges[:, 0] == 2][:, 1]) == {500, 1500}
    assert ax.lines[0].get_label() == "median and 50 % band"


def test_histogram_has_area_one_and_the_density_on_top():
    draws = np.random.default_rng(0).exponential(size=500)
    ax = plotting.histogram_with_density(draws, stats.expon.pdf, bins=20, xlabel="energy ratio")
    assert sum(bar.get_height() * bar.get_width() for bar in ax.patches) == pytest.approx(1)
    grid, density = ax.lines[0].get_data()
    np.testing.assert_allclose(density, np.where(grid >= 0, np.exp(-grid), 0))
    assert grid[0] < draws.min() < draws.max() < grid[-1]
    assert ax.get_xlabel() == "energy ratio"
    assert not plotting.histogram_with_density(draws).lines


def test_matrix_image_is_white_at_zero():
    matrix = np.array([[0.0, -1.0], [3.0, 0.0]])
    image = plotting.matrix_image(matrix).images[0]
    np.testing.assert_array_equal(np.asarray(image.get_array()), matrix)
    assert image.get_clim() == (-3, 3)
    assert min(image.to_rgba(0.0)[:3]) > 0.95
    image = plotting.matrix_image(matrix, symmetric=False, colorbar=False).images[0]
    assert image.get_clim() == (-1, 3)


def test_complex_plane_puts_heights_where_they_belong():
    ax = plotting.complex_plane(
        lambda s: s.real + 10 * s.imag, (0, 1), (0, 2), limits=(-50, 50), n_points=5
    )
    heights = np.asarray(ax.images[0].get_array())
    np.testing.assert_allclose(heights[:, 0], [0, 5, 10, 15, 20])
    np.testing.assert_allclose(heights[0], [0, 0.25, 0.5, 0.75, 1])
    ax.plot([-5, 5], [0, 0])
    assert ax.get_xlim() == (0, 1)


def test_complex_plane_survives_a_pole():
    ax = plotting.complex_plane(lambda s: -np.log(np.abs(s)), (-1, 1), (-1, 1))
    assert np.isfinite(np.asarray(ax.images[0].get_array())).all()


def test_log2_axis_has_plain_ticks():
    ax = plotting.log2_axis(plotting.new_axes(), [8, 64, 1024], which="y")
    assert ax.get_yscale() == "log"
    assert ax.yaxis.get_transform().base == 2
    assert [text.get_text() for text in ax.get_yticklabels()] == ["8", "64", "1024"]
    assert list(ax.yaxis.get_minorticklocs()) == []


def test_legend_above_leaves_the_plot_free():
    ax = plotting.new_axes()
    ax.plot([0, 1], **plotting.curve("exact", label="a"))
    plotting.legend_above(ax, 2)
    ax.figure.canvas.draw()
    box = ax.get_legend().get_window_extent()
    assert box.y0 >= ax.get_window_extent().y1


BAD = [
    (lambda: plotting.use_style("gif"), "image_format"),
    (lambda: plotting.curve("exakt"), "role"),
    (lambda: plotting.time_axis(0, 1), "n_samples"),
    (lambda: plotting.time_axis(5, -1), "sr"),
    (lambda: plotting.frequency_axis(1, 8000), "n_freqs"),
    (lambda: plotting.frequency_axis(9, 0), "sr"),
    (lambda: plotting.waveform([[1.0, 2.0]]), "shape (1, 2)"),
    (lambda: plotting.waveform([1j]), "x has dtype"),
    (lambda: plotting.spectrogram(np.zeros(9), 8000), "zero everywhere"),
    (lambda: plotting.spectrogram(np.ones(900), 8000, window=0.5), "window is 0.5 s"),
    (lambda: plotting.spectrogram(np.ones(900), 8000, window=0.0005), "window is 0.0005 s"),
    (lambda: plotting.spectrogram(np.ones(900), 8000, window=-1), "window"),
    (lambda: plotting.spectrogram(np.ones(900), 8000, range_db=0), "range_db"),
    (lambda: plotting.spectrogram(np.ones(900), 8000, reference=0), "reference"),
    (lambda: plotting.spectrogram(np.ones(900), 8000, max_frequency=-1), "max_frequency"),
    (lambda: plotting.spectrogram(np.ones(900), 8000, max_frequency=0), "max_frequency"),
    (lambda: plotting.spectrogram(np.ones(900), float("nan")), "sr"),
    (lambda: plotting.filter_responses(np.ones(5)), "w has shape"),
    (lambda: plotting.filter_responses(np.zeros((2, 5))), "w is zero everywhere"),
    (lambda: plotting.filter_responses(np.ones((2, 5)), range_db=-1), "range_db"),
    (lambda: plotting.mark_frame_bounds(2, 1, plotting.new_axes()), "lower, upper"),
    (lambda: plotting.mark_frame_bounds(-1, 1, plotting.new_axes()), "lower, upper"),
    (
        lambda: plotting.mark_frame_bounds(0, 1, plotting.new_axes(), decibels=True),
        "lower is 0",
    ),
    (lambda: plotting.quantile_band([1, 2], np.ones((3, 4))), "at and samples"),
    (lambda: plotting.quantile_band([1], np.ones((1, 4)), coverage=1.0), "coverage"),
    (lambda: plotting.histogram_with_density(np.ones((2, 2))), "samples"),
    (lambda: plotting.histogram_with_density([1.0, 2.0], bins=0), "bins"),
    (lambda: plotting.histogram_with_density([1.0], lambda q: q * np.nan), "pdf(samples)"),
    (lambda: plotting.matrix_image(np.ones(3)), "matrix"),
    (lambda: plotting.complex_plane(np.real, (1, 0), (0, 1)), "real"),
    (lambda: plotting.complex_plane(np.real, (0, 1), (1, 1)), "imag"),
    (lambda: plotting.complex_plane(lambda s: s.real * np.nan, (0, 1), (0, 1)), "log_modulus"),
    (lambda: plotting.complex_plane(lambda s: [1.0], (0, 1), (0, 1)), "log_modulus"),
    (lambda: plotting.log2_axis(plotting.new_axes(), [0, 1]), "values"),
    (lambda: plotting.log2_axis(plotting.new_axes(), [1], which="z"), "which"),
]


@pytest.mark.parametrize(("call", "words"), BAD)
def test_bad_input_is_named(call, words):
    with pytest.raises(FilterbankError) as caught:
        call()
    assert words in str(caught.value)


def test_plotting_offers_the_charts():
    assert plotting.quantile_band is charts.quantile_band
    assert all(hasattr(plotting, name) for name in plotting.__all__)
