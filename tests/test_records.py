"""Laws and results are values: frozen, equal by value, hashable, picklable, read-only."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil

import numpy as np
import pytest

import fbtools as fb
from fbtools.audio.recordings import Recording
from fbtools.experiments.learning_tasks import learning_task
from fbtools.experiments.reproduction import Claim, Row
from fbtools.laws.few_eigenvalues import fewest_eigenvalues
from fbtools.laws.gamma_sums import GammaSum
from fbtools.laws.lumping import lump
from fbtools.laws.toeplitz import leading_eigenvalues
from fbtools.learning.denoiser import make_denoiser
from fbtools.records import Value, read_only
from fbtools.simulation import samplers

W = fb.random_filterbank(4, 8, rng=0)
TONE = fb.signals.sinusoid(64, 0.1)


def fit(n_epochs=2):
    return fb.fit_filterbank(W, W, TONE, fb.learning.Adam(0.1), n_epochs, rng=0)


def recording(level=1.0):
    return Recording(level * TONE, 8000, *"abcdef", is_excerpt=False, note="")


def denoiser(seed=0):
    return make_denoiser(W, [0, 0, 1, 1], stride=2, rng=seed)


def lumps(largest=0.5):
    p = np.array([largest, 0.2, 0.2, 0.6 - largest])
    return lump(p[:1], np.array([np.sum(p**k) for k in range(4)]), ceiling=0.2)


# Each makes one and the same value whenever it is called, or another one.
MAKERS = {
    "EnergyLaw": (lambda: fb.EnergyLaw(TONE, 5, 8), lambda: fb.EnergyLaw(TONE, 6, 8)),
    "EnergyLaw, lumped": (
        lambda: fb.EnergyLaw(TONE, 5, 64).lumped(),
        lambda: fb.EnergyLaw(TONE, 5, 64).lumped(1e-3),
    ),
    "ExtremeLaw": (lambda: fb.frame_bound_laws(5, 8)[0], lambda: fb.frame_bound_laws(5, 8)[1]),
    "ExtremeLaw, bins": (
        lambda: fb.frame_bound_laws(5, 8, 8)[0],
        lambda: fb.frame_bound_laws(5, 8, 9)[0],
    ),
    "ExtremeLaw, fibres": (
        lambda: fb.frame_bound_laws(5, 8, stride=2)[0],
        lambda: fb.frame_bound_laws(5, 8, stride=4)[0],
    ),
    "GammaSum": (lambda: GammaSum(W[0] ** 2, 2.0), lambda: GammaSum(W[1] ** 2, 2.0)),
    "LumpedSpectrum": (lumps, lambda: lumps(0.4)),
    "LeadingEigenvalues": (
        lambda: leading_eigenvalues(np.ones(100)),
        lambda: leading_eigenvalues(np.ones(99)),
    ),
    "FewEigenvalues": (
        lambda: fewest_eigenvalues(np.full(4, 0.25), np.ones(4), 5, 1e-7),
        lambda: fewest_eigenvalues(np.full(8, 0.125), np.ones(8), 5, 1e-7),
    ),
    "IsacDesign": (
        lambda: fb.filterbanks.isac_design(9, 64, 8000),
        lambda: fb.filterbanks.isac_design(9, 64, 8001),
    ),
    "FrameBounds": (lambda: fb.frame_bounds(W), lambda: fb.frame_bounds(W[:3])),
    "TightFit": (lambda: fb.frames.tighten_fir(W), lambda: fb.frames.tighten_fir(W[:3])),
    "FrontEnd": (lambda: fb.filterbanks.front_ends()[0], lambda: fb.filterbanks.front_ends()[1]),
    "LinearDescent": (
        lambda: fb.learning.linear_descent(TONE, 8, learning_rate=0.1),
        lambda: fb.learning.linear_descent(TONE, 8, learning_rate=0.2),
    ),
    "Fit": (fit, lambda: fit(3)),
    "FitState": (lambda: fit().state, lambda: fit(3).state),
    "Regression": (lambda: fb.learning.Regression(), lambda: fb.learning.Regression(stride=2)),
    "Penalty": (
        lambda: fb.learning.Penalty("condition", 1.0),
        lambda: fb.learning.Penalty("tightness", 1.0),
    ),
    "Adam": (lambda: fb.learning.Adam(0.1), lambda: fb.learning.Adam(0.2)),
    "Momentum": (lambda: fb.learning.Momentum(0.1), lambda: fb.learning.Momentum(0.2)),
    "GradientDescent": (
        lambda: fb.learning.GradientDescent(0.1),
        lambda: fb.learning.GradientDescent(0.2),
    ),
    "Denoiser": (denoiser, lambda: denoiser(1)),
    "Recording": (recording, lambda: recording(0.5)),
    "LearningTask": (lambda: learning_task("mel"), lambda: learning_task("gammatone")),
    "Claim": (
        lambda: Claim("a", "b", "1", np.mean, "mean"),
        lambda: Claim("a", "b", "2", np.mean, "mean"),
    ),
    "Row": (
        lambda: Row("a", "b", "1", "", 1.0, (0.5, 2.0), 10, 0),
        lambda: Row("a", "b", "1", "", 1.0, (0.5, 2.0), 10, 1),
    ),
    "EnergyFromLaw": (
        lambda: samplers.EnergyFromLaw.of(fb.EnergyLaw(TONE, 5, 8)),
        lambda: samplers.EnergyFromLaw.of(fb.EnergyLaw(TONE, 5, 9)),
    ),
    "EnergyFromFilters": (
        lambda: samplers.EnergyFromFilters.of(TONE, 5, 8, "uniform"),
        lambda: samplers.EnergyFromFilters.of(TONE, 5, 9, "uniform"),
    ),
}


def arrays(value):
    """Every array that a value holds, in whatever container."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from arrays(part)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from arrays(part)
    elif isinstance(value, Value):
        yield from arrays(tuple(part for part in vars(value).values() if part is not value))


