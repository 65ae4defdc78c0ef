"""Frame bounds against dense singular values, closed forms, and the certificate's promises."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import fbtools as fb
from fbtools.frames import bounds, certificate, cosine_search, fibre_singular, fibres


def dense_bounds(w, n, stride=1):
    """Extreme eigenvalues of the frame operator, from an operator built tap by tap."""
    rows = []
    for taps in w:
        for m in range(0, n, stride):
            row = np.zeros(n)
            for i, tap in enumerate(taps):
                row[(m - i) % n] += tap
            rows.append(row)
    values = np.linalg.svd(np.array(rows), compute_uv=False) ** 2
    lower = values[n - 1] if values.size >= n else 0.0
    return lower, values[0]


def test_littlewood_paley_is_the_direct_sum():
    w = fb.random_filterbank(4, 9, rng=0)
    omega = np.pi * np.arange(7) / 6
    response = w @ np.exp(-1j * np.outer(np.arange(9), omega))
    expected = np.sum(np.abs(response) ** 2, axis=0)
    # 7 points: a grid of 12, longer than the filters; 3 points: a grid of 4, shorter.
    np.testing.assert_allclose(fb.littlewood_paley(w, 7), expected, rtol=1e-12)
    np.testing.assert_allclose(fb.littlewood_paley(w, 3), expected[::3], rtol=1e-12)


def test_littlewood_paley_in_blocks(monkeypatch):
    w = fb.random_filterbank(9, 20, rng=0)
    whole = fb.littlewood_paley(w, 50)
    monkeypatch.setattr(bounds, "CHUNK", 1)
    np.testing.assert_allclose(fb.littlewood_paley(w, 50), whole, rtol=1e-13)


@given(
    n_filters=st.integers(1, 7),
    length=st.integers(1, 12),
    stride=st.integers(1, 5),
    blocks=st.integers(3, 9),
    seed=st.integers(0, 99),
)
def test_bounds_on_z_n_are_the_singular_values_of_the_dense_operator(
    n_filters, length, stride, blocks, seed
):
    n = stride * blocks
    w = fb.random_filterbank(n_filters, min(length, n), rng=seed, stride=stride)
    bounds = fb.frame_bounds(w, signal_length=n, stride=stride)
    lower, upper = dense_bounds(w, n, stride)
    assert bounds.upper == pytest.approx(upper, rel=1e-10)
    assert bounds.lower == pytest.approx(lower, abs=1e-10 * upper)
    assert bounds.lower_interval == (bounds.lower, bounds.lower)
    if n_filters < stride:
        assert bounds.lower == 0
        assert not bounds.is_frame
        assert bounds.condition_number == np.inf


@given(n_filters=st.integers(1, 12), length=st.integers(1, 40), seed=st.integers(0, 999))
def test_certificate_encloses_a_fine_grid_and_is_tight(n_filters, length, seed):
    w = fb.random_filterbank(n_filters, length, rng=seed)
    bounds = fb.frame_bounds(w)
    fine = fb.littlewood_paley(w, 64 * length + 1)
    rounding = 1e-13 * bounds.upper
    assert bounds.lower_interval[0] - rounding <= bounds.lower <= fine.min() + rounding
    assert bounds.upper_interval[1] + rounding >= bounds.upper >= fine.max() - rounding
    assert bounds.lower_interval[1] - bounds.lower_interval[0] <= 2e-12 * bounds.upper
    assert bounds.upper_interval[1] - bounds.upper_interval[0] <= 2e-12 * bounds.upper
    # Between the points of that grid S can fall by at most (pi/M)^2/2 max|S''|.
    gap = (np.pi / (64 * length)) ** 2 / 8 * (length - 1) ** 2 * (bounds.upper - bounds.lower)
    assert bounds.lower >= fine.min() - gap - rounding
    assert bounds.upper <= fine.max() + gap + rounding


def test_values_are_attained_at_the_frequencies_given():
    w = fb.random_filterbank(6, 50, rng=3)
    for length in (None, 128):
        b = fb.frame_bounds(w, signal_length=length)
        for frequency, value in ((b.lower_frequency, b.lower), (b.upper_frequency, b.upper)):
            assert 0 <= frequency <= np.pi
            s = np.sum(np.abs(w @ np.exp(-1j * np.arange(50) * frequency)) ** 2)
            assert s == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("stride", [2, 3, 8])
def test_strided_bounds_for_any_length(stride):
    w = fb.random_filterbank(12, 30, rng=1, stride=stride)
    anywhere = fb.frame_bounds(w, stride=stride)
    for blocks in (30, 101, 1000):
        on_grid = fb.frame_bounds(w, signal_length=stride * blocks, stride=stride)
        assert anywhere.lower <= on_grid.lower * (1 + 1e-12)
        assert anywhere.upper >= on_grid.upper * (1 - 1e-12)
        assert anywhere.lower_interval[0] <= on_grid.lower
        assert anywhere.upper_interval[1] >= on_grid.upper
    # 1000 fibres are dense enough for three digits.
    assert on_grid.lower == pytest.approx(anywhere.lower, rel=1e-3)
    assert on_grid.upper == pytest.approx(anywhere.upper, rel=1e-3)
    fibre = fibres.polyphase(w, stride, np.array([anywhere.lower_frequency * stride]))
    s = np.linalg.svd(fibre[0], compute_uv=False) ** 2
    assert s[-1] == pytest.approx(anywhere.lower, rel=1e-9)


def test_stride_longer_than_the_filter_has_one_fibre():
    w = fb.random_filterbank(6, 3, rng=0, stride=3)
    bounds = fb.frame_bounds(w, stride=3)
    s = np.linalg.svd(w, compute_uv=False) ** 2
    assert bounds.lower == pytest.approx(s[-1], rel=1e-12)
    assert bounds.upper == pytest.approx(s[0], rel=1e-12)
    assert bounds.lower_interval == pytest.approx((bounds.lower, bounds.lower), rel=1e-12)
    # Taps shorter than the stride never look at some samples.
    assert not fb.frame_bounds(w, stride=4).is_frame


@pytest.mark.parametrize(
    "w",
    [
        [[1.0, -1.0]],
        [[1.0, 2.0, 1.0]],
        [[1.0, -2 * np.cos(1.0), 1.0]],
        [[1.0, -2 * np.cos(1.0), 1.0], [2.0, -4 * np.cos(1.0), 2.0]],
        [[0.0, 0.0, 0.0]],
    ],
)
def test_not_a_frame_is_said_not_clamped(w):
    bounds = fb.frame_bounds(w)
    assert bounds.lower == 0.0
    assert not bounds.is_frame
    assert bounds.verdict == "not a frame"
    assert bounds.condition_number == np.inf
    assert fb.condition_number(w) == np.inf
    assert bounds.lower_interval[0] == 0.0


def test_a_bank_with_a_hole_is_bounded_quickly(monkeypatch):
    """S is zero over a band: no cell there needs refining, because S >= 0 is known."""
    monkeypatch.setattr(cosine_search, "MAX_LEVELS", 40)
    calls = []
    at = cosine_search._Taylor.at
    monkeypatch.setattr(
        cosine_search._Taylor, "at", lambda r, c, h: calls.append(c.size) or at(r, c, h)
    )
    bounds = fb.frame_bounds(fb.mel_filterbank(20, 512, 22050, fmin=50, fmax=8000))
    assert bounds.lower < 1e-6 * bounds.upper
    assert bounds.lower_interval[0] == 0.0
    assert sum(calls) < 20_000


def test_a_tiny_bound_is_not_called_zero():
    w = np.array([[1.0, -1.0], [1e-7, 0.0]])
    bounds = fb.frame_bounds(w)
    assert bounds.lower == pytest.approx(1e-14, rel=1e-6, abs=0)
    assert bounds.is_frame


@pytest.mark.parametrize("away", [1e-2, 6e-5, 1e-6, 1e-9])
def test_small_bounds_are_enclosed_relatively(away):
    """One zero beside the circle: A = away^2, whatever the part of B."""
    bounds = fb.frame_bounds([[1.0, 1 - away]])
    # 1 - away has a rounding of eps / 2, and the root of A one of 2 eps sqrt(B), some times.
    rounding = 64 * np.finfo(float).eps / away
    assert bounds.lower == pytest.approx(away**2, rel=1e-9 + rounding, abs=0)
    assert bounds.lower * (1 - 1e-6 - rounding) <= bounds.lower_interval[0] <= bounds.lower


def test_closed_forms():
    """One filter [1, a]: S = 1 + a^2 + 2 a cos(omega); one tap: S constant."""
    for a in (0.5, -0.3, 0.999):
        bounds = fb.frame_bounds([[1.0, a]])
        assert bounds.lower == pytest.approx((1 - abs(a)) ** 2, rel=1e-9)
        assert bounds.upper == pytest.approx((1 + abs(a)) ** 2, rel=1e-12)
    flat = fb.frame_bounds([[2.0], [1.0]])
    assert flat.lower == flat.upper == 5.0
    assert flat.condition_number == 1.0


@given(n=st.integers(1, 20), seed=st.integers(0, 500), extra=st.integers(1, 30))
def test_ehlich_zeller_contains_the_polynomial(n, seed, extra):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal(n + 1), rng.standard_normal(n + 1)
    points = 2 * n + extra

    def p(t):
        k = np.arange(n + 1)
        return np.cos(np.outer(t, k)) @ a + np.sin(np.outer(t, k)) @ b

    grid = p(2 * np.pi * np.arange(points) / points)
    low, high = certificate.ehlich_zeller(grid.min(), grid.max(), n, points)
    fine = p(np.linspace(0, 2 * np.pi, 200 * n))
    assert low <= fine.min() + 1e-9
    assert high >= fine.max() - 1e-9


def test_ehlich_zeller_is_sharp():
    """cos(n t + phase) with its maximum midway between points reaches the bound."""
    n, points = 3, 24
    t = 2 * np.pi * np.arange(points) / points
    grid = np.cos(n * t - n * np.pi / points)
    _, high = certificate.ehlich_zeller(grid.min(), grid.max(), n, points)
    assert high == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("at", [0.0, 0.7, 2.9, np.pi])
def test_derivatives_of_the_responses_are_those_of_the_cosine_sum(at):
    """S, S' and S'' from sums of squares, and from the autocorrelations."""
    w = fb.random_filterbank(3, 25, rng=6)
    squares = cosine_search._responses(cosine_search._weighted(w), at)
    cosines = cosine_search._Taylor.at(cosine_search.correlation_sum(w), np.array([at]), 0.0)
    sums = np.array([cosines.value[0], cosines.slope[0], cosines.curvature[0]])
    # 24^k bounds the k-th derivative of cos(24 omega).
    np.testing.assert_allclose(squares / [1, 24, 24**2], sums / [1, 24, 24**2], atol=1e-13)


