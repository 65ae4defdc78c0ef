"""First layers of published networks that read raw audio: how many filters, how long, what stride.

Only layers whose sizes were read in the authors' released code, or in a table of the paper, are
listed. Sizes are those of the first convolution, before any pooling.
"""

from __future__ import annotations

from dataclasses import dataclass

from fbtools.validation import FilterbankError, as_count

__all__ = ["FrontEnd", "front_ends"]


@dataclass(frozen=True)
class FrontEnd:
    """First convolutional layer of a published network.

    Parameters
    ----------
    name : str
        Name by which the network is known.
    year : int
        Year of publication.
    n_filters : int
        Number of real filters J per input channel. A complex filter counts as two.
    filter_length : int
        Length T, in samples.
    stride : int
        Stride d, in samples.
    sr : int
        Sampling rate at which the layer reads the signal, in Hz.
    citation : str
        Key of the publication in the bibliography.
    remark : str
        What the sizes do not say, for instance a parametrisation. May be empty.

    Raises
    ------
    FilterbankError
        If a number is not an integer of at least 1, or if `name` or `citation` is not a
        non-empty string, or `remark` not a string.

    Examples
    --------
    >>> layer = FrontEnd("mine", 2026, 64, 400, 160, 16000, "me2026mine")
    >>> layer.duration
    0.025
    >>> layer.filters_per_stride
    0.4
    """

    name: str
    year: int
    n_filters: int
    filter_length: int
    stride: int
    sr: int
    citation: str
    remark: str = ""

    def __post_init__(self) -> None:
        """Refuse sizes that are not counts, and texts that are missing."""
        for field in ("year", "n_filters", "filter_length", "stride", "sr"):
            as_count(getattr(self, field), field)
        for field in ("name", "citation"):
            text = getattr(self, field)
            if not isinstance(text, str) or not text.strip():
                raise FilterbankError(f"{field} is {text!r}: pass a non-empty string.")
        if not isinstance(self.remark, str):
            raise FilterbankError(f"remark is {self.remark!r}: pass a string, possibly empty.")

    @property
    def filters_per_stride(self) -> float:
        """J/d, the number of real coefficients per sample.

        Below 1 the layer maps to a smaller space: it loses information whatever its weights.

        Examples
        --------
        >>> FrontEnd("shrinking", 2026, 40, 400, 160, 16000, "me2026mine").filters_per_stride
        0.25
        """
        return self.n_filters / self.stride

    @property
    def duration(self) -> float:
        """T/sr, the duration of a filter in seconds.

        Examples
        --------
        >>> FrontEnd("one millisecond", 2026, 64, 16, 8, 16000, "me2026mine").duration
        0.001
        """
        return self.filter_length / self.sr


def front_ends() -> tuple[FrontEnd, ...]:
    """First layers of published networks for raw audio, from the oldest to the newest.

    Where a publication has several variants, the one whose sizes are listed is named in the
    remark.

    Returns
    -------
    tuple of FrontEnd
        Sorted by year, then by name.

    Examples
    --------
    >>> layers = front_ends()
    >>> layers[0].name, layers[0].n_filters, layers[0].filter_length, layers[0].stride
    ('SoundNet', 16, 64, 2)
    >>> [layer.name for layer in layers if layer.filter_length / layer.stride < 2]
    ['SampleCNN']
    """
    return tuple(sorted(_FRONT_ENDS, key=lambda layer: (layer.year, layer.name.lower())))


# name, year, J, T, d, sr, citation, remark
_FRONT_ENDS = (
    FrontEnd("SoundNet", 2016, 16, 64, 2, 22050, "aytar2016soundnet", "eight-layer network"),
    FrontEnd("EnvNet", 2017, 40, 8, 1, 16000, "tokozume2017learning"),
    FrontEnd("M5", 2017, 128, 80, 4, 8000, "dai2017very", "five-layer network"),
    FrontEnd("M11", 2017, 64, 80, 4, 8000, "dai2017very", "eleven-layer network"),
    FrontEnd("SampleCNN", 2017, 128, 3, 3, 22050, "lee2017sample", "kernels do not overlap"),
    FrontEnd("SEGAN", 2017, 16, 31, 2, 16000, "pascual2017segan", "encoder of the generator"),
    FrontEnd("CPC", 2018, 512, 10, 5, 16000, "oord2018representation"),
    FrontEnd("CREPE", 2018, 1024, 512, 4, 16000, "kim2018crepe", "full-capacity network"),
    FrontEnd("EnvNet-v2", 2018, 32, 64, 2, 44100, "tokozume2018learning"),
    FrontEnd(
        "SincNet",
        2018,
        80,
        251,
        1,
        16000,
        "ravanelli2018speaker",
        "differences of two cardinal sines; only the two cut-off frequencies are learned",
    ),
    FrontEnd(
        "TD-filterbanks",
        2018,
        80,
        401,
        1,
        16000,
        "zeghidour2018learning",
        "40 complex filters, initialised as Gabor wavelets",
    ),
    FrontEnd(
        "Wave-U-Net",
        2018,
        24,
        15,
        1,
        22050,
        "stoller2018waveunet",
        "every second output sample is kept for the next layer",
    ),
    FrontEnd("Conv-TasNet", 2019, 512, 16, 8, 8000, "luo2019convtasnet"),
    FrontEnd("Demucs", 2019, 64, 8, 4, 44100, "defossez2019music", "two input channels"),
    FrontEnd(
        "PASE",
        2019,
        64,
        251,
        1,
        16000,
        "pascual2019learning",
        "differences of two cardinal sines, as in SincNet",
    ),
    FrontEnd("wav2vec", 2019, 512, 10, 5, 16000, "schneider2019wav2vec"),
    FrontEnd(
        "Demucs denoiser",
        2020,
        48,
        8,
        4,
        64000,
        "defossez2020real",
        "reads speech at 16 kHz, upsampled by 4 before the layer",
    ),
    FrontEnd(
        "RawNet2",
        2020,
        128,
        251,
        1,
        16000,
        "jung2020improved",
        "differences of two cardinal sines, as in SincNet",
    ),
    FrontEnd("wav2vec 2.0", 2020, 512, 10, 5, 16000, "baevski2020wav2vec"),
    FrontEnd(
        "Wavegram-CNN", 2020, 64, 11, 5, 32000, "kong2020panns", "waveform branch of the network"
    ),
    FrontEnd("HuBERT", 2021, 512, 10, 5, 16000, "hsu2021hubert"),
    FrontEnd(
        "LEAF",
        2021,
        80,
        401,
        1,
        16000,
        "zeghidour2021leaf",
        "40 complex Gabor filters; only their frequencies and bandwidths are learned",
    ),
    FrontEnd("SepFormer", 2021, 256, 16, 8, 8000, "subakan2021attention"),
    FrontEnd("EnCodec", 2022, 32, 7, 1, 24000, "defossez2022high", "network at 24 kHz"),
)
