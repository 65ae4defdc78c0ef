"""The published tasks: their sizes, targets and sounds, and a slice of the stored runs repeated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import fft

import fbtools as fb
from fbtools.audio.segments import random_segments
from fbtools.experiments import learning_tasks
from fbtools.experiments.learning_tasks import learning_task, stored_fits


@pytest.mark.parametrize("name", learning_tasks.NAMES)
def test_the_shapes_fit(name):
    task = learning_task(name)
    target = task.target()
    assert target.shape[0] == task.n_filters
    assert target.shape[1] <= task.signal_length
    assert task.start(0).shape == (task.n_filters, task.filter_length)
    assert set(task.penalties) >= {"none", "condition"}
    # The outputs of one signal are averaged, or compared at stride 1.
    assert task.loss.window(task.signal_length) == -(-task.signal_length // task.loss.stride) or (
        task.loss.stride == 1
    )


@pytest.mark.parametrize("name", ["constant_q", "mel", "variable_q", "gammatone"])
def test_targets_are_analytic_and_leave_no_hole(name):
    target = learning_task(name).target()
    length = target.shape[1]
    power = np.abs(fft.fft(target, axis=-1)) ** 2
    assert power[:, length // 2 + 1 :].max() < 1e-24
    total = power[:, : length // 2 + 1].sum(axis=0)
    assert total.min() > 0.2 * total.max()
    # Zero phase: the envelope of each filter is symmetric about its centre, and largest there.
    envelope = np.abs(target)
    assert (envelope.argmax(axis=1) == length // 2).all()


def test_the_mel_target_has_a_flat_sum():
    """Triangles add up to one between their centres, and the two ends fill what is left."""
    power = np.abs(fft.fft(learning_task("mel").target(), axis=-1)) ** 2
    np.testing.assert_allclose(power.sum(axis=0)[:513], 1, atol=1e-12)


def test_the_constant_q_target_has_constant_q():
    power = np.abs(fft.fft(learning_task("constant_q").target(), axis=-1)) ** 2
    sr, n = 16000, power.shape[1]
    widths = power.sum(axis=1) / power.max(axis=1) * sr / n
    centres = power.argmax(axis=1) * sr / n
    q = centres[1:-1] / widths[1:-1]
    # From 512 Hz on, the grid of 4 Hz is fine enough; the last filter is cut at 8 kHz, and those
    # of the top octave, 16 to 24 samples long, have whole numbers of taps only.
    np.testing.assert_allclose(q[24:-1], np.median(q), rtol=0.04)
    np.testing.assert_allclose(centres[25:-1] / centres[17:-9], 2, rtol=0.01)


def test_the_variable_q_target_is_wider_below():
    power = np.abs(fft.fft(learning_task("variable_q").target(), axis=-1)) ** 2
    widths = power.sum(axis=1) / power.max(axis=1)
    q = power.argmax(axis=1) / widths
    assert (np.diff(q[2:60:8]) > 0).all()
    assert q[10] < 0.5 * q[60]


def test_the_tight_target_is_the_tight_version_of_the_start():
    task = learning_task("tight")
    np.testing.assert_array_equal(task.target(3), fb.tighten(task.start(3), 1024))
    assert fb.condition_number(task.target(3), 1024) == pytest.approx(1, abs=1e-12)
    batch = task.signals(0)(np.random.default_rng(0))
    assert batch.shape == (32, 1024)
    assert np.abs(batch).max() <= 1


def test_segments_come_from_the_recordings():
    x = fb.audio.load("trumpet", sr=16000).x
    y = fb.audio.load("robin", sr=16000).x
    windows = np.lib.stride_tricks.sliding_window_view
    for segment in random_segments(("trumpet", "robin"), 6, 4000, rng=1):
        starts = [windows(s, 4000)[s[:-3999] == segment[0]] for s in (x, y)]
        assert any((segment == start).all() for start in np.concatenate(starts))


def test_signals_depend_on_the_seed_alone():
    task = learning_task("constant_q")
    np.testing.assert_array_equal(task.signals(1), task.signals(1))
    assert (task.signals(1) != task.signals(2)).any()
    assert learning_task("mel").signals(0).shape == (40 * 64, 4095)


@pytest.mark.parametrize(("name", "penalty"), [("constant_q", "condition"), ("tight", "tightness")])
def test_a_slice_of_the_stored_runs(name, penalty):
    """The first epoch again: 50 steps of Adam, 100 of descent; no recording is needed."""
    stored = stored_fits()[name][penalty][1]
    fit = learning_task(name).fit(penalty, seed=stored["seed"], n_epochs=1)
    # Other processors round sums in another order.
    assert fit.loss[0] == pytest.approx(stored["loss"][0], rel=1e-6)
    assert fit.condition_number == pytest.approx(stored["condition_number"][:2], rel=1e-5)
    assert fit.penalty == pytest.approx(stored["penalty"][:2], rel=1e-5)


def test_every_run_is_stored():
    results = stored_fits()
    for name in learning_tasks.NAMES:
        if name == "gammatone":
            continue
        task = learning_task(name)
        assert set(results[name]) == set(task.penalties)
        for runs in results[name].values():
            assert [run["seed"] for run in runs] == [0, 1, 2, 3, 4]
            assert {len(run["loss"]) for run in runs} == {task.n_epochs}
            assert {len(run["condition_number"]) for run in runs} == {task.n_epochs + 1}


def test_runs_are_written_where_they_are_read(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(learning_tasks, "STORE", tmp_path / "data" / "learning.json")
    short = replace(learning_task("tight"), n_epochs=1, steps_per_epoch=1)
    monkeypatch.setattr(learning_tasks, "learning_task", lambda name: short)
    learning_tasks.run(["tight"], n_seeds=2)
    results = stored_fits()
    assert results["command"] == "python -m fbtools.experiments.learning_tasks"
    assert [run["seed"] for run in results["tight"]["none"]] == [0, 1]
    assert len(results["tight"]["tightness"][0]["condition_number"]) == 2
    assert capsys.readouterr().out.count("tight") == 6 + 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: learning_task("wavelet"), "name is 'wavelet'"),
        (lambda: learning_task("mel").fit("tightness"), "penalty is 'tightness'"),
        (lambda: random_segments((), 1, 8), "names is"),
        (lambda: random_segments("robin", 1, 8), "names is 'robin'"),
        (lambda: random_segments(("robin",), 0, 8), "n_signals is 0"),
        (lambda: random_segments(("robin",), 1, 0), "signal_length is 0"),
        (lambda: random_segments(("robin",), 1, 10**7), "filter_length is 10000000"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
