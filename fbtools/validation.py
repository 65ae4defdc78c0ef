"""The checks that every public function shares, and the one error they raise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Choice = TypeVar("Choice", bound=str)
Number = float | np.floating[Any] | np.integer[Any]  # what comes back as a float
Numbers = NDArray[Any] | Sequence[Any]  # what comes back as an array
RNG = (
    np.random.Generator
    | np.random.BitGenerator
    | np.random.SeedSequence
    | np.random.RandomState
    | Sequence[int]
    | NDArray[np.integer[Any]]
    | int
    | None
)

EPS = float(np.finfo(float).eps)
TINY = float(np.finfo(float).tiny)
LARGEST_COUNT = 2**53  # beyond, not every integer is a floating-point number
LARGEST_LENGTH = 2**1000  # for formulas in its logarithm: it still is a floating-point number


class FilterbankError(ValueError):
    """Raised when an argument cannot be used: it names the argument, its value and the remedy.

    Examples
    --------
    >>> import fbtools as fb
    >>> fb.autocorrelation([1.0, float("nan")])
    Traceback (most recent call last):
    ...
    fbtools.validation.FilterbankError: x[1] is nan: replace or remove NaN and infinite samples.
    """


def as_real_array(value: ArrayLike, name: str) -> FloatArray:
    """Return `value` as a non-empty, finite float64 array."""
    array = _as_array(value, name)
    if np.iscomplexobj(array):
        raise FilterbankError(
            f"{name} has dtype {array.dtype}: pass real numbers, for instance {name}.real."
        )
    if array.dtype.kind not in "fiub":
        raise FilterbankError(
            f"{name} has dtype {array.dtype}: pass an array of real numbers (float or int)."
        )
    if array.size == 0:
        raise FilterbankError(f"{name} is empty (shape {array.shape}): pass at least one number.")
    array = array.astype(np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        where = np.unravel_index(int(np.argmin(finite)), array.shape)
        index = "[" + ", ".join(str(int(i)) for i in where) + "]" if where else ""
        raise FilterbankError(
            f"{name}{index} is {array[where]}: replace or remove NaN and infinite samples."
        )
    return array


def _as_array(value: ArrayLike, name: str) -> NDArray[Any]:
    """Return `value` as an array; integers beyond 64 bits, objects to NumPy, become floats."""
    try:
        array = np.asarray(value)
        if array.dtype == object and array.size and all(map(_is_real, array.flat)):
            array = array.astype(np.float64)
    except OverflowError as error:
        raise FilterbankError(
            f"{name} holds an integer beyond floating-point range (1.8e308): rescale it."
        ) from error
    except (TypeError, ValueError) as error:
        raise FilterbankError(
            f"{name} is not an array: {error}; pass a rectangular array of real numbers."
        ) from error
    return array


def _is_real(value: Any) -> bool:
    boolean = isinstance(value, (bool, np.bool_))
    return not boolean and isinstance(value, (int, float, np.integer, np.floating))


def _shown(value: Any) -> str:
    """Print a value; Python refuses to print integers of thousands of digits."""
    if isinstance(value, int) and value.bit_length() > 2**10:
        return f"about {'-' if value < 0 else ''}10^{round(value.bit_length() * math.log10(2))}"
    return str(value)


def as_signal(x: ArrayLike, name: str = "x") -> FloatArray:
    """Return `x` as a float64 array of shape (N,) with positive, representable energy."""
    array = as_real_array(x, name)
    if array.ndim != 1:
        raise FilterbankError(
            f"{name} has shape {array.shape}: pass one channel, an array of shape (N,); "
            f"for a recording of several channels, {name}.mean(axis=0) mixes them."
        )
    if not array.any():
        raise FilterbankError(
            f"{name} is zero everywhere ({array.size} samples): its energy ratio is 0/0; "
            "pass a signal with at least one non-zero sample."
        )
    with np.errstate(over="ignore", under="ignore"):
        energy = float(array @ array)
    if not 1e-200 < energy < 1e200:
        raise FilterbankError(
            f"{name} has energy {energy:g}, out of floating-point range: rescale it, "
            f"for instance {name} / np.abs({name}).max()."
        )
    return array


def as_filters(w: ArrayLike, name: str = "w") -> FloatArray:
    """Return `w` as a float64 array of shape (J, T); (J, 1, T), as in Conv1d, is accepted."""
    array = as_real_array(w, name)
    if array.ndim == 3 and array.shape[1] == 1:
        array = array[:, 0, :]
    if array.ndim != 2:
        raise FilterbankError(
            f"{name} has shape {array.shape}: pass filters of shape (J, T), or (J, 1, T) as in "
            f"Conv1d; for one filter of shape (T,), {name}[None, :]."
        )
    largest = float(np.abs(array).max())
    if largest > 1e100 or 0 < largest < 1e-100:
        raise FilterbankError(
            f"{name} has largest magnitude {largest:g}, out of floating-point range: rescale it, "
            f"for instance {name} / np.abs({name}).max()."
        )
    return array


def as_count(value: Any, name: str, minimum: int = 1, maximum: int | None = LARGEST_COUNT) -> int:
    """Return `value` as an int within [minimum, maximum]."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise FilterbankError(f"{name} is {value!r}: pass an integer of at least {minimum}.")
    if value < minimum:
        raise FilterbankError(f"{name} is {_shown(value)}: it must be at least {minimum}.")
    if maximum is not None and value > maximum:
        raise FilterbankError(f"{name} is {_shown(value)}: it must be at most {maximum}.")
    return int(value)


