"""Making and applying filterbanks, against direct sums and numpy.convolve."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import fbtools as fb
from fbtools.filterbanks import convolution

RNG = np.random.default_rng(0)


def direct_circular(x, w):
    n = np.arange(x.size)
    return np.array([[np.sum(f * x[(i - np.arange(f.size)) % x.size]) for i in n] for f in w])


@given(
    n_filters=st.integers(1, 5),
    length=st.integers(1, 12),
    extra=st.integers(0, 20),
    stride=st.integers(1, 7),
)
def test_circular_analysis_is_the_direct_sum(n_filters, length, extra, stride):
    x, w = RNG.standard_normal(length + extra), RNG.standard_normal((n_filters, length))
    expected = direct_circular(x, w)[:, ::stride]
    np.testing.assert_allclose(fb.analyze(x, w, stride=stride), expected, atol=1e-12)
    assert expected.shape[1] == -(-x.size // stride)


@given(n=st.integers(1, 60), length=st.integers(1, 80), stride=st.integers(1, 5))
def test_linear_analysis_is_numpy_convolve(n, length, stride):
    x, w = RNG.standard_normal(n), RNG.standard_normal((3, length))
    expected = np.array([np.convolve(x, f)[::stride] for f in w])
    np.testing.assert_allclose(fb.analyze(x, w, stride=stride, mode="linear"), expected, atol=1e-12)


def test_the_shape_of_conv1d_weights_is_understood():
    x, w = RNG.standard_normal(20), RNG.standard_normal((4, 1, 5))
    np.testing.assert_array_equal(fb.analyze(x, w), fb.analyze(x, w[:, 0]))


@pytest.mark.parametrize("mode", ["circular", "linear"])
@pytest.mark.parametrize("stride", [1, 3])
def test_energy_ratio_is_that_of_the_responses(mode, stride, monkeypatch):
    x, w = RNG.standard_normal(50), RNG.standard_normal((7, 9))
    expected = np.sum(fb.analyze(x, w, stride=stride, mode=mode) ** 2) / np.sum(x**2)
    assert fb.energy_ratio(x, w, stride=stride, mode=mode) == pytest.approx(expected, rel=1e-13)
    monkeypatch.setattr(convolution, "CHUNK", 100)
    assert fb.energy_ratio(x, w, stride=stride, mode=mode) == pytest.approx(expected, rel=1e-13)


def test_dense_matrix_is_the_operator():
    x, w = RNG.standard_normal(18), RNG.standard_normal((3, 5))
    for stride in (1, 3, 4):
        matrix = fb.analysis_matrix(w, 18, stride=stride)
        np.testing.assert_allclose(matrix @ x, fb.analyze(x, w, stride=stride).ravel(), atol=1e-13)


@pytest.mark.parametrize(
    ("family", "fourth"), [("normal", 3.0), ("uniform", 1.8), ("rademacher", 1.0), ("laplace", 6.0)]
)
def test_weights_have_the_variance_and_kurtosis_of_their_family(family, fourth):
    w = fb.random_filterbank(100, 2000, rng=0, stride=4, distribution=family)
    scaled = w * np.sqrt(100 * 2000 / 4)
    # 4.5 standard errors of the sample moments over 2e5 draws (false-alarm rate 7e-6).
    assert np.mean(scaled) == pytest.approx(0, abs=4.5 / np.sqrt(2e5))
    spread = np.sqrt(max(fourth - 1, 1e-12) / 2e5)
    assert np.mean(scaled**2) == pytest.approx(1, abs=4.5 * spread + 1e-12)
    eighth = {"normal": 105, "uniform": 9, "rademacher": 1, "laplace": 2520}[family]
    spread = np.sqrt(max(eighth - fourth**2, 1e-12) / 2e5)
    assert np.mean(scaled**4) == pytest.approx(fourth, abs=4.5 * spread + 1e-9)


def test_energy_is_preserved_on_average_also_with_stride():
    """Mean of 400 ratios; each has variance 2/(J r), r >= 1: 4.5 standard errors."""
    x = fb.signals.chirp(96, 0.02, 0.4)
    for stride in (1, 4):
        ratios = [
            fb.energy_ratio(x, fb.random_filterbank(8, 16, rng=i, stride=stride), stride=stride)
            for i in range(400)
        ]
        assert np.mean(ratios) == pytest.approx(1, abs=4.5 * np.std(ratios) / 20)


def test_seeds_repeat_and_generators_advance():
    np.testing.assert_array_equal(
        fb.random_filterbank(2, 3, rng=5), fb.random_filterbank(2, 3, rng=5)
    )
    generator = np.random.default_rng(5)
    first, second = fb.random_filterbank(2, 3, generator), fb.random_filterbank(2, 3, generator)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fb.random_filterbank(0, 3), "n_filters is 0"),
        (lambda: fb.random_filterbank(3, 0), "filter_length is 0"),
        (lambda: fb.random_filterbank(3, 3, stride=0), "stride is 0"),
        (lambda: fb.random_filterbank(3, 3, distribution="cauchy"), "distribution is 'cauchy'"),
        (lambda: fb.analyze([1.0, 2.0], [[1.0, 2.0, 3.0]]), "filter_length is 3"),
        (lambda: fb.analyze([1.0, 2.0], [[1.0]], stride=0), "stride is 0"),
        (lambda: fb.analyze([1.0, 2.0], [[1.0]], mode="same"), "mode is 'same'"),
        (lambda: fb.analyze([0.0, 0.0], [[1.0]]), "x is zero"),
        (lambda: fb.analyze([1.0, 1j], [[1.0]]), "x has dtype complex"),
        (lambda: fb.analyze([1.0], [1.0]), "w has shape"),
        (lambda: fb.energy_ratio([1.0, np.inf], [[1.0]]), r"x\[1\] is inf"),
        (lambda: fb.analysis_matrix([[1.0]], 0), "signal_length is 0"),
        (lambda: fb.analysis_matrix([[1.0, 2.0]], 1), "filter_length is 2"),
        (lambda: fb.analysis_matrix(np.ones((100, 2)), 20_000), "40000000000 entries"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
