"""The players: the MP3 in the markup is the signal, at the level that was promised."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile

from fbtools.display import sound
from fbtools.validation import FilterbankError

SR = 22050


def tone(frequency=440.0, seconds=1.0, amplitude=1.0, sr=SR):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * sr)) / sr)


def decoded(player):
    """Decode what the markup holds, not what the object remembers."""
    data = re.search(r'src="data:audio/mpeg;base64,([^"]+)"', player._repr_html_())
    return soundfile.read(io.BytesIO(base64.b64decode(data.group(1))))


def relative_error(y, x):
    return np.linalg.norm(y - x) / np.linalg.norm(x)


class Outline(HTMLParser):
    """Checks nesting, and keeps tags, attributes and text."""

    VOID = ("img", "input")

    def __init__(self, page):
        super().__init__()
        self.stack, self.tags, self.text = [], [], ""
        self.feed(page)
        self.close()
        assert not self.stack

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("sr", sound.MP3_RATES)
def test_mp3_decodes_to_the_same_samples_at_every_rate(sr):
    x = tone(sr=sr)
    y, rate = decoded(sound.listen(x, sr, gain=0.5, fade=0))
    assert rate == sr
    assert y.shape == x.shape
    # MP3 of a tone at this quality has an error of 1 to 2 %; its start and end ring more.
    inner = slice(sr // 10, -sr // 10)
    assert relative_error(y[inner], 0.5 * x[inner]) < 0.03


@pytest.mark.parametrize(
    ("sr", "mp3_sr"), [(4000, 8000), (10000, 11025), (17000, 22050), (44000, 44100), (96000, 48000)]
)
def test_other_rates_keep_pitch_and_duration(sr, mp3_sr):
    player = sound.listen(tone(sr=sr), sr, gain=0.5)
    y, rate = decoded(player)
    assert rate == player.sr == mp3_sr
    assert player.seconds == pytest.approx(1.0, abs=2 / mp3_sr)
    assert y.size / rate == player.seconds
    inner = slice(rate // 10, -rate // 10)
    # Linear-phase polyphase resampling leaves a 440 Hz tone in place: MP3 error only.
    assert relative_error(y[inner], tone(amplitude=0.5, sr=rate)[: y.size][inner]) < 0.03


def test_same_bits_twice():
    x = np.random.default_rng(0).normal(size=SR)
    assert sound.listen(x, SR)._repr_html_() == sound.listen(x, SR)._repr_html_()


@pytest.mark.parametrize("amplitude", [1e-6, 0.3, 1e5])
def test_default_level_is_the_target_whatever_the_input(amplitude):
    y, rate = decoded(sound.listen(tone(amplitude=amplitude), SR))
    assert sound.loudness(y, rate) == pytest.approx(0.1, rel=0.02)


def test_pauses_do_not_change_the_level():
    burst = tone(seconds=0.5)
    paused = np.concatenate([np.zeros(3 * SR), burst, np.zeros(3 * SR)])
    one, other = sound.listen(burst, SR, fade=0), sound.listen(paused, SR, fade=0)
    assert one.gain == pytest.approx(other.gain, rel=1e-9)


def test_loudness_is_the_largest_window():
    x = np.random.default_rng(0).normal(size=1000) * np.linspace(0, 1, 1000)
    slow = max(np.sqrt(np.mean(x[k : k + 400] ** 2)) for k in range(601))
    assert sound.loudness(x, 1000) == pytest.approx(slow, rel=1e-12)
    assert sound.loudness(x[:100], 1000) == pytest.approx(np.sqrt(np.mean(x[:100] ** 2)))


def test_peaks_stay_below_full_scale():
    click = np.zeros(SR)
    click[SR // 2] = -3.0
    player = sound.listen(click, SR)
    assert player.gain == pytest.approx(sound.PEAK / 3)
    assert np.abs(decoded(player)[0]).max() < 1


def test_gain_is_left_alone():
    x = tone()
    loud, _ = decoded(sound.listen(x, SR, gain=0.8))
    soft, _ = decoded(sound.listen(x, SR, gain=0.08))
    assert np.linalg.norm(loud) / np.linalg.norm(soft) == pytest.approx(10, rel=0.02)
    assert np.linalg.norm(loud) == pytest.approx(0.8 * np.linalg.norm(x), rel=0.02)


def test_clipping_gain_is_refused_and_the_largest_named():
    x = tone(amplitude=0.37)
    with pytest.raises(FilterbankError, match="the largest gain for this sound is") as caught:
        sound.listen(x, SR, gain=9.0)
    largest = float(str(caught.value).rstrip(".").split()[-1])
    assert largest == pytest.approx(sound.PEAK / 0.37, rel=0.01)
    assert sound.listen(x, SR, gain=largest).gain == largest


def test_fades_are_silent_at_the_ends_only():
    x = np.ones(SR)
    faded, rate = sound._prepare(x, SR, 0.01, "x")
    n = round(0.01 * SR)
    assert rate == SR
    assert faded[0] < 1e-4
    assert faded[n // 2] == pytest.approx(0.5, abs=0.01)
    assert (faded[n:-n] == 1).all()
    np.testing.assert_allclose(faded, faded[::-1])
    assert (np.diff(faded[:n]) > 0).all()


@pytest.mark.parametrize("n", [1, 2, 3, 50])
def test_very_short_sounds(n):
    player = sound.listen(np.ones(n), SR)
    assert decoded(player)[0].size == n


def test_compare_at_own_levels_keeps_ratios():
    row = sound.compare({"a": tone(), "b": tone() / 10}, SR, level_matched=False)
    assert row.sounds[0].gain == row.sounds[1].gain
    a, b = (decoded(player)[0] for player in row.sounds)
    assert np.linalg.norm(a) / np.linalg.norm(b) == pytest.approx(10, rel=0.02)
    assert "at their own levels" in row._repr_html_()


def test_compare_level_matched_is_matched_even_with_a_spiky_sound():
    spiky = 0.05 * tone()
    spiky[SR // 2] = 1.0
    row = sound.compare({"tone": tone(), "spiky": spiky}, SR)
    a, b = (sound.loudness(decoded(player)[0], SR) for player in row.sounds)
    # MP3 changes the level of a lone spike by a per cent or so.
    assert a == pytest.approx(b, rel=0.05)
    assert a < 0.1
    assert max(p.gain * peak for p, peak in zip(row.sounds, (1, 1), strict=True)) <= 0.8901
    assert "all at the same loudness" in row._repr_html_()


def test_compare_level_matched_reaches_the_target():
    row = sound.compare({"loud": tone(), "soft": tone(880) / 100}, SR)
    for player in row.sounds:
        assert sound.loudness(decoded(player)[0], SR) == pytest.approx(0.1, rel=0.02)


def test_markup_is_well_formed_and_escaped():
    title, credit = 'A "b" <c> & d', "<script>alert(1)</script>"
    outline = Outline(sound.listen(tone(), SR, title, credit)._repr_html_())
    assert outline.text == f"{title} — {credit}"
    (audio,) = [attributes for tag, attributes in outline.tags if tag == "audio"]
    assert audio["aria-label"] == title
    assert "controls" in audio
    assert audio["src"].startswith("data:audio/mpeg;base64,")
    assert [tag for tag, _ in outline.tags] == ["figure", "audio", "figcaption"]
    assert outline.tags[0][1]["class"] == "fb-sound"


def test_comparison_markup():
    outline = Outline(sound.compare({"<a>": tone(), "b": tone()}, SR, credit="<me>")._repr_html_())
    assert [tag for tag, _ in outline.tags].count("audio") == 2
    assert outline.text == "<a>b<me> — all at the same loudness"
    assert outline.tags[0][1]["class"] == "fb-sounds"


def test_no_caption_without_words_and_a_short_repr():
    player = sound.listen(tone(), SR)
    assert "figcaption" not in player._repr_html_()
    assert 'aria-label="sound"' in player._repr_html_()
    assert len(repr(player)) < 200


BAD = [
    (lambda: sound.listen(np.zeros(9), SR), "x is zero everywhere"),
    (lambda: sound.listen(np.ones((2, 9)), SR), "x has shape (2, 9)"),
    (lambda: sound.listen([np.nan], SR), "x[0] is nan"),
    (lambda: sound.listen(np.ones(16 * 8000), 8000), "x lasts 16.0 s: pass at most 15 s"),
    (lambda: sound.listen([1.0], 0), "sr is 0"),
    (lambda: sound.listen([1.0], 8000.5), "sr is 8000.5"),
    (lambda: sound.listen([1.0], "8000"), "sr is '8000'"),
    (lambda: sound.listen([1.0], SR, gain=0), "gain is 0"),
    (lambda: sound.listen([1.0], SR, gain=np.inf), "gain is inf"),
    (lambda: sound.listen([1.0], SR, fade=-1), "fade is -1"),
    (lambda: sound.compare({}, SR), "signals is empty"),
    (lambda: sound.compare([[1.0]], SR), "signals is a list"),
    (lambda: sound.compare({"a": np.zeros(3)}, SR), "signals['a'] is zero"),
    (lambda: sound.compare({"a": np.ones(3)}, -1), "sr is -1"),
]


@pytest.mark.parametrize(("call", "words"), BAD)
def test_bad_input_is_named(call, words):
    with pytest.raises(FilterbankError) as caught:
        call()
    assert words in str(caught.value)
