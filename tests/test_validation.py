"""The shared checks: what passes is converted, what does not is named."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from fbtools import validation as v


def test_real_arrays_are_copied_as_float64():
    given = np.array([1, 2, 3])
    out = v.as_real_array(given, "a")
    assert out.dtype == np.float64
    out[0] = 9
    assert given[0] == 1
    assert v.as_real_array(True, "a") == 1.0
    # NumPy takes integers beyond 64 bits for objects.
    np.testing.assert_array_equal(v.as_real_array([2**70, 1.5], "a"), [2.0**70, 1.5])
    np.testing.assert_array_equal(v.as_real_array(-(2**70), "a"), -(2.0**70))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1, 2], [3]], "a is not an array.*rectangular"),
        ([1 + 2j], "a has dtype complex128.*a.real"),
        (["x"], "a has dtype <U1"),
        ([], r"a is empty \(shape \(0,\)\)"),
        ([1, np.inf], r"a\[1\] is inf"),
        ([[1, 2], [np.nan, 4]], r"a\[1, 0\] is nan"),
        (np.float64("nan"), "a is nan"),
        (None, "a has dtype object"),
        ([2**70, True, "x"], "a has dtype"),
        ([2**70, None], "a has dtype object"),
        ([1, 10**400], "a holds an integer beyond floating-point range"),
    ],
)
def test_arrays_that_are_refused(value, message):
    with pytest.raises(v.FilterbankError, match=message):
        v.as_real_array(value, "a")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones((2, 3)), "x has shape"),
        (1.0, "x has shape"),
        (np.zeros(3), "x is zero everywhere"),
        ([1e-150], "out of floating-point range"),
        ([1e150], "out of floating-point range"),
        ([1e200], "out of floating-point range"),
    ],
)
def test_signals_that_are_refused(value, message):
    with pytest.raises(v.FilterbankError, match=message):
        v.as_signal(value)


def test_filters_may_come_from_a_conv1d():
    w = np.arange(6.0).reshape(2, 1, 3)
    np.testing.assert_array_equal(v.as_filters(w), w[:, 0])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones(3), r"w\[None, :\]"),
        (np.ones((2, 2, 3)), "w has shape"),
        (np.full((1, 1), 1e120), "out of floating-point range"),
        (np.full((1, 1), 1e-120), "out of floating-point range"),
    ],
)
def test_filters_that_are_refused(value, message):
    with pytest.raises(v.FilterbankError, match=message):
        v.as_filters(value)


def test_zero_filters_are_filters():
    assert not v.as_filters([[0.0, 0.0]]).any()


@pytest.mark.parametrize("value", [0, -1, 1.0, "3", None, True, np.float64(2), 9])
def test_counts_that_are_refused(value):
    with pytest.raises(v.FilterbankError, match="n is"):
        v.as_count(value, "n", maximum=8)


def test_counts_that_pass():
    assert v.as_count(np.int32(8), "n", maximum=8) == 8
    assert v.as_count(0, "n", minimum=0) == 0
    assert v.as_count(2**53, "n") == 2**53
    with pytest.raises(v.FilterbankError, match="n is 9007199254740993: it must be at most"):
        v.as_count(2**53 + 1, "n")


@pytest.mark.parametrize("value", [0.0, 1.0, -1, np.nan, np.inf, "0.5", None, True, 0.5j])
def test_reals_that_are_refused(value):
    with pytest.raises(v.FilterbankError, match="f is"):
        v.as_real(value, "f", 0.0, 1.0)


@pytest.mark.parametrize(("sign", "digits"), [(1, 400), (-1, 400), (1, 5000)])
def test_integers_beyond_floating_point_are_named(sign, digits):
    """Python itself refuses to print the last of them."""
    value, shown = sign * 10**digits, rf"about {'-' if sign < 0 else ''}10\^{digits}"
    with pytest.raises(v.FilterbankError, match=f"f is {shown}"):
        v.as_real(value, "f")
    with pytest.raises(v.FilterbankError, match=f"n is {shown}"):
        v.as_count(value, "n")


def test_what_does_not_fit_in_memory_is_named():
    v.check_memory(1000, "n is 1000: the result")
    with pytest.raises(v.FilterbankError, match=r"n is 2.52: the result would take 3.36e\+07 GiB"):
        v.check_memory(2**52, "n is 2^52: the result")
    with pytest.raises(v.FilterbankError, match=r"GiB, more memory than there is"):
        v.check_memory(2**106, "n")


def test_choices():
    assert v.as_choice("a", "c", ("a", "b")) == "a"
    for value in ("c", 1, None, ["a"]):
        with pytest.raises(v.FilterbankError, match="choose one of a, b"):
            v.as_choice(value, "c", ("a", "b"))


def test_lengths_and_strides_name_the_remedy():
    assert v.as_filter_length(5, 5) == 5
    with pytest.raises(v.FilterbankError, match=r"filter_length is 6, longer.*zero-pad"):
        v.as_filter_length(6, 5)
    v.check_stride(3, 9)
    with pytest.raises(v.FilterbankError, match="zero-pad the signal to 12 samples"):
        v.check_stride(4, 9)


def test_random_sources():
    generator = np.random.default_rng(1)
    assert v.as_rng(generator) is generator
    assert v.as_rng(2**200).random() == np.random.default_rng(2**200).random()
    assert v.as_rng(1).random() == np.random.default_rng(1).random()
    assert v.as_rng(None).random() != v.as_rng(None).random()
    for value in (-1, 1.5, "0", [1, -1], [1.5], b"0"):
        with pytest.raises(v.FilterbankError, match="rng is"):
            v.as_rng(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: 7,
        lambda: np.int64(7),
        lambda: [7, 8],
        lambda: np.array([7, 8]),
        lambda: np.random.SeedSequence(7),
        lambda: np.random.PCG64(7),
        lambda: np.random.MT19937(7),
        lambda: np.random.default_rng(7),
    ],
)
def test_whatever_numpy_takes_as_a_source_draws_the_same(make):
    draws = v.as_rng(make()).random(3)
    np.testing.assert_array_equal(draws, np.random.default_rng(make()).random(3))


def test_a_random_state_goes_on_where_it_was():
    """As default_rng has it since NumPy 2.2: the bits of its generator, without a jump."""
    state = np.random.RandomState(7)
    draws = v.as_rng(state).random(3)
    again = np.random.RandomState(7)
    np.testing.assert_array_equal(draws, np.random.Generator(again._bit_generator).random(3))
    assert state.random_sample() == again.random_sample()


def test_the_rounding_unit_and_the_least_normal_number_are_defined_here_alone():
    defined = re.compile(r"np\.finfo\((float|np\.float64)\)\.(eps|tiny)")
    files = {
        path: path.read_text(encoding="utf-8") for path in Path(v.__file__).parent.rglob("*.py")
    }
    assert [path.stem for path, text in files.items() if defined.search(text)] == ["validation"]
    assert (v.EPS, v.TINY) == (2.0**-52, 2.0**-1022)
