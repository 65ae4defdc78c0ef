"""First layers of published networks: against other notations of the same layers."""

from __future__ import annotations

import dataclasses
import re

import pytest
from checkout import ROOT

from fbtools.filterbanks.published import FrontEnd, front_ends
from fbtools.validation import FilterbankError

COUNTS = ("year", "n_filters", "filter_length", "stride", "sr")
VALID = {
    "name": "mine",
    "year": 2026,
    "n_filters": 64,
    "filter_length": 400,
    "stride": 160,
    "sr": 16000,
    "citation": "me2026mine",
}


def by_name() -> dict[str, FrontEnd]:
    return {layer.name: layer for layer in front_ends()}


def test_names_are_unique_and_sizes_are_varied():
    layers = front_ends()
    assert len(by_name()) == len(layers)
    sizes = {(f.n_filters, f.filter_length, f.stride, f.sr) for f in layers}
    assert len(sizes) >= 12


def test_layers_are_sorted_by_year_then_name():
    keys = [(layer.year, layer.name.lower()) for layer in front_ends()]
    assert keys == sorted(keys)


@pytest.mark.parametrize("field", COUNTS)
def test_sizes_are_plain_positive_integers(field):
    for layer in front_ends():
        value = getattr(layer, field)
        assert type(value) is int
        assert value >= 1


def test_every_publication_is_in_the_bibliography_with_its_year():
    text = (ROOT / "references.bib").read_text(encoding="utf-8")
    entries = dict(re.findall(r"@\w+\{([^,\s]+),(.*?)\n\}", text, flags=re.DOTALL))
    for layer in front_ends():
        assert layer.citation in entries
        year = re.search(r"\byear\s*=\s*\{(\d{4})\}", entries[layer.citation])
        assert year is not None
        assert int(year[1]) == layer.year, layer.name


# First convolutions in the released code, one per line: filters, length, stride, rate.
RELEASED = """
SoundNet         16  64  2  22.05 kHz
EnvNet           40   8  1     16 kHz
EnvNet-v2        32  64  2   44.1 kHz
M5              128  80  4      8 kHz
M11              64  80  4      8 kHz
SampleCNN       128   3  3  22.05 kHz
SEGAN            16  31  2     16 kHz
CREPE          1024 512  4     16 kHz
CPC             512  10  5     16 kHz
SincNet          80 251  1     16 kHz
Wave-U-Net       24  15  1  22.05 kHz
Conv-TasNet     512  16  8      8 kHz
Demucs           64   8  4   44.1 kHz
PASE             64 251  1     16 kHz
wav2vec         512  10  5     16 kHz
wav2vec 2.0     512  10  5     16 kHz
RawNet2         128 251  1     16 kHz
Wavegram-CNN     64  11  5     32 kHz
Demucs denoiser  48   8  4     64 kHz
HuBERT          512  10  5     16 kHz
SepFormer       256  16  8      8 kHz
EnCodec          32   7  1     24 kHz
"""
ROW = re.compile(r"^(\S.*?) +(\d+) +(\d+) +(\d+) +([\d.]+) kHz$", flags=re.MULTILINE)


def test_sizes_agree_with_the_released_layers():
    """All but the two banks of complex filters, which have a test of their own."""
    rows = {name: tuple(map(float, numbers)) for name, *numbers in ROW.findall(RELEASED)}
    assert set(by_name()) - set(rows) == {"TD-filterbanks", "LEAF"}
    for name, (n_filters, length, stride, khz) in rows.items():
        layer = by_name()[name]
        assert layer.filters_per_stride * stride == n_filters, name
        assert layer.filter_length == length, name
        assert layer.stride == stride, name
        assert layer.sr == pytest.approx(1000 * khz), name


# Windows as their authors' papers and configurations state them, in milliseconds.
@pytest.mark.parametrize(
    ("name", "milliseconds"),
    [
        ("Conv-TasNet", 2.0),
        ("SepFormer", 2.0),
        ("M5", 10.0),
        ("M11", 10.0),
        ("CREPE", 32.0),
        ("EnvNet", 0.5),
    ],
)
def test_durations_agree_with_the_published_windows(name, milliseconds):
    assert by_name()[name].duration == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize("name", ["TD-filterbanks", "LEAF"])
def test_time_domain_mel_layers_are_forty_complex_filters_of_25_ms(name):
    """Both state 40 complex filters of 25 ms at 16 kHz, made odd: a filter has a centre."""
    layer = by_name()[name]
    assert layer.n_filters == 2 * 40
    assert layer.filter_length == 16000 * 25 // 1000 + 1
    assert layer.stride == 1


@pytest.mark.parametrize("name", ["CPC", "wav2vec", "wav2vec 2.0", "HuBERT"])
def test_speech_encoders_give_one_vector_every_10_or_20_ms(name):
    """The encoders below multiply strides: CPC and wav2vec to 10 ms, the others to 20 ms."""
    below = {"CPC": (4, 2, 2, 2), "wav2vec": (4, 2, 2, 2)}.get(name, (2, 2, 2, 2, 2, 2))
    hop = by_name()[name].stride
    for stride in below:
        hop *= stride
    assert hop / 16000 == (0.01 if name in ("CPC", "wav2vec") else 0.02)


@pytest.mark.parametrize("name", ["Conv-TasNet", "SepFormer", "Demucs", "HuBERT", "CPC"])
def test_windows_that_overlap_by_half(name):
    layer = by_name()[name]
    assert layer.filter_length == 2 * layer.stride


def test_sample_level_kernels_do_not_overlap_and_powers_of_three_fill_the_input():
    """The 3**9 network reads 59049 samples: one kernel of 3 every 3, then nine poolings by 3."""
    layer = by_name()["SampleCNN"]
    assert layer.filter_length == layer.stride
    assert 59049 // layer.stride == layer.filter_length**9


def test_no_listed_layer_has_fewer_filters_than_its_stride():
    assert min(layer.filters_per_stride for layer in front_ends()) > 1


def test_the_properties_are_ratios_of_the_sizes():
    layer = FrontEnd(**VALID)
    assert layer.filters_per_stride == 64 / 160
    assert layer.duration == 400 / 16000
    assert layer.remark == ""


def test_a_front_end_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        front_ends()[0].stride = 1


@pytest.mark.parametrize("field", COUNTS)
@pytest.mark.parametrize("value", [0, -1, 2.0, True, "16", None])
def test_sizes_that_are_not_counts_are_refused(field, value):
    message = rf"^{field} is {re.escape(repr(value))}: .*at least 1"
    with pytest.raises(FilterbankError, match=message):
        FrontEnd(**{**VALID, field: value})


@pytest.mark.parametrize("field", ["name", "citation"])
@pytest.mark.parametrize("value", ["", "  ", None, 3])
def test_missing_texts_are_refused(field, value):
    with pytest.raises(FilterbankError, match=rf"^{field} is .*non-empty string"):
        FrontEnd(**{**VALID, field: value})


def test_a_remark_that_is_no_text_is_refused():
    with pytest.raises(FilterbankError, match=r"^remark is 3: "):
        FrontEnd(**VALID, remark=3)
