"""The SoundFont reader, against sines in a file made here and against the nominal pitch."""

import struct
from pathlib import Path

import numpy as np
import pytest

import fbtools.audio.soundfont as sf
from fbtools.validation import FilterbankError

SR = 44100
PERIOD = 100  # samples: the sample in the test file is a sine of 441 Hz
TUNE = SR / PERIOD
# Quantisation to 16 bits (1.5e-5), rounding in the loop, and the cubic's error for 100 samples a
# period, of order (2 pi / 100)^3 / 10 = 2.5e-5 of full scale.
ATOL = 2e-4
INSTANT = -32768  # timecents: 6e-9 s, so that an envelope stage takes no time


def chunk(tag, body):
    return tag + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def write_soundfont(path, zones, presets=None, root=69, correction=0, sample=None):
    """Write a SoundFont with one instrument of the given zones and one preset (bank 0, prg 0)."""
    if sample is None:
        sample = np.sin(2 * np.pi * np.arange(10 * PERIOD + 1) / PERIOD)
    presets = presets or [{41: 0}]
    data = np.concatenate([np.round(32767 * sample), np.zeros(46)]).astype("<i2").tobytes()

    def generators(zone):
        packed = [
            struct.pack("<HBB", kind, *amount)
            if isinstance(amount, tuple)
            else struct.pack("<Hh", kind, amount)
            for kind, amount in zone.items()
        ]
        return b"".join(packed)

    def bags(zones):
        starts = np.cumsum([0] + [len(zone) for zone in zones])
        return b"".join(struct.pack("<HH", start, 0) for start in starts)

    header = struct.pack("<20s5I", b"sine", 0, sample.size, 2 * PERIOD, 8 * PERIOD, SR)
    tables = {
        b"phdr": struct.pack("<20sHHH12x", b"Preset", 0, 0, 0)
        + struct.pack("<20sHHH12x", b"EOP", 0, 0, len(presets)),
        b"pbag": bags(presets),
        b"pgen": b"".join(map(generators, presets)) + b"\0" * 4,
        b"inst": struct.pack("<20sH", b"Inst", 0) + struct.pack("<20sH", b"EOI", len(zones)),
        b"ibag": bags(zones),
        b"igen": b"".join(map(generators, zones)) + b"\0" * 4,
        b"shdr": header + struct.pack("<BbHH", root, correction, 0, 1) + b"\0" * 46,
    }
    pdta = b"pdta" + b"".join(chunk(tag, body) for tag, body in tables.items())
    lists = chunk(b"LIST", b"sdta" + chunk(b"smpl", data)) + chunk(b"LIST", pdta)
    path.write_bytes(chunk(b"RIFF", b"sfbk" + lists))
    return path


@pytest.fixture
def play(tmp_path):
    """Return a function that renders a note of a one-zone instrument with the given generators."""

    def render(generators, key=69, duration=0.5, velocity=127, bend=(0.0,), preset=None, **more):
        zone = {33: INSTANT, 34: INSTANT, 35: INSTANT, 36: INSTANT, 38: INSTANT, 54: 1}
        zones = [zone | generators | {53: 0}]
        presets = [(preset or {}) | {41: 0}]
        path = write_soundfont(tmp_path / "test.sf2", zones, presets, **more)
        return sf.SoundFont(path).render_note(0, key, duration, SR, velocity=velocity, bend=bend)

    return render


def sine(frequency, n):
    return np.sin(2 * np.pi * frequency * np.arange(n) / SR)


@pytest.mark.parametrize(
    ("generators", "key", "more", "cents"),
    [
        ({}, 69, {}, 0),
        ({}, 81, {}, 1200),
        ({}, 62, {}, -700),
        ({51: -2}, 69, {}, -200),
        ({52: 37}, 69, {}, 37),
        ({56: 50}, 71, {}, 100),
        ({56: 0}, 90, {}, 0),
        ({58: 60}, 69, {}, 900),
        ({}, 69, {"correction": -20}, -20),
        ({52: 10}, 70, {"root": 72, "correction": 5}, -185),
        ({}, 69, {"preset": {51: 3, 52: 4}}, 304),
    ],
)
def test_tuning_and_loop(play, generators, key, more, cents):
    # 0.5 s is 22 times the length of the sample: the loop must be seamless and of the right length.
    y = play(generators, key=key, **more)
    assert y.size == SR // 2
    # Before its first sample a sound has no left neighbour for the cubic: leave two samples out.
    np.testing.assert_allclose(y[2:], sine(TUNE * 2 ** (cents / 1200), y.size)[2:], atol=ATOL)