@pytest.mark.parametrize("name", MAKERS)
def test_equal_by_value(name):
    make, make_other = MAKERS[name]
    value, twin, other = make(), make(), make_other()
    assert value == twin
    assert hash(value) == hash(twin)
    assert value != other
    assert value != 1
    assert len({value, twin, other}) == 2


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]
)
def test_copies_are_equal_and_read_only(name, again):
    value = MAKERS[name][0]()
    twin = again(value)
    assert twin == value
    assert hash(twin) == hash(value)
    assert repr(twin) == repr(value)
    for ours, theirs in zip(arrays(value), arrays(twin), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    if name != "Denoiser":  # whose weights are there to be trained
        assert not any(array.flags.writeable for array in (*arrays(value), *arrays(twin)))


@pytest.mark.parametrize("name", MAKERS)
def test_frozen(name):
    value = MAKERS[name][0]()
    field = next(name for name in vars(value) if not name.startswith("_"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, field, 1000)
    with pytest.raises(dataclasses.FrozenInstanceError):
        delattr(value, field)
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.anything = 1


def test_every_dataclass_that_holds_arrays_is_a_value():
    """By annotation: what is made of arrays must not compare them as if they were numbers."""
    found = set()
    for module in pkgutil.walk_packages(fb.__path__, "fbtools."):
        if module.name == "fbtools.pytorch":
            continue
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if not dataclasses.is_dataclass(kind) or not kind.__module__.startswith("fbtools"):
                continue
            annotations = " ".join(str(field.type) for field in dataclasses.fields(kind))
            if any(word in annotations for word in ("Array", "dict", "Memory", "Parameters")):
                assert issubclass(kind, Value), kind
                found.add(kind.__name__)
    assert {"FitState", "TightFit", "IsacDesign", "LinearDescent", "Recording"} <= found


def test_arrays_of_the_caller_stay_writeable_and_change_nothing():
    w = W.copy()
    kept = read_only({"w": w, "more": [w, (w,)]})
    assert not any(array.flags.writeable for array in arrays(kept))
    w[0, 0] = 5.0
    assert kept["w"][0, 0] == W[0, 0] != 5.0


def test_nan_equals_nan_and_kinds_differ():
    state = fit().state
    one, two = (dataclasses.replace(state, loss=(float("nan"), 1.0)) for _ in range(2))
    assert one == two
    assert hash(one) == hash(two)
    assert dataclasses.replace(state, w=state.w.astype(np.float32).astype(complex)) != state


def test_a_copied_law_gives_the_same_bits():
    law = fb.EnergyLaw(fb.signals.brown_noise(512, rng=1), 5, 64)
    bound = fb.frame_bound_laws(5, 8)[1]
    q = np.linspace(0.5, 2.0, 5)
    for value in (law, bound):
        for twin in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
            for name in ("sf", "logcdf", "pdf"):
                np.testing.assert_array_equal(getattr(twin, name)(q), getattr(value, name)(q))
            np.testing.assert_array_equal(twin.rvs(9, rng=3), value.rvs(9, rng=3))
            assert twin.ppf(0.3) == value.ppf(0.3)
            assert (twin.mean(), twin.var()) == (value.mean(), value.var())
