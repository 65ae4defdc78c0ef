"""The pieces that stand in for recordings: repeatable, and with the property each is there for."""

import numpy as np
import pytest
from scipy import signal

from fbtools import audio
from fbtools.audio import standins
from fbtools.validation import FilterbankError

SR = 32000


@pytest.fixture(scope="module")
def pieces():
    return {name: standins.render(name, 14 * SR, SR) for name in audio.names()}


def band_energy(x, low, high):
    """Share of the energy between two frequencies, in [0, 1]."""
    power = np.abs(np.fft.rfft(x)) ** 2
    frequencies = np.fft.rfftfreq(x.size, 1 / SR)
    return power[(frequencies >= low) & (frequencies < high)].sum() / power.sum()


def centroids(x, frame=1024):
    """Spectral centroid of the frames that are not silent, in Hz."""
    frames = x[: x.size // frame * frame].reshape(-1, frame)
    loud = np.abs(frames).max(axis=1) > 0.05
    power = np.abs(np.fft.rfft(frames[loud] * np.hanning(frame))) ** 2
    return power @ np.fft.rfftfreq(frame, 1 / SR) / power.sum(axis=1)


def effective_rank(x, length):
    """(tr Q)^2 / tr(Q^2) from the matrix itself."""
    shifts = np.stack([np.roll(x, k) for k in range(length)])
    Q = shifts @ shifts.T
    return np.trace(Q) ** 2 / (Q**2).sum()


def test_there_is_one_for_every_recording():
    assert set(standins._PIECES) == set(audio.names())
    descriptions = [standins.describe(name) for name in audio.names()]
    assert len(set(descriptions)) == len(descriptions)


def test_repeats_to_the_last_bit(pieces):
    standins.installed_soundfont.cache_clear()
    for name, x in pieces.items():
        assert standins.render(name, 14 * SR, SR).tobytes() == x.tobytes()


def test_all_differ(pieces):
    for name, x in pieces.items():
        for other, y in pieces.items():
            if other != name:
                x0, y0 = x - x.mean(), y - y.mean()
                assert abs(x0 @ y0) < 0.5 * np.linalg.norm(x0) * np.linalg.norm(y0)


def test_level_and_silence(pieces):
    for name, x in pieces.items():
        assert x.shape == (14 * SR,)
        assert x.dtype == np.float64
        peak = np.abs(x).max()
        assert (0.4 < peak < 0.9) if name == "humpback" else peak == pytest.approx(0.7)
        frames = x.reshape(-1, SR // 20)
        assert (frames.std(axis=1) > 1e-6).all(), name
        # Something is heard in every second, with more than the room tone's 1e-4 of the peak.
        assert (x.reshape(-1, SR).std(axis=1) > 5e-3).all(), name


def test_pieces_are_repeated_until_the_end():
    period = 2.8
    x = standins.render("robin", round(3 * period * SR), SR)
    n = round(period * SR)
    # The room tone, 1e-4 of the peak, is not repeated: 7 sigma of the difference of two samples.
    tone = 7 * np.sqrt(2) * 0.7e-4
    assert np.abs(x[n : 2 * n] - x[2 * n :]).max() < tone


def test_trumpet_ends_on_f4():
    x = standins.render("trumpet", round(5.3 * SR), SR)[round(4.3 * SR) : round(5.1 * SR)]
    spectrum = np.abs(np.fft.rfft(x * np.hanning(x.size), 1 << 20))
    frequencies = np.fft.rfftfreq(1 << 20, 1 / SR)
    near = (frequencies > 330) & (frequencies < 370)
    measured = frequencies[near][np.argmax(spectrum[near])]
    assert abs(1200 * np.log2(measured / (440 * 2 ** (-4 / 12)))) < 10


@pytest.mark.parametrize("name", ["libri1", "libri2", "libri3"])
def test_speech_alternates_between_voiced_and_unvoiced(pieces, name):
    unvoiced = centroids(pieces[name]) > 2500
    assert 0.02 < unvoiced.mean() < 0.5
    assert np.count_nonzero(np.diff(unvoiced.astype(int)) == 1) > 10


def test_registers_of_the_voices_differ(pieces):
    low = {name: band_energy(pieces[name], 60, 160) for name in ("libri1", "libri2", "libri3")}
    assert low["libri2"] > low["libri1"] > low["libri3"]


def test_drums_and_bass(pieces):
    x = pieces["choice"]
    assert band_energy(x, 0, 300) > 0.8
    # Above 3 kHz there are only the drums: a stroke every half beat of 0.62 s.
    high = signal.sosfilt(signal.butter(4, 3000, "highpass", fs=SR, output="sos"), x) ** 2
    strokes = [round(0.31 * k * SR) for k in range(1, 40)]
    after = np.array([high[at : at + SR // 25].sum() for at in strokes])
    before = np.array([high[at - SR // 25 : at].sum() for at in strokes])
    assert np.mean(after > 3 * before) > 0.8


def test_robin_sings_above_2_khz(pieces):
    assert band_energy(pieces["robin"], 2000, 9000) > 0.98


def test_celesta_is_above_its_plucked_bass(pieces):
    assert band_energy(pieces["nutcracker"], 400, 4000) > 0.5
    assert band_energy(pieces["nutcracker"], 60, 400) > 0.01


def test_humpback_is_spoilt_by_its_dc_offset(pieces):
    x = pieces["humpback"]
    assert x.mean() == pytest.approx(0.356, abs=1e-12)
    assert x.std() == pytest.approx(0.033, abs=1e-12)
    # With offset m and standard deviation s, R(tau) >= N (m^2 - s^2), so the effective rank is at
    # most ((m^2 + s^2) / (m^2 - s^2))^2; without the offset, the same sound is far from that.
    bound = ((0.356**2 + 0.033**2) / (0.356**2 - 0.033**2)) ** 2
    assert 1 <= effective_rank(x, 64) <= bound < 1.04
    assert effective_rank(pieces["robin"], 64) > 10


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("oboe", 100, SR), "name is 'oboe': choose one of trumpet"),
        (("robin", 0, SR), "n_samples is 0"),
        (("robin", 100, 8000), "sr is 8000: it must be at least 16000"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(FilterbankError, match=message):
        standins.render(*arguments)
    with pytest.raises(FilterbankError, match="choose one of"):
        standins.describe("oboe")
