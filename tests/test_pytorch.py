"""The bridge to PyTorch gives the numbers of the NumPy rooms, and gradients that are right."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fbtools as fb
from fbtools import pytorch

RNG = np.random.default_rng(9)
W = fb.random_filterbank(6, 8, rng=1, stride=2)


@pytest.fixture(autouse=True)
def _double_precision():
    """Layers are made in the default dtype: with doubles the tolerances are those of rounding."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("stride", [1, 3])
def test_conv1d_is_the_valid_part_of_the_linear_convolution(stride):
    x = RNG.standard_normal(40)
    layer = pytorch.to_conv1d(W, stride=stride)
    assert layer.weight.shape == (6, 1, 8)
    assert layer.bias is None
    y = layer(torch.tensor(x)[None, None])[0].detach().numpy()
    expected = fb.analyze(x, W, mode="linear")[:, 7:40:stride]
    np.testing.assert_allclose(y, expected, atol=1e-13)


def test_there_and_back():
    np.testing.assert_array_equal(pytorch.from_conv1d(pytorch.to_conv1d(W)), W)
    np.testing.assert_array_equal(pytorch.from_conv1d(pytorch.to_conv1d(W).weight), W)


def test_a_dilated_layer_is_a_filterbank_with_gaps():
    layer = torch.nn.Conv1d(1, 3, 4, dilation=3, bias=False)
    w, x = pytorch.from_conv1d(layer), RNG.standard_normal(30)
    assert w.shape == (3, 10)
    y = layer(torch.tensor(x)[None, None])[0].detach().numpy()
    np.testing.assert_allclose(y, fb.analyze(x, w, mode="linear")[:, 9:30], atol=1e-13)


@pytest.mark.parametrize("mode", ["circular", "linear"])
@pytest.mark.parametrize("stride", [1, 2, 5])
@pytest.mark.parametrize("length", [1, 8])
def test_analysis_agrees_with_numpy(mode, stride, length):
    x = RNG.standard_normal((4, 23))
    layer = pytorch.Analysis(W[:, :length], stride=stride, mode=mode)
    expected = np.array([fb.analyze(row, W[:, :length], stride=stride, mode=mode) for row in x])
    np.testing.assert_allclose(layer(torch.tensor(x)).detach(), expected, atol=1e-13)
    np.testing.assert_allclose(layer(torch.tensor(x[:, None])).detach(), expected, atol=1e-13)
    np.testing.assert_allclose(layer(torch.tensor(x[0])).detach(), expected[0], atol=1e-13)


@pytest.mark.parametrize("mode", ["circular", "linear"])
def test_hybrid_analysis_agrees_with_numpy(mode):
    g, channels = fb.isac_filterbank(12, 40, 8000), fb.filterbanks.isac_channels(12)
    learned, x = RNG.standard_normal((12, 5)), RNG.standard_normal((3, 96))
    layer = pytorch.HybridAnalysis(g, learned, channels, stride=4, mode=mode)
    h = fb.hybrid_filterbank(g, learned[channels])
    np.testing.assert_allclose(pytorch.from_conv1d(layer.weight()), h, atol=1e-14)
    expected = np.array([fb.analyze(row, h, stride=4, mode=mode) for row in x])
    np.testing.assert_allclose(layer(torch.tensor(x)).detach(), expected, atol=1e-13)
    assert [name for name, _ in layer.named_parameters()] == ["learned"]
    layer(torch.tensor(x)).square().sum().backward()
    assert float(layer.learned.grad.abs().min()) > 0


def test_hybrid_analysis_without_groups():
    layer = pytorch.HybridAnalysis(W, np.ones((6, 3)))
    np.testing.assert_allclose(
        pytorch.from_conv1d(layer.weight()), fb.hybrid_filterbank(W, np.ones((6, 3))), atol=1e-14
    )


@pytest.mark.parametrize("sharpness", [None, 4.0])
@pytest.mark.parametrize(("n", "stride"), [(16, 1), (17, 1), (16, 2), (15, 3), (30, 5)])
def test_condition_penalty_agrees_with_numpy(n, stride, sharpness):
    expected, gradient = fb.learning.condition_penalty(W, n, stride=stride, sharpness=sharpness)
    weight = torch.tensor(W, requires_grad=True)
    value = pytorch.condition_penalty(weight, n, stride=stride, sharpness=sharpness)
    value.backward()
    assert value.item() == pytest.approx(expected, rel=1e-10)
    np.testing.assert_allclose(weight.grad, gradient, rtol=1e-7, atol=1e-9 * np.abs(gradient).max())
    if sharpness is None:
        assert value.item() + 1 == pytest.approx(
            fb.condition_number(W, n, stride=stride), rel=1e-10
        )


