"""The bridge to PyTorch: filterbanks as `Conv1d` layers, and penalties with autograd.

An optional room: it needs PyTorch (the extra ``torch``), which nothing else in `fbtools` does,
and ``import fbtools`` does not load it. Write ``from fbtools import pytorch``.

`Conv1d` correlates where `analyze` convolves: the weights of a layer are the filters reversed in
time. Energies at stride 1 and frame bounds on Z_N are the same for both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fbtools.extras import needs
from fbtools.filterbanks.convolution import MODES, Mode
from fbtools.validation import (
    FilterbankError,
    FloatArray,
    as_choice,
    as_count,
    as_filters,
    as_real,
    check_length,
    check_stride,
)

with needs("torch"):
    import torch
    from torch.nn import functional

__all__ = [
    "Analysis",
    "HybridAnalysis",
    "condition_penalty",
    "from_conv1d",
    "tightness_penalty",
    "to_conv1d",
]


def to_conv1d(w: ArrayLike, *, stride: int = 1) -> torch.nn.Conv1d:
    """Convolutional layer without bias and padding that applies the filters to one channel.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters.
    stride : int
        Stride d.

    Returns
    -------
    torch.nn.Conv1d
        Layer from 1 to J channels, in the default dtype of PyTorch. Its output is the part of
        the linear convolution in which filter and signal overlap fully: samples T - 1,
        T - 1 + d, ... `Analysis` pads as `analyze` does.

    Raises
    ------
    FilterbankError
        If `w` is not an array of real filters.

    Examples
    --------
    >>> layer = to_conv1d([[1.0, 2.0, 3.0]])
    >>> layer.weight.tolist()
    [[[3.0, 2.0, 1.0]]]
    """
    filters = as_filters(w)
    count, length = filters.shape
    layer = torch.nn.Conv1d(1, count, length, stride=as_count(stride, "stride"), bias=False)
    with torch.no_grad():
        layer.weight.copy_(_reversed(filters))
    return layer


def from_conv1d(layer: torch.nn.Conv1d | torch.Tensor) -> FloatArray:
    """Filters of a convolutional layer, as all of `fbtools` takes them.

    Parameters
    ----------
    layer : torch.nn.Conv1d or torch.Tensor of shape (J, 1, T)
        Layer with one input channel, or its weight.

    Returns
    -------
    ndarray of float64, shape (J, T)
        Filters: the weights reversed in time. A dilation puts zeros between the taps.

    Raises
    ------
    FilterbankError
        If the layer has more than one input channel, or the weight another shape.

    Examples
    --------
    >>> import fbtools as fb
    >>> w = fb.random_filterbank(8, 16, rng=0)
    >>> bool(np.allclose(from_conv1d(to_conv1d(w)), w, atol=1e-7))
    True
    """
    weight = layer if isinstance(layer, torch.Tensor) else layer.weight
    if weight.ndim != 3 or weight.shape[1] != 1:
        raise FilterbankError(
            f"layer has a weight of shape {tuple(weight.shape)}: its filters must act on one "
            "channel, shape (J, 1, T)."
        )
    taps = np.asarray(weight.detach().cpu().double().numpy())[:, 0, ::-1]
    gap = 1 if isinstance(layer, torch.Tensor) else int(layer.dilation[0])
    filters = np.zeros((taps.shape[0], (taps.shape[1] - 1) * gap + 1))
    filters[:, ::gap] = taps
    return as_filters(filters, "layer")


class Analysis(torch.nn.Module):
    """`analyze` as a trainable layer: the same padding, the same outputs.

    Parameters
    ----------
    w : array_like, shape (J, T) or (J, 1, T)
        Real filters to begin with.
    stride : int
        Stride d.
    mode : {"circular", "linear"}
        As in `analyze`.

    Attributes
    ----------
    conv : torch.nn.Conv1d
        The layer that holds the weights.

    Raises
    ------
    FilterbankError
        If `w` is not an array of real filters, or the mode is unknown.

    Examples
    --------
    >>> import fbtools as fb
    >>> w, x = fb.random_filterbank(8, 16, rng=0), fb.signals.chirp(64, 0.1, 0.4)
    >>> y = Analysis(w, stride=2)(torch.tensor(x, dtype=torch.float32))
    >>> y.shape, bool(np.allclose(y.detach().numpy(), fb.analyze(x, w, stride=2), atol=1e-6))
    (torch.Size([8, 32]), True)
    """

    def __init__(self, w: ArrayLike, *, stride: int = 1, mode: Mode = "circular") -> None:
        super().__init__()
        self.mode = as_choice(mode, "mode", MODES)
        self.conv = to_conv1d(w, stride=stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Responses to a signal of shape (N,), or to signals (batch, N) or (batch, 1, N)."""
        return _analyze(x, self.conv.weight, self.conv.stride[0], self.mode)