def test_sampling_rate_changes_the_samples_not_the_pitch(play, tmp_path):
    write_soundfont(tmp_path / "a.sf2", [{54: 1, 34: INSTANT, 53: 0}])
    y = sf.SoundFont(tmp_path / "a.sf2").render_note(0, 69, 0.1, 32000, velocity=127)
    expected = np.sin(2 * np.pi * TUNE * np.arange(3200) / 32000)
    # The default delay and hold of 1 ms each (-12000 timecents) cost the first 32 samples.
    np.testing.assert_allclose(y[40:3200], expected[40:], atol=ATOL)
    assert y[0] == 0


def test_bend_is_in_cents_and_piecewise_linear(play):
    y = play({}, bend=(0.0, 1200.0, 1200.0))
    quarter = SR // 4
    # Up to the middle the phase is the integral of 2^(t / 0.25 s); from there it is an octave up.
    t = np.arange(quarter) / SR
    rising = 0.25 / np.log(2) * (2 ** (t / 0.25) - 1)
    np.testing.assert_allclose(y[:quarter], np.sin(2 * np.pi * TUNE * rising), atol=ATOL)
    spectrum = np.abs(np.fft.rfft(y[quarter:] * np.hanning(SR // 2 - quarter), 1 << 18))
    assert np.argmax(spectrum) * SR / (1 << 18) == pytest.approx(2 * TUNE, rel=1e-3)


def test_levels(play):
    plain = play({})
    np.testing.assert_allclose(play({48: 60}), plain * 10 ** (-6 / 20), atol=1e-12)
    np.testing.assert_allclose(play({}, velocity=64), plain * (64 / 127) ** 2, atol=1e-12)
    np.testing.assert_allclose(play({48: 30}, preset={48: 30}), plain * 10 ** (-6 / 20), atol=1e-12)


def test_attack_rises_linearly_after_delay(play):
    # -1200 timecents are 0.5 s; -3600 are 0.125 s.
    y = play({33: -3600, 34: -1200}, duration=1.0)
    t = np.arange(y.size) / SR
    expected = np.clip((t - 0.125) / 0.5, 0, 1) * sine(TUNE, y.size)
    np.testing.assert_allclose(y, expected, atol=ATOL)


def test_decay_sustain_release_are_straight_in_decibel(play):
    # Hold 0.25 s, decay 100 dB/s, sustain at -20 dB, and a release of 2 s for 100 dB.
    y = play({35: -2400, 36: 0, 37: 200, 38: 1200}, duration=1.0)
    assert y.size == 3 * SR
    t = np.arange(y.size) / SR
    level = -np.clip(100 * (t - 0.25), 0, 20) - 50 * np.maximum(0, t - 1)
    np.testing.assert_allclose(y, 10 ** (level / 20) * sine(TUNE, y.size), atol=ATOL)


def test_without_loop_the_sample_ends(play):
    y = play({54: 0})
    assert y.size == 10 * PERIOD
    np.testing.assert_allclose(y, sine(TUNE, y.size), atol=ATOL)


def test_offsets_move_start_end_and_loop(play):
    moved = play({0: PERIOD // 4, 1: -PERIOD, 54: 0})
    assert moved.size == 10 * PERIOD - PERIOD // 4 - PERIOD
    expected = np.cos(2 * np.pi * TUNE * np.arange(moved.size) / SR)
    np.testing.assert_allclose(moved[1:], expected[1:], atol=ATOL)  # the attack begins at 0
    # A loop of 3.5 periods, from sample 200 to 550: its sine starts at 0 again after half a period.
    turned = play({3: -5 * PERIOD // 2}, duration=0.02)
    loop = np.concatenate([np.arange(550), np.arange(200, 550)])[: turned.size]
    expected = np.sin(2 * np.pi * loop / PERIOD)
    np.testing.assert_allclose(turned, expected, atol=ATOL)


def test_coarse_offsets_count_32768_samples(play):
    long = np.concatenate([np.zeros(32768), np.sin(2 * np.pi * np.arange(1000) / PERIOD)])
    y = play({4: 1, 54: 0}, sample=long)
    np.testing.assert_allclose(y, sine(TUNE, y.size), atol=ATOL)
    assert y.size == 999


def test_key_and_velocity_ranges_and_global_zones(tmp_path):
    quick = {34: INSTANT, 35: INSTANT, 38: INSTANT, 33: INSTANT}
    zones = [
        quick | {54: 1, 48: 60},  # global: no sample; it gives all zones their loop and level
        {43: (0, 60), 53: 0},
        {43: (61, 100), 44: (0, 99), 48: 0, 53: 0},
        {43: (61, 100), 44: (100, 127), 48: 0, 53: 0},
        {43: (90, 100), 48: 0, 53: 0},
    ]
    presets = [{51: 12}, {43: (0, 99), 41: 0}]  # global: an octave up
    font = sf.SoundFont(write_soundfont(tmp_path / "a.sf2", zones, presets))

    def peak(key, velocity=127):
        return np.abs(font.render_note(0, key, 0.2, SR, velocity=velocity)).max()

    assert peak(60) == pytest.approx(10 ** (-6 / 20), abs=1e-3)
    assert peak(61) == pytest.approx(1, abs=1e-3)
    assert peak(61, 99) == pytest.approx((99 / 127) ** 2, abs=1e-3)
    assert peak(95) == pytest.approx(2, abs=1e-2)  # two zones sound together
    y = font.render_note(0, 69, 0.2, SR, velocity=127)
    np.testing.assert_allclose(y, sine(2 * TUNE, y.size), atol=ATOL)
    for key in (100, 101):
        with pytest.raises(FilterbankError, match=f"no sample for key {key}"):
            font.render_note(0, key, 0.2, SR)


def test_filter_is_a_second_order_low_pass_at_the_top_of_its_envelope(play):
    # The cutoff, 8.176 Hz 2^(c/1200), is 882 Hz: 441 Hz lies an octave below, 3528 Hz two above.
    cutoff = round(1200 * np.log2(2 * TUNE / 8.176))
    for generators in ({8: cutoff}, {8: cutoff - 1000, 11: 1000}, {8: cutoff, 11: -2000}):
        for key, octaves in ((69, -1), (69 + 36, 2)):
            y = play(generators, key=key)
            gain = np.abs(y[SR // 4 :]).max() / np.abs(play({}, key=key)[SR // 4 :]).max()
            # Analogue Butterworth; the bilinear transform warps 3.5 kHz at 44.1 kHz by 2 %.
            assert gain == pytest.approx(1 / np.sqrt(1 + 2.0 ** (4 * octaves)), rel=0.06)
    np.testing.assert_array_equal(play({8: 13500}), play({}))


def peak_near(y, nominal):
    """Frequency of the largest spectral peak within a semitone of the nominal pitch, in Hz."""
    n = 1 << 20  # 0.04 Hz a bin: 0.7 cents at 100 Hz
    spectrum = np.abs(np.fft.rfft(y * np.hanning(y.size), n))
    frequencies = np.fft.rfftfreq(n, 1 / SR)
    near = np.abs(np.log2(frequencies[1:] / nominal)) < 1 / 12
    assert spectrum[1:][near].max() > 0.02 * spectrum.max()
    return frequencies[1:][near][np.argmax(spectrum[1:][near])]


# The instruments themselves are tuned to within these cents of A4 = 440 Hz; wind players and
# ensembles waver more than bars and plucked strings do.
INSTRUMENTS = [
    ("celesta", 8, (60, 72, 79, 91), 6),
    ("vibraphone", 11, (60, 67, 76), 7),
    ("acoustic bass", 32, (33, 40, 48), 5),
    ("fingered bass", 33, (28, 33, 40), 5),
    ("violin", 40, (69, 76, 83), 5),
    ("cello", 42, (42, 54, 66), 5),
    ("pizzicato", 45, (40, 59), 6),
    ("voice oohs", 53, (50, 60, 74), 7),
    ("trumpet", 56, (60, 65, 68, 72), 6),
    ("flute", 73, (60, 72, 96, 108), 8),
]


@pytest.mark.parametrize(
    ("program", "keys", "cents"), [row[1:] for row in INSTRUMENTS], ids=[r[0] for r in INSTRUMENTS]
)
def test_installed_instruments_are_in_tune(program, keys, cents):
    font = sf.installed_soundfont()
    for key in keys:
        nominal = 440 * 2 ** ((key - 69) / 12)
        y = font.render_note(program, key, 1.0, SR)[SR // 10 :][: 9 * SR // 10]
        assert abs(1200 * np.log2(peak_near(y, nominal) / nominal)) < cents, key


def test_drums_sound_and_die_away():
    font = sf.installed_soundfont()
    for drum in (36, 38, 42, 46, 51):
        y = font.render_note(0, drum, 0.3, SR, bank=128)
        assert 0.02 < np.abs(y).max() < 2
        assert np.abs(y[-100:]).max() < 0.03 * np.abs(y).max()


def test_rendering_repeats_to_the_last_bit():
    path = sf.installed_soundfont_path()
    first, second = (
        sf.SoundFont(path).render_note(56, 65, 0.3, SR, bend=(0.0, 50.0)) for _ in range(2)
    )
    assert first.tobytes() == second.tobytes()


def test_presets():
    presets = sf.installed_soundfont().presets()
    assert presets[0, 73].startswith("Flute")
    assert (128, 0) in presets
    assert "EOP" not in presets.values()
    assert sf.installed_soundfont() is sf.installed_soundfont()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"program": -1}, "program is -1"),
        ({"program": 200}, "program is 200 .bank 0., which has no sample"),
        ({"bank": 7}, "bank 7"),
        ({"key": 128}, "key is 128: it must be at most 127"),
        ({"key": 60.5}, "key is 60.5: pass an integer"),
        ({"velocity": 0}, "velocity is 0"),
        ({"duration": 0.0}, "duration is 0.0"),
        ({"duration": float("nan")}, "duration is nan"),
        ({"sr": 100}, "sr is 100"),
        ({"bend": ()}, "bend is empty"),
        ({"bend": (0.0, float("inf"))}, r"bend\[1\] is inf"),
        ({"bend": 0.0}, "bend is 0.0: pass a sequence"),
        ({"bend": ((0.0,), (1.0,))}, "bend is .* pass a sequence"),
        ({"bend": (0.0, 12001.0)}, "between -12000 and 12000"),
    ],
)
def test_arguments_are_checked(change, message):
    arguments = {"program": 56, "key": 60, "duration": 0.1, "sr": SR} | change
    with pytest.raises(FilterbankError, match=message):
        sf.installed_soundfont().render_note(**arguments)


def test_files_that_are_no_soundfonts(tmp_path):
    with pytest.raises(FilterbankError, match=r"missing.*cannot be read"):
        sf.SoundFont(tmp_path / "missing.sf2")
    whole = write_soundfont(tmp_path / "whole.sf2", [{53: 0}]).read_bytes()
    # Nothing, another format, a file cut off in the samples, in the tables, in a chunk's header.
    broken = [b"", b"RIFF\4\0\0\0WAVE", whole[:500], whole[:-20], whole[:-46], whole[:14]]
    for number, data in enumerate(broken):
        path = tmp_path / f"{number}.sf2"
        path.write_bytes(data)
        with pytest.raises(FilterbankError, match="not a complete SoundFont 2 file"):
            sf.SoundFont(path)


def test_missing_soundfont_names_the_remedy(monkeypatch, tmp_path):
    assert sf.installed_soundfont_path().is_file()
    monkeypatch.setattr(Path, "is_file", lambda self: False)
    with pytest.raises(FilterbankError, match="pip install"):
        sf.installed_soundfont_path()
    monkeypatch.setattr(sf.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FilterbankError, match="pip install"):
        sf.installed_soundfont_path()