def test_taylor_cells_bound_the_sum_from_below():
    """On random cells the certified floor is below S, and close to it."""
    w = fb.random_filterbank(3, 25, rng=5)
    r = cosine_search.correlation_sum(w)
    cells = cosine_search._Taylor.on_grid(r, 400)
    values = fb.littlewood_paley(w, 2001)
    third = 24**3 * (values.max() - values.min()) / 2 * 1.01
    floor = cells.floor(third)
    omega = np.pi * np.arange(2001) / 2000
    owner = np.rint(omega / (2 * np.pi / 400)).astype(int)
    assert (floor[owner] <= values + 1e-12).all()
    assert (values - floor[owner]).max() < 0.2 * values.max()
    direct = cosine_search._Taylor.at(r, cells.centre, cells.radius)
    np.testing.assert_allclose(direct.value, cells.value, rtol=1e-10)
    np.testing.assert_allclose(direct.slope, cells.slope, atol=1e-8)
    np.testing.assert_allclose(direct.curvature, cells.curvature, atol=1e-6)
    h = 1e-5
    ahead = cosine_search._Taylor.at(r, cells.centre + h, 0.0)
    back = cosine_search._Taylor.at(r, cells.centre - h, 0.0)
    np.testing.assert_allclose((ahead.value - back.value) / (2 * h), cells.slope, atol=1e-5)
    np.testing.assert_allclose((ahead.slope - back.slope) / (2 * h), cells.curvature, atol=1e-3)


