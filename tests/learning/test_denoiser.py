"""The denoiser: pieces against the filterbank rooms, gradients against differences, stored runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import fbtools as fb
from fbtools.experiments import denoising
from fbtools.learning import denoiser, masking

RNG = np.random.default_rng(3)
W = fb.random_filterbank(6, 11, rng=0, stride=4)
CHANNELS = [0, 1, 2, 0, 1, 2]
X = RNG.standard_normal(160)
S = X + 0.7 * RNG.standard_normal(160)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """The matrices are small: threads would only wait for one another, and for other tests."""
    with threadpool_limits(1):
        yield


def test_encoder_and_decoder_are_analysis_and_its_adjoint():
    for length, stride in ((11, 4), (4, 4), (1, 1), (3, 5)):
        w = RNG.standard_normal((6, length))
        y = fb.analyze(X, w, stride=stride)
        np.testing.assert_allclose(masking.frames(X, length, stride) @ w.T, y.T, atol=1e-13)
        np.testing.assert_allclose(
            masking.adjoint(y.T, w, stride), fb.synthesize(y, w, stride=stride), atol=1e-12
        )


def test_si_sdr_of_a_rotated_signal():
    """x = cos a s + sin a n with orthonormal s, n: SI-SDR is 20 log10(1 / tan a), at any scale."""
    s, n = fb.signals.sinusoid(64, 1 / 8), fb.signals.sinusoid(64, 1 / 4)
    for angle in (0.1, 1.0):
        expected = -20 * np.log10(np.tan(angle))
        value = masking.si_sdr(-7 * (np.cos(angle) * s + np.sin(angle) * n), s)
        assert value == pytest.approx(expected, abs=1e-9)
    assert masking.si_sdr([2.0, 0.0], [1.0, 0.0]) == np.inf


@pytest.mark.parametrize("snr", [-5.0, 0.0, 12.0])
def test_mixtures_have_the_ratio_asked_for(snr):
    noise = masking.mix(X, S, snr) - X
    assert 10 * np.log10(np.sum(X**2) / np.sum(noise**2)) == pytest.approx(snr, abs=1e-9)


def with_parameters(model, **changed):
    return dataclasses.replace(model, parameters=model.parameters | changed)


@pytest.mark.parametrize("learn", denoiser.LEARNABLE)
def test_gradients_against_finite_differences(learn):
    model = denoiser.make_denoiser(
        W, CHANNELS, stride=4, learn=learn, learned_length=5, n_hidden=7, rng=1
    )
    model = with_parameters(model, outer=10 * model.parameters["outer"])
    _, gradient = denoiser.loss_gradient(model, X, S)
    assert set(gradient) == set(model.parameters)
    for name, values in model.parameters.items():
        for index in np.ndindex(values.shape):
            losses = []
            for step in (1e-6, -1e-6):
                moved = values.copy()
                moved[index] += step
                losses.append(
                    denoiser.loss_gradient(with_parameters(model, **{name: moved}), X, S)[0]
                )
            slope = (losses[0] - losses[1]) / 2e-6
            # Central differences of a loss near 5 dB, in steps of 1e-6: 1e-9 of rounding each.
            assert gradient[name][index] == pytest.approx(slope, abs=2e-8), (name, index)


@pytest.mark.parametrize("learn", denoiser.LEARNABLE)
def test_the_loss_is_what_the_denoiser_does(learn):
    model = denoiser.make_denoiser(
        W, CHANNELS, stride=4, learn=learn, learned_length=5, n_hidden=7, rng=1
    )
    loss, _ = denoiser.loss_gradient(model, X, S)
    assert -loss == pytest.approx(masking.si_sdr(model(X), S), abs=1e-10)


def test_the_mask_does_not_depend_on_the_level():
    model = denoiser.make_denoiser(W, CHANNELS, stride=4, rng=2)
    mask = model.mask(X)
    assert mask.shape == (3, 40)
    assert 0 < mask.min() <= mask.max() < 1
    np.testing.assert_allclose(model.mask(100 * X), mask, atol=1e-12)
    np.testing.assert_allclose(model(100 * X), 100 * model(X), atol=1e-10)


def test_an_open_mask_with_a_tight_encoder_gives_the_signal_back():
    w = fb.tighten(W, 160, stride=4)
    model = denoiser.make_denoiser(w, CHANNELS, stride=4, rng=2)
    outer, bias = model.parameters["outer"], model.parameters["outer_bias"]
    model = with_parameters(model, outer=0 * outer, outer_bias=0 * bias + 50.0)
    np.testing.assert_allclose(model(X), X, atol=1e-10)


@pytest.mark.parametrize("learn", ["filters", "hybrid"])
def test_the_penalty_holds_kappa_down(learn):
    start = denoiser.make_denoiser(
        W, CHANNELS, stride=4, learn=learn, learned_length=5, n_hidden=7, rng=1
    )
    options = {"segment": 400, "learning_rates": (1e-2, 1e-2)}
    kappas = []
    for beta in (0.0, 30.0):
        trained, history = denoiser.train_denoiser(
            start,
            fb.signals.chirp(2000, 0.01, 0.3),
            fb.signals.white_noise(2000, 0),
            40,
            beta=beta,
            rng=5,
            **options,
        )
        assert history.shape == (40,)
        kappas.append(fb.condition_number(trained.filters(), stride=4))
    assert kappas[1] < 0.8 * min(kappas[0], fb.condition_number(start.filters(), stride=4))
    # The start is not changed, and the same seed gives the same bits.
    again = denoiser.make_denoiser(
        W, CHANNELS, stride=4, learn=learn, learned_length=5, n_hidden=7, rng=1
    )
    np.testing.assert_array_equal(start.filters(), again.filters())


def test_pink_noise_falls_by_three_decibels_an_octave():
    """Mean power over an octave band of 2^k bins: halves from one octave to the next.

    256 periodograms; the lowest octave has 16 bins, so its mean varies by 1/sqrt(4096) = 1.6 %,
    a ratio by at most 2.3 %. Ten percent is more than four standard deviations of each of five.
    """
    x = np.array([denoising.pink_noise(1024, seed) for seed in range(256)])
    power = np.mean(np.abs(np.fft.rfft(x, axis=1)) ** 2, axis=0)
    octaves = [power[2**k : 2 ** (k + 1)].mean() for k in range(4, 9)]
    np.testing.assert_allclose(np.divide(octaves[1:], octaves[:-1]), 0.5, rtol=0.1)
    np.testing.assert_allclose(x.std(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(x.mean(axis=1), 0, atol=1e-12)


def test_stft_is_the_transform_of_windowed_frames():
    w = denoising.stft_filterbank(9, 16, stride=2)
    pair = w[1:8] + 1j * w[9:]
    window = np.hanning(16)
    expected = np.array([np.exp(2j * np.pi * k * (np.arange(16) - 8) / 16) for k in range(1, 8)])
    ratio = pair / np.where(window == 0, 1, window * expected)
    np.testing.assert_allclose(ratio[:, 1:-1], ratio[0, 1], atol=1e-12)
    assert np.sum(w**2) == pytest.approx(2)
    assert w[0].sum() / np.sqrt(0.5) == pytest.approx(float(ratio[0, 1].real) * window.sum())


STORED = denoising.stored_runs()


def test_every_run_is_stored():
    runs = {(run["system"], run["fold"], run["seed"]) for run in STORED["runs"]}
    assert len(runs) == len(STORED["runs"]) == 5 * 3 * len(denoising.SYSTEMS)
    assert STORED["recordings"] == list(denoising.RECORDINGS)
    assert STORED["snrs"] == list(denoising.SNRS)
    assert STORED["signals"] == "recordings"


@pytest.mark.parametrize("system", denoising.SYSTEMS)
def test_a_slice_of_the_stored_runs(system):
    """The first 40 steps of seed 0, fold 0, with the signals that this machine has."""
    kind = "excerpts" if fb.audio.load("libri1", sr=denoising.SR).is_excerpt else "recordings"
    _, history = denoising.train(system, 0, 0, 40)
    # The last bits of sums differ between processors; 40 steps do not blow them up this far.
    assert history.mean() == pytest.approx(STORED["short"][kind][system], abs=1e-4)


def test_a_whole_stored_run():
    """500 steps and the test of the cheapest system: seed 0, fold 0."""
    if fb.audio.load("libri1", sr=denoising.SR).is_excerpt:
        assert STORED["signals"] == "recordings"  # the whole runs are those of the recordings
        return
    model, history = denoising.train("ISAC", 0, 0)
    result = denoising.evaluate(model, 0)
    (stored,) = [r for r in STORED["runs"] if (r["system"], r["fold"], r["seed"]) == ("ISAC", 0, 0)]
    assert history[-100:].mean() == pytest.approx(stored["train"], abs=0.02)
    for key in ("adjoint", "dual"):
        np.testing.assert_allclose(result[key], stored[key], atol=0.05)
    np.testing.assert_allclose(result["kappa"], stored["kappa"], atol=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: denoiser.make_denoiser(W, [0, 1], stride=4), "channels is"),
        (lambda: denoiser.make_denoiser(W, [0, 1, 3, 0, 1, 3], stride=4), "leaving none out"),
        (lambda: denoiser.make_denoiser(W, CHANNELS, stride=0), "stride is 0"),
        (lambda: denoiser.make_denoiser(W, CHANNELS, stride=4, learn="all"), "learn is 'all'"),
        (
            lambda: denoiser.make_denoiser(W, CHANNELS, stride=4)(np.ones(13)),
            "no multiple of the stride",
        ),
        (lambda: masking.si_sdr(X, S[:-1]), "estimate has 160 samples and target 159"),
        (lambda: masking.si_sdr(np.zeros(3), np.ones(3)), "estimate is zero"),
        (lambda: denoising.pink_noise(3), "signal_length is 3"),
        (lambda: denoising.stft_filterbank(2, 16), "n_bands is 2"),
        (lambda: denoising.train("wavelets", 0, 0), "system is 'wavelets'"),
        (lambda: denoising.train("ISAC", 3, 0), "fold is 3"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()


def test_bad_training():
    model = denoiser.make_denoiser(W, CHANNELS, stride=4, rng=0)
    with pytest.raises(fb.FilterbankError, match="segment is 200: it must be at most 159"):
        denoiser.train_denoiser(model, X, S, 2, segment=200)
    with pytest.raises(fb.FilterbankError, match="beta is -1"):
        denoiser.train_denoiser(model, X, S, 2, segment=100, beta=-1.0)


def test_mix_names_what_it_cannot_use():
    assert (fb.learning.mix([0.0, 0.0], [1.0, 2.0], 3.0) == 0).all()
    for clean, noise, snr, message in (
        ([1.0, 2.0], [0.0, 0.0], 3.0, "noise is zero"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], 3.0, "cut both to one length"),
        ([1.0, np.nan], [1.0, 2.0], 3.0, "clean"),
        ([1.0, 2.0], [1.0, 2.0], np.inf, "snr is"),
    ):
        with pytest.raises(fb.FilterbankError, match=message):
            fb.learning.mix(clean, noise, snr)