class HybridAnalysis(torch.nn.Module):
    """Fixed filters convolved with learned ones, of which only the learned are trained.

    Parameters
    ----------
    w_fixed : array_like, shape (J, T) or (J, 1, T)
        Fixed filters.
    w_learned : array_like, shape (G, K)
        Learned filters to begin with, one for each group.
    groups : array_like of int, shape (J,), or None
        Learned filter of each row, as given by `isac_channels`; None if G = J.
    stride : int
        Stride d.
    mode : {"circular", "linear"}
        As in `analyze`.

    Attributes
    ----------
    learned : torch.nn.Parameter, shape (G, K)
        The learned filters, not reversed.

    Raises
    ------
    FilterbankError
        If the numbers of filters do not fit.

    Examples
    --------
    >>> import fbtools as fb
    >>> g = fb.isac_filterbank(12, 32, sr=8000)
    >>> layer = HybridAnalysis(g, np.eye(12, 5), groups=fb.filterbanks.isac_channels(12))
    >>> layer(torch.zeros(2, 256)).shape, [tuple(p.shape) for p in layer.parameters()]
    (torch.Size([2, 22, 256]), [(12, 5)])
    """

    fixed: torch.Tensor
    groups: torch.Tensor

    def __init__(
        self,
        w_fixed: ArrayLike,
        w_learned: ArrayLike,
        groups: ArrayLike | None = None,
        *,
        stride: int = 1,
        mode: Mode = "circular",
    ) -> None:
        super().__init__()
        fixed, learned = as_filters(w_fixed, "w_fixed"), as_filters(w_learned, "w_learned")
        index = np.arange(learned.shape[0]) if groups is None else np.asarray(groups)
        if index.shape != fixed.shape[:1] or index.min() < 0 or index.max() >= learned.shape[0]:
            raise FilterbankError(
                f"groups is {index.tolist()}: pass one number from 0 to {learned.shape[0] - 1} "
                f"for each of the {fixed.shape[0]} rows of w_fixed."
            )
        self.mode, self.stride = as_choice(mode, "mode", MODES), as_count(stride, "stride")
        self.register_buffer("fixed", torch.tensor(fixed, dtype=torch.get_default_dtype()))
        self.register_buffer("groups", torch.tensor(index))
        self.learned = torch.nn.Parameter(torch.tensor(learned, dtype=self.fixed.dtype))

    def weight(self) -> torch.Tensor:
        """Return the hybrid filters as `Conv1d` weights, shape (J, 1, T + K - 1)."""
        taps = self.learned[self.groups].flip(-1).unsqueeze(1)
        padding = self.learned.shape[1] - 1
        filters = functional.conv1d(
            self.fixed.unsqueeze(0), taps, padding=padding, groups=self.fixed.shape[0]
        )
        return filters.transpose(0, 1).flip(-1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Responses to a signal of shape (N,), or to signals (batch, N) or (batch, 1, N)."""
        return _analyze(x, self.weight(), self.stride, self.mode)


def condition_penalty(
    weight: torch.Tensor, signal_length: int, *, stride: int = 1, sharpness: float | None = None
) -> torch.Tensor:
    """Condition number minus one on Z_N, as a term of a loss.

    Parameters
    ----------
    weight : torch.Tensor, shape (J, 1, T) or (J, T)
        Weight of a layer, or filters.
    signal_length : int
        N, a multiple of the stride, at least T.
    stride : int
        Stride d.
    sharpness : float or None
        As in `fbtools.learning.condition_penalty`: None for kappa itself, p > 0 for the smooth
        version.

    Returns
    -------
    torch.Tensor
        Scalar kappa - 1, with a gradient, in the precision of the weight.

    Raises
    ------
    FilterbankError
        If the filters are not a frame up to that precision, T > N, or d does not divide N.

    Examples
    --------
    >>> weight = torch.tensor([[1.0, 0.5]], requires_grad=True)
    >>> loss = condition_penalty(weight, signal_length=8)
    >>> loss.backward()
    >>> loss.item(), weight.grad.tolist()
    (8.0, [[-24.0, 48.0]])
    """
    eigenvalues, counts = _eigenvalues(weight, signal_length, stride)
    lower, upper = eigenvalues.min(), eigenvalues.max()
    if not lower.item() > torch.finfo(lower.dtype).eps * upper.item():
        raise FilterbankError(
            f"weight is not a frame: its frame bounds are {lower.item():.3g} and "
            f"{upper.item():.3g}, and kappa is infinite; use a smaller stride, more filters, or "
            "tightness_penalty."
        )
    if sharpness is None:
        return upper / lower - 1
    power = as_real(sharpness, "sharpness", 0.0)
    shares = counts / (counts.sum() * eigenvalues.shape[1])
    top = (shares * (eigenvalues / upper) ** power).sum() ** (1 / power) * upper
    bottom = (shares * (eigenvalues / lower) ** -power).sum() ** (-1 / power) * lower
    return top / bottom - 1


def tightness_penalty(weight: torch.Tensor, signal_length: int, *, stride: int = 1) -> torch.Tensor:
    """Squared distance of the frame operator on Z_N from the identity, as a term of a loss.

    Parameters
    ----------
    weight, signal_length, stride
        As in `condition_penalty`.

    Returns
    -------
    torch.Tensor
        Scalar sum of (lambda - 1)^2 over the N eigenvalues, with a gradient.

    Raises
    ------
    FilterbankError
        If T > N, or d does not divide N.

    Examples
    --------
    >>> tightness_penalty(torch.tensor([[2.0]]), signal_length=3).item()
    27.0
    """
    eigenvalues, counts = _eigenvalues(weight, signal_length, stride)
    return (counts * (eigenvalues - 1) ** 2).sum()


def _analyze(x: torch.Tensor, weight: torch.Tensor, stride: int, mode: Mode) -> torch.Tensor:
    n, length = x.shape[-1], weight.shape[-1]
    if x.ndim > 3 or (x.ndim == 3 and x.shape[1] != 1):
        raise FilterbankError(
            f"x has shape {tuple(x.shape)}: pass signals of shape (N,), (batch, N) or "
            "(batch, 1, N)."
        )
    signals = x.reshape(-1, 1, n)
    if mode == "circular":
        check_length(length, n)
        padded = torch.cat([signals[..., n - length + 1 :], signals], dim=-1)
    else:
        padded = functional.pad(signals, (length - 1, length - 1))
    y = functional.conv1d(padded, weight, stride=stride)
    return y[0] if x.ndim == 1 else y


def _eigenvalues(
    weight: torch.Tensor, signal_length: int, stride: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Eigenvalues of the frame operator at the non-negative fibres, and their multiplicities."""
    if weight.ndim == 3 and weight.shape[1] == 1:
        weight = weight[:, 0, :]
    if weight.ndim != 2 or not weight.is_floating_point() or not bool(weight.isfinite().all()):
        raise FilterbankError(
            f"weight has shape {tuple(weight.shape)}, dtype {weight.dtype}: pass finite real "
            "filters of shape (J, 1, T) or (J, T)."
        )
    n, step = as_count(signal_length, "signal_length"), as_count(stride, "stride")
    check_length(weight.shape[1], n)
    check_stride(step, n)
    padded = functional.pad(weight, (0, n - weight.shape[1]))
    fibres = torch.fft.rfft(padded.reshape(weight.shape[0], n // step, step), dim=1)
    counts = torch.full((fibres.shape[1], 1), 2.0, dtype=weight.dtype, device=weight.device)
    counts[0] = 1.0
    if n // step % 2 == 0:
        counts[-1] = 1.0
    if step == 1:
        return fibres.abs().square().sum(dim=0), counts
    matrices = fibres.transpose(0, 1)
    return torch.linalg.eigvalsh(matrices.mH @ matrices), counts


def _reversed(filters: FloatArray) -> torch.Tensor:
    return torch.tensor(filters[:, None, ::-1].copy())