def as_real(value: Any, name: str, minimum: float = -np.inf, maximum: float = np.inf) -> float:
    """Return `value` as a finite float strictly between `minimum` and `maximum`."""
    if not _is_real(value):
        raise FilterbankError(f"{name} is {value!r}: pass a real number.")
    try:
        number = float(value)
    except OverflowError as error:
        raise FilterbankError(
            f"{name} is {_shown(value)}: pass a number in floating-point range, up to 1.8e308."
        ) from error
    if not np.isfinite(number):
        raise FilterbankError(f"{name} is {value}: pass a finite number.")
    if not minimum < number < maximum:
        raise FilterbankError(
            f"{name} is {value}: it must lie strictly between {minimum:g} and {maximum:g}."
        )
    return number


def as_choice(value: Any, name: str, choices: tuple[Choice, ...]) -> Choice:
    """Return `value` if it is one of `choices`."""
    for choice in choices:
        if isinstance(value, str) and value == choice:
            return choice
    raise FilterbankError(f"{name} is {value!r}: choose one of {', '.join(choices)}.")


def as_filter_length(value: Any, signal_length: int) -> int:
    """Return the filter length T as an int with 1 <= T <= N."""
    length = as_count(value, "filter_length")
    check_length(length, signal_length)
    return length


def as_quantiles(q: ArrayLike) -> FloatArray:
    """Return real numbers, infinities included: a distribution function is defined there."""
    values = _as_array(q, "q")
    if values.dtype.kind != "f":
        return as_real_array(q, "q")
    infinite = np.isinf(values)
    return np.where(infinite, values, as_real_array(np.where(infinite, 0, values), "q"))


def as_probabilities(p: ArrayLike, name: str = "p") -> FloatArray:
    """Return numbers in [0, 1]."""
    values = as_real_array(p, name)
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 1:  # shown to the last digit, lest 1.0000001 look like 1
        raise FilterbankError(f"{name} ranges over [{low}, {high}]: probabilities lie in [0, 1].")
    return values


def as_probability(p: float, name: str = "p") -> float:
    """Return one number in [0, 1]."""
    values = as_probabilities(p, name)
    if values.ndim:
        raise FilterbankError(f"{name} has shape {values.shape}: pass one probability.")
    return float(values)


def check_memory(n_numbers: int, what: str) -> None:
    """Raise unless so many float64 numbers, named by the beginning of a sentence, fit in memory."""
    try:
        np.empty(n_numbers)  # address space alone: no page is touched
    except (MemoryError, ValueError, OverflowError) as error:
        raise FilterbankError(
            f"{what} would take {8 * n_numbers / 2**30:.3g} GiB, more memory than there is: "
            "ask for less."
        ) from error


def check_length(filter_length: int, signal_length: int) -> None:
    """Raise unless T <= N: a circular filter must not be longer than the signal."""
    if filter_length > signal_length:
        raise FilterbankError(
            f"filter_length is {filter_length}, longer than the signal ({signal_length} samples): "
            "shorten the filters, or zero-pad the signal to at least the filter length."
        )


def check_stride(stride: int, signal_length: int) -> None:
    """Raise unless the stride divides N, which keeps a strided circular layer shift-invariant."""
    if signal_length % stride:
        padded = -(-signal_length // stride) * stride
        raise FilterbankError(
            f"stride is {stride}, which does not divide the signal length {signal_length}: "
            f"zero-pad the signal to {padded} samples, or choose a divisor of {signal_length}."
        )


def as_rng(rng: RNG) -> np.random.Generator:
    """Return a generator from whatever `numpy.random.default_rng` takes."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, np.random.RandomState):
        # NumPy before 2.2 does not take it; both then draw from the same stream.
        return np.random.Generator(rng._bit_generator)
    if rng is None or isinstance(rng, np.random.BitGenerator | np.random.SeedSequence):
        return np.random.default_rng(rng)
    if isinstance(rng, Sequence | np.ndarray) and not isinstance(rng, str | bytes):
        return np.random.default_rng([as_count(n, "rng", minimum=0, maximum=None) for n in rng])
    return np.random.default_rng(as_count(rng, "rng", minimum=0, maximum=None))


def as_scalar_or_array(values: FloatArray | float) -> FloatArray | float:
    """Return a float where the caller passed one, an array otherwise."""
    return float(values) if np.ndim(values) == 0 else np.asarray(values)
