"""Losses, penalties and steps against PyTorch's automatic differentiation and optimisers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import fbtools as fb
from fbtools.learning.losses import CRITERIA, Regression, regression_loss
from fbtools.learning.optimisers import Adam, GradientDescent, Momentum
from fbtools.learning.penalties import condition_penalty, tightness_penalty


def torch_responses(x, w, stride):
    """Circular convolution by Conv1d: pad on the left, and reverse the filters."""
    padded = torch.nn.functional.pad(x[:, None], (w.shape[1] - 1, 0), mode="circular")
    return torch.nn.functional.conv1d(padded, w.flip(1)[:, None], stride=stride)


def torch_features(x, w, loss):
    y = torch_responses(x, w, loss.stride)
    y = y.abs() if loss.output == "magnitude" else y
    return torch.nn.functional.avg_pool1d(y, loss.pooling or y.shape[2])


def torch_loss(x, w, target, loss):
    a, b = torch_features(x, w, loss), torch_features(x, target, loss)
    if loss.criterion == "squared":
        return 0.5 * ((a - b) ** 2).sum(dim=(1, 2)).mean()
    if loss.criterion == "mean_squared":
        return torch.nn.functional.mse_loss(a, b)
    return 0.5 * torch.mean(1 - torch.nn.functional.cosine_similarity(a, b, dim=0))


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("output", ["linear", "magnitude"])
@pytest.mark.parametrize(("stride", "pooling"), [(1, 1), (1, 8), (5, None), (4, 3)])
def test_loss_and_gradient(criterion, output, stride, pooling):
    loss = Regression(output, criterion, stride=stride, pooling=pooling)
    w0, target = fb.random_filterbank(5, 16, rng=0), fb.random_filterbank(5, 12, rng=1)
    x = np.random.default_rng(2).standard_normal((6, 48))
    w = torch.tensor(w0, requires_grad=True)
    expected = torch_loss(torch.tensor(x), w, torch.tensor(target), loss)
    expected.backward()
    value, gradient = regression_loss(w0, target, x, loss)
    assert value == pytest.approx(expected.item(), rel=1e-12)
    scale = np.abs(gradient).max()
    np.testing.assert_allclose(gradient, w.grad.numpy(), rtol=1e-9, atol=1e-12 * scale)


def frame_operator(w, n, stride):
    """Dense frame operator, differentiable, from the responses to the N impulses."""
    phi = torch_responses(torch.eye(n, dtype=torch.float64), w, stride).reshape(n, -1)
    return phi @ phi.T


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("sharpness", [None, 6.0])
def test_condition_penalty(stride, sharpness):
    w0 = fb.random_filterbank(6, 10, rng=0, stride=stride)
    w = torch.tensor(w0, requires_grad=True)
    eigenvalues = torch.linalg.eigvalsh(frame_operator(w, 24, stride))
    if sharpness is None:
        expected = eigenvalues[-1] / eigenvalues[0] - 1
    else:
        above, below = (eigenvalues**sharpness).mean(), (eigenvalues**-sharpness).mean()
        expected = (above * below) ** (1 / sharpness) - 1
    expected.backward()
    value, gradient = condition_penalty(w0, 24, stride=stride, sharpness=sharpness)
    assert value == pytest.approx(expected.item(), rel=1e-10)
    # eigh of a dense matrix with double eigenvalues: their vectors are accurate to about 1e-12.
    scale = np.abs(gradient).max()
    np.testing.assert_allclose(gradient, w.grad.numpy(), rtol=1e-8, atol=1e-9 * scale)


def test_condition_penalty_as_it_is_written_for_networks():
    """Largest over smallest of the summed squared FFTs, as networks are trained with it."""
    w0 = fb.random_filterbank(8, 64, rng=3)
    w = torch.tensor(w0, requires_grad=True)
    power = (torch.fft.fft(w, n=256, dim=1).abs() ** 2).sum(dim=0)
    expected = power.max() / power.min() - 1
    expected.backward()
    value, gradient = condition_penalty(w0, 256)
    assert value == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, w.grad.numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_tightness_penalty(stride):
    w0 = fb.random_filterbank(6, 10, rng=0, stride=stride)
    w = torch.tensor(w0, requires_grad=True)
    identity = torch.eye(24, dtype=torch.float64)
    expected = ((frame_operator(w, 24, stride) - identity) ** 2).sum()
    expected.backward()
    value, gradient = tightness_penalty(w0, 24, stride=stride)
    assert value == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, w.grad.numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    ("rule", "make"),
    [
        (GradientDescent(0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
        (Momentum(0.1, 0.8), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8)),
        (Adam(0.1, 0.8, 0.9), lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.9))),
        (Adam(1e-5), lambda p: torch.optim.Adam(p, lr=1e-5)),
    ],
)
def test_steps_are_those_of_torch(rule, make):
    """Twenty steps on a loss with a curved, moving gradient."""
    start = np.random.default_rng(0).standard_normal((3, 4))
    w, parameter = start, torch.tensor(start, requires_grad=True)
    optimiser, memory = make([parameter]), rule.start(start)
    for i in range(20):
        optimiser.zero_grad()
        (parameter**4).sum().mul(0.01 * (i + 1)).backward()
        optimiser.step()
        w, memory = rule.step(w, 0.04 * (i + 1) * w**3, memory)
    np.testing.assert_allclose(w, parameter.detach().numpy(), rtol=1e-12)
