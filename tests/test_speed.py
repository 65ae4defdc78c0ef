"""What chapter 13 says of speed, stored by `make speed`, for the cases that `make bench` has."""

from __future__ import annotations

import importlib
import itertools
import json
import sys

import pytest
from checkout import ROOT

BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(scope="module")
def stored():
    return json.loads((ROOT / "fbtools" / "experiments" / "data" / "speed.json").read_text())


@pytest.fixture(scope="module")
def scaling():
    """The script that measures, from its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield importlib.import_module("scaling")
        for name in ("scaling", "cases", "bench_samplers"):
            sys.modules.pop(name, None)


def test_the_table_holds_the_cases_that_are_measured(stored, scaling):
    measured = [(case.name, case.n_draws) for case in scaling.cases.CASES]
    assert [(row["name"], row["n_draws"]) for row in stored["table"]] == measured


def test_aims_are_met(stored):
    """Each ratio was measured in one run with the direct way; memory in MiB, times in seconds."""
    aims = {(row["name"], row["n_draws"]): row["target"] for row in stored["table"]}
    assert sum(aim > 0 for aim in aims.values()) >= 6
    for row in stored["table"]:
        assert row["to_direct"] >= row["target"]
        assert row["memory"] < 1024
    for row in stored["moves"]:
        assert row["warm_max"] < 0.1
    figures = next(row for row in stored["table"] if row["name"].startswith("five figures"))
    assert figures["seconds"] < 10
    for what in ("energy", "N = T", "N = 4 T", "circle"):
        assert max(stored["memory"][what]) < 1024


def test_the_machine_is_named(stored):
    assert set(stored["machine"]) == {"processor", "cores", "system", "python", "numpy", "scipy"}
    assert all(stored["machine"].values())


def test_every_curve_is_stored(stored, scaling):
    for what, over, at, ways_at in scaling.CURVES:
        curve = stored["curves"][what][over]
        assert curve["at"] == list(at)
        assert set(ways_at(at[0])) <= set(curve)
        assert all(len(values) == len(at) for values in curve.values())
        assert min(filter(None, itertools.chain(*curve.values()))) > 0


def test_measuring_counts_draws_and_leaves_gaps(scaling, monkeypatch):
    """A clock that each call moves by one second: 10 draws a call cost 0.1 s each."""
    now = itertools.count()
    monkeypatch.setattr(scaling.time, "perf_counter", lambda: float(next(now)))

    def ways_at(value):
        ways = {"many": (lambda: None, 10)}
        return ways | {"one": (lambda: None, 1)} if value < 2 else ways

    measured = scaling.measure([1, 2], ways_at)
    assert measured == {"at": [1, 2], "many": [0.1, 0.1], "one": [1.0, None]}


def test_numbers_are_rounded_to_what_a_measurement_has(scaling):
    values = {"a": [1.23456e-5, 3], "b": {"c": "text", "d": None}}
    assert scaling.rounded(values) == {"a": [1.23e-5, 3], "b": {"c": "text", "d": None}}