def test_squared_responses_have_the_derivatives_of_the_cosine_sum():
    """The two ways to S, S' and S'': from the filters, and from their autocorrelations."""
    w = fb.random_filterbank(5, 24, rng=3)
    angles = np.array([0.0, 0.3, 1.7, np.pi])
    cells = cosine_search._Taylor.at(cosine_search.correlation_sum(w), angles, 0.0)
    weighted = cosine_search._weighted(w)
    direct = np.stack([cosine_search._responses(weighted, float(t)) for t in angles], axis=1)
    # Rounding of 24^2 S in S''.
    np.testing.assert_allclose(direct, [cells.value, cells.slope, cells.curvature], atol=1e-11)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: certificate.ehlich_zeller(0.0, 1.0, 3, 6), "points is 6.*at least 7"),
        (lambda: certificate.ehlich_zeller(0.0, 1.0, -1, 6), "degree is -1"),
        (lambda: fb.frame_bounds([[np.nan]]), r"w\[0, 0\] is nan"),
    ],
)
def test_bad_input_to_the_certificate(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()


def test_many_equal_minima(monkeypatch):
    """A comb of 31 equal dips: every one of its cells is followed down."""
    w = np.zeros((3, 249))
    w[:, ::31] = fb.random_filterbank(3, 9, rng=0)
    comb, plain = fb.frame_bounds(w), fb.frame_bounds(w[:, ::31])
    assert comb.lower == pytest.approx(plain.lower, rel=1e-9)
    assert comb.upper == pytest.approx(plain.upper, rel=1e-9)
    monkeypatch.setattr(cosine_search, "CHUNK", 500)
    again = fb.frame_bounds(w)
    assert again.lower == pytest.approx(comb.lower, rel=1e-12)


def test_interrupted_refinement_stays_honest(monkeypatch):
    w = fb.random_filterbank(4, 30, rng=2)
    exact = fb.frame_bounds(w)
    monkeypatch.setattr(cosine_search, "MAX_LEVELS", 2)
    rough = fb.frame_bounds(w)
    assert rough.lower_interval[0] < exact.lower < rough.lower_interval[1] * (1 + 1e-9)
    assert rough.upper_interval[0] * (1 - 1e-9) < exact.upper < rough.upper_interval[1]
    assert rough.lower_interval[1] - rough.lower_interval[0] > 1e-10


def test_the_grid_of_t_points_is_too_coarse():
    """DESIGN 4.4: J = 10, T = 1024: mean kappa 7.4 on the T-grid, 10.0 anywhere; 20 draws."""
    banks = [fb.random_filterbank(10, 1024, rng=i) for i in range(20)]
    coarse = [fb.condition_number(w, signal_length=1024) for w in banks]
    anywhere = [fb.condition_number(w) for w in banks]
    assert (np.array(coarse) < np.array(anywhere)).all()
    # kappa's spread between draws is about 1.3 and 2: five standard errors of the mean of 20.
    assert np.mean(coarse) == pytest.approx(7.4, abs=1.5)
    assert np.mean(anywhere) == pytest.approx(10.0, abs=2.3)


def nearly_singular(seed):
    """Four windowed cosines at stride 4: critically sampled, and deaf between them."""
    angles = np.random.default_rng(seed).uniform(0, np.pi, 4)
    return np.hanning(66)[1:-1] * np.cos(np.outer(angles, np.arange(64)))


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_nearly_singular_banks_of_critical_sampling(first):
    """A(anywhere) <= A(Z_N), where A is 1e-8 to 1e-14 B; 18 of these 60 said more than that."""
    for seed in range(first, first + 10):
        w = nearly_singular(seed)
        anywhere = fb.frame_bounds(w, stride=4)
        noise = 64 * np.finfo(float).eps * np.sqrt(anywhere.upper)
        root = np.sqrt(anywhere.lower)
        for n_fibres in (64, 1000, 16384):
            on_grid = fb.frame_bounds(w, 4 * n_fibres, stride=4)
            assert root <= np.sqrt(on_grid.lower) + noise
        assert anywhere.is_frame
        # Enclosed to 1e-6, and to a few times the rounding of a root.
        assert root * (1 - 1e-6) - 8 * noise <= np.sqrt(anywhere.lower_interval[0]) <= root
        w_j = w @ np.exp(-1j * np.outer(np.arange(64), aliases(anywhere.lower_frequency, 4)))
        least = np.linalg.svd(w_j / 2, compute_uv=False)[-1]
        assert least == pytest.approx(root, abs=noise)


def aliases(omega, stride):
    return omega + 2 * np.pi / stride * np.arange(stride)


@pytest.mark.parametrize("seed", range(20))
def test_the_lowest_of_several_minima_that_rounding_of_squares_cannot_tell(seed):
    """One filter of four pairs of zeros near the circle: S is the product of their distances."""
    rng = np.random.default_rng(seed)
    zeros = (1 - 10 ** rng.uniform(-8, -6, 4)) * np.exp(1j * np.sort(rng.uniform(0.3, 2.8, 4)))
    taps = np.ones(1)
    for z in zeros:
        taps = np.convolve(taps, [1.0, -2 * z.real, abs(z) ** 2])
    bounds = fb.frame_bounds(taps[None])
    # The minima are at the angles of the zeros, up to the square of their distances.
    nearest = np.exp(1j * np.angle(zeros))
    each = np.abs(nearest[:, None] - np.concatenate([zeros, zeros.conj()])) ** 2
    root = np.sqrt(each.prod(axis=1).min())
    # Rounding of the taps by four products, and of the root: T eps sqrt(B) each.
    noise = 5 * 9 * np.finfo(float).eps * np.sqrt(bounds.upper)
    assert np.sqrt(bounds.lower_interval[0]) <= root + noise
    assert np.sqrt(bounds.lower) == pytest.approx(root, abs=noise, rel=1e-5)


def test_verdicts(monkeypatch):
    """Known to be a frame, zero up to rounding, and the third state: neither is known."""
    w = nearly_singular(42)
    known = fb.frame_bounds(w, stride=4)
    assert (known.is_frame, known.verdict) == (True, "frame")
    zero = fb.frame_bounds([[1.0, -1.0]])
    assert (zero.is_frame, zero.verdict) == (False, "not a frame")
    monkeypatch.setattr(fibre_singular, "MAX_WORK", 0)
    unknown = fb.frame_bounds(w, stride=4)
    assert (unknown.is_frame, unknown.verdict) == (False, "not known to be a frame")
    assert unknown.lower == unknown.lower_interval[0] == 0.0
    assert unknown.lower_interval[1] >= known.lower_interval[0]
    assert unknown.condition_number == np.inf
    assert unknown.condition_interval[0] <= known.condition_number * (1 + 1e-5)
    assert unknown.condition_interval[1] == np.inf


def test_a_value_that_is_not_known_to_a_percent_is_what_is_certain(monkeypatch):
    """A search that is cut short: `lower` is the end of the enclosure, and kappa no larger."""
    w = nearly_singular(42)
    exact = fb.frame_bounds(w, stride=4)
    monkeypatch.setattr(fibre_singular, "MAX_LEVELS", 9)
    bounds = fb.frame_bounds(w, stride=4)
    assert 0 < bounds.lower == bounds.lower_interval[0] < 0.99 * exact.lower
    assert bounds.lower_interval[1] >= exact.lower_interval[0]
    assert bounds.is_frame
    low, high = bounds.condition_interval
    assert low <= exact.condition_number * (1 + 1e-5) < bounds.condition_number <= high


def test_the_interval_of_kappa():
    w = fb.random_filterbank(6, 40, rng=1, stride=2)
    for n in (None, 80):
        bounds = fb.frame_bounds(w, n, stride=2)
        low, high = bounds.condition_interval
        assert low == bounds.upper_interval[0] / bounds.lower_interval[1]
        assert high == bounds.upper_interval[1] / bounds.lower_interval[0]
        # Enclosures of 1e-10 B, where A is 0.1 B.
        assert low <= bounds.condition_number <= high <= low * (1 + 1e-8)
    assert fb.frame_bounds([[0.0, 0.0]]).condition_interval == (np.inf, np.inf)
    assert fb.frame_bounds([[1.0, 2.0]], stride=2).condition_interval == (np.inf, np.inf)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fb.littlewood_paley([[1.0]], 1), "n_freqs is 1"),
        (lambda: fb.littlewood_paley([1.0], 4), "w has shape"),
        (lambda: fb.frame_bounds([[1.0, np.nan]]), r"w\[0, 1\] is nan"),
        (lambda: fb.frame_bounds([[1.0, 2.0]], signal_length=1), "filter_length is 2"),
        (lambda: fb.frame_bounds([[1.0]], signal_length=0), "signal_length is 0"),
        (lambda: fb.frame_bounds([[1.0]], signal_length=4.0), "signal_length is 4.0"),
        (lambda: fb.frame_bounds([[1.0]], stride=0), "stride is 0"),
        (lambda: fb.frame_bounds([[1.0]], signal_length=4, stride=3), "does not divide"),
        (lambda: fb.condition_number([[1j]]), "w has dtype"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(fb.FilterbankError, match=message):
        call()