@pytest.mark.parametrize(("n", "stride"), [(16, 1), (17, 1), (16, 2), (15, 3)])
def test_tightness_penalty_agrees_with_numpy(n, stride):
    expected, gradient = fb.learning.tightness_penalty(W, n, stride=stride)
    phi = fb.analysis_matrix(W, n, stride=stride)
    assert expected == pytest.approx(np.sum((phi.T @ phi - np.eye(n)) ** 2), rel=1e-10)
    weight = torch.tensor(W, requires_grad=True)
    value = pytorch.tightness_penalty(weight, n, stride=stride)
    value.backward()
    assert value.item() == pytest.approx(expected, rel=1e-10)
    np.testing.assert_allclose(weight.grad, gradient, rtol=1e-7, atol=1e-9 * np.abs(gradient).max())


@pytest.mark.parametrize("stride", [1, 2])
def test_penalties_of_a_layer_are_those_of_its_filters(stride):
    """Reversal in time changes no frame bound, so the weight may go in as it is."""
    layer = pytorch.to_conv1d(W, stride=stride)
    value = pytorch.condition_penalty(layer.weight, 32, stride=stride).item()
    assert value + 1 == pytest.approx(fb.condition_number(W, 32, stride=stride), rel=1e-10)
    value = pytorch.tightness_penalty(layer.weight, 32, stride=stride).item()
    assert value == pytest.approx(fb.learning.tightness_penalty(W, 32, stride=stride)[0], rel=1e-10)


@pytest.mark.parametrize("sharpness", [None, 3.0])
@pytest.mark.parametrize("stride", [1, 2])
def test_gradients_against_finite_differences(stride, sharpness):
    weight = torch.tensor(W[:4, :6], requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda w: pytorch.condition_penalty(w, 12, stride=stride, sharpness=sharpness), weight
    )
    assert torch.autograd.gradcheck(
        lambda w: pytorch.tightness_penalty(w, 12, stride=stride), weight
    )


def test_the_penalty_pulls_a_hybrid_tight():
    """20 Adam steps on kappa alone: what the loss term is for."""
    g, channels = fb.isac_filterbank(20, 64, 8000, stride=16), fb.filterbanks.isac_channels(20)
    layer = pytorch.HybridAnalysis(g, np.eye(1, 9).repeat(20, axis=0), channels, stride=16)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.01)
    before = pytorch.condition_penalty(layer.weight(), 96, stride=16).item()
    for _ in range(20):
        optimizer.zero_grad()
        pytorch.condition_penalty(layer.weight(), 96, stride=16, sharpness=8.0).backward()
        optimizer.step()
    assert pytorch.condition_penalty(layer.weight(), 96, stride=16).item() < 0.9 * before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pytorch.to_conv1d([1.0]), "w has shape"),
        (lambda: pytorch.to_conv1d(W, stride=0), "stride is 0"),
        (lambda: pytorch.from_conv1d(torch.nn.Conv1d(2, 4, 3)), "must act on one channel"),
        (lambda: pytorch.from_conv1d(torch.zeros(2, 3)), r"shape \(J, 1, T\)"),
        (lambda: pytorch.from_conv1d(torch.full((1, 1, 1), torch.nan)), r"layer\[0, 0\] is nan"),
        (lambda: pytorch.Analysis(W, mode="same"), "mode is 'same'"),
        (lambda: pytorch.Analysis(W)(torch.zeros(5)), "filter_length is 8"),
        (lambda: pytorch.Analysis(W)(torch.zeros(1, 2, 9)), "x has shape"),
        (lambda: pytorch.HybridAnalysis(W, np.ones((3, 2))), r"groups is \[0, 1, 2\]"),
        (lambda: pytorch.HybridAnalysis(W, W, groups=[0, 1, 2, 3, 4, 6]), "from 0 to 5"),
        (lambda: pytorch.condition_penalty(torch.zeros(2, 2, 3), 8), "weight has shape"),
        (lambda: pytorch.condition_penalty(torch.full((1, 2), torch.inf), 8), "pass finite real"),
        (lambda: pytorch.condition_penalty(torch.ones(1, 2), 1), "filter_length is 2"),
        (lambda: pytorch.condition_penalty(torch.ones(3, 2), 9, stride=2), "does not divide"),
        (lambda: pytorch.condition_penalty(torch.tensor([[1.0, -1.0]]), 8), "not a frame"),
        (
            lambda: pytorch.condition_penalty(torch.tensor(W), 8, stride=1, sharpness=-1.0),
            "sharpness is -1",
        ),
        (lambda: pytorch.tightness_penalty(torch.ones(3, 2), 8, stride=0), "stride is 0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
