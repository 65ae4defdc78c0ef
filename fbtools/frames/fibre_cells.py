"""Bounds on cells: how small an eigenvalue of the fibres is between the angles where it is known.

Above `fibres`, whose Gram polynomial S they use, and `certificate`.

Every v* S(theta) v with abs(v) = 1 is an ordinary trigonometric polynomial of degree D between A
and B, and its derivatives are polynomials too: the inequalities of Bernstein and of Ehlich and
Zeller bound them all, and the least eigenvalue inherits each bound that holds for every v.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from fbtools.frames.certificate import enclosure, least_of_parabola, taylor_floor
from fbtools.frames.fibres import Fibres, Rows, hermitian
from fbtools.validation import EPS, TINY, ComplexArray, FloatArray

__all__ = ["Cells", "Expansion", "Survey", "norm_bound", "rounding_of_eigenvalues"]

FEWEST_POINTS = 24
OVERSAMPLING = 6
OVERSAMPLING_OF_CLOSED_FORMS = 16


def norm_bound(matrices: ComplexArray) -> FloatArray:
    """Upper bound on the norms of Hermitian matrices, without eigenvalues.

    Parameters
    ----------
    matrices : ndarray of complex128, shape (..., p, p)
        Hermitian matrices X.

    Returns
    -------
    ndarray of float64, shape (...)
        The Schatten norm (tr X^8)^(1/8), from the norm to p^(1/8) times it.

    Examples
    --------
    >>> import numpy as np
    >>> float(norm_bound(np.diag([3.0, -4.0]).astype(complex)).round(3))
    4.048
    """
    parts = np.ascontiguousarray(matrices).view(np.float64)
    size = np.abs(parts).max(axis=(-2, -1))
    scaled = (parts / np.maximum(size, TINY)[..., None, None]).view(np.complex128)
    squares = scaled @ scaled
    parts = (squares @ squares).view(np.float64)
    return np.asarray(size * np.einsum("...ij,...ij->...", parts, parts) ** 0.125)


class Survey:
    """Extreme eigenvalues on an equispaced grid of the circle, and what they bound elsewhere.

    Parameters
    ----------
    fibres : Fibres
        Gram polynomials of n filterbanks.

    Attributes
    ----------
    points : int
        Number of angles on the circle, even.
    low, high : ndarray of float64, shape (n, points / 2 + 1)
        Extreme eigenvalues on its upper half.
    floor, ceiling : ndarray of float64, shape (n,)
        Bounds on all eigenvalues everywhere.
    second, third : ndarray of float64, shape (n,)
        Bounds on the norms of S'' and of S'''.

    References
    ----------
    Ehlich and Zeller (1964): on M points a polynomial of degree D shows cos(pi D/M) of its size, S
    as well as S''. Bernstein (1912): S'' is at most D^2 (B - A)/2, and S''' at most D times S''.

    Examples
    --------
    >>> import numpy as np
    >>> survey = Survey(Fibres(np.array([[[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]]]), stride=2))
    >>> bool(survey.floor[0] <= 0.25 and survey.ceiling[0] >= 4.0 and survey.second[0] >= 1.0)
    True
    """

    def __init__(self, fibres: Fibres) -> None:
        self.points = grid_points(fibres)
        self.low, self.high = fibres.on_circle(self.points)
        low, high = self.low.min(axis=1), self.high.max(axis=1)
        floor, self.ceiling = enclosure(low, high, fibres.degree, self.points)
        self.floor = np.maximum(floor, 0.0)
        shown = np.cos(np.pi * fibres.degree / self.points)
        bent = norm_bound(hermitian(fibres.halves_on_circle(self.points, order=2)))
        bernstein = fibres.degree**2 * (self.ceiling - self.floor) / 2
        self.second = np.minimum(bent.max(axis=1) / shown, bernstein)
        self.third = fibres.degree * self.second

    @property
    def step(self) -> float:
        """Distance of two angles."""
        return 2 * np.pi / self.points


def grid_points(fibres: Fibres) -> int:
    """Even number of angles of a survey, above 2 D."""
    oversampling = OVERSAMPLING_OF_CLOSED_FORMS if fibres.size <= 2 else OVERSAMPLING
    enough = max(oversampling * (fibres.degree + 1), FEWEST_POINTS)
    return 2 * int(fft.next_fast_len(enough // 2, real=True))


def rounding_of_eigenvalues(fibres: Fibres) -> float:
    """Rounding of eigenvalues of S, as a part of the largest one.

    Parameters
    ----------
    fibres : Fibres
        Of filterbanks of one shape.

    Returns
    -------
    float
        4 eps max(J, d) (D + 1).

    Examples
    --------
    >>> import numpy as np
    >>> rounding_of_eigenvalues(Fibres(np.ones((1, 3, 4)), stride=2)) / 2.0**-52
    24.0
    """
    return 4 * EPS * float(max(fibres.taps.shape[2:]) * (fibres.degree + 1))


class Cells(NamedTuple):
    """Cells of one width in which a value is sought, one of several problems each.

    The value is that at the two ends.
    """

    problem: Rows
    left: FloatArray
    width: float
    ends: FloatArray

    def floor(self, second: FloatArray) -> FloatArray:
        """Lower bound on each cell: chord less the parabola of a bound on S'' of each problem.

        Between a and b a function is above its chord less (t - a)(b - t)/2 times a bound on its
        second derivative; all v* S v are, and their chords are above that of the eigenvalue.
        """
        radius, bend = self.width / 2, second[self.problem]
        slope = (self.ends[1] - self.ends[0]) / self.width
        dip = least_of_parabola(slope, bend, radius) - bend * radius**2 / 2
        return np.asarray((self.ends[0] + self.ends[1]) / 2 + dip)

    @property
    def centre(self) -> FloatArray:
        """Angles in the middle."""
        return np.asarray(self.left + self.width / 2)

    def halves(self, values: FloatArray) -> Cells:
        """Both halves of all cells, from the values at their centres."""
        ends = np.concatenate(
            [np.stack([self.ends[0], values]), np.stack([values, self.ends[1]])], axis=1
        )
        left = np.concatenate([self.left, self.centre])
        return Cells(np.tile(self.problem, 2), left, self.width / 2, ends)

    def of(self, chosen: NDArray[np.bool_]) -> Cells:
        """Those cells only."""
        return Cells(self.problem[chosen], self.left[chosen], self.width, self.ends[:, chosen])


class Expansion(NamedTuple):
    """The least eigenvalue of sign * S about some angles: S, S' and S'' among its eigenvectors.

    problem, angle : shape (K,); values, vectors : shapes (K, p) and (K, p, p), ascending;
    slopes : shape (K, p, p), S'; first, second : shape (K, p), V* S' v and V* S'' v, where v is the
    vector of the least eigenvalue and V holds all.
    """

    problem: Rows
    angle: FloatArray
    values: FloatArray
    vectors: ComplexArray
    slopes: ComplexArray
    first: ComplexArray
    second: ComplexArray

    @classmethod
    def about(
        cls, fibres: Fibres, problem: Rows, bank: Rows, sign: FloatArray, angle: FloatArray
    ) -> Expansion:
        """Expansion for problems of a sign each, in some filterbanks, at one angle each."""
        zeroth, slopes, bends = sign[:, None, None] * hermitian(fibres.halves_at(bank, angle, 3))
        values, vectors = np.linalg.eigh(zeroth)
        least, adjoint = vectors[:, :, :1], np.swapaxes(vectors.conj(), -1, -2)
        first, second = ((adjoint @ (part @ least))[:, :, 0] for part in (slopes, bends))
        return cls(problem, angle, values, vectors, slopes, first, second)

    @classmethod
    def least(cls, parts: list[Expansion]) -> Expansion:
        """Of each problem that occurs in several expansions, the one of least value."""
        every = {name: np.concatenate([getattr(p, name) for p in parts]) for name in cls._fields}
        order = np.lexsort((every["values"][:, 0], every["problem"]))
        first = np.flatnonzero(np.diff(every["problem"][order], prepend=-1))
        return cls(**{name: part[order[first]] for name, part in every.items()})

    @property
    def value(self) -> FloatArray:
        """The least eigenvalue."""
        return self.values[:, 0]

    @property
    def slope(self) -> FloatArray:
        """Its first derivative."""
        return self.first[:, 0].real

    def curvature(self) -> FloatArray:
        """Its second derivative: second-order perturbation theory."""
        gaps = np.maximum(self.values[:, 1:] - self.values[:, :1], TINY)
        beside = np.abs(self.first[:, 1:])
        with np.errstate(over="ignore"):
            pull = np.sum(beside * (beside / gaps), axis=1)
        return np.asarray(self.second[:, 0].real - 2 * pull)

    def reach(self, second: FloatArray, third: FloatArray) -> FloatArray:
        """Radii at which gaps and curvature may still outweigh the remainders of `floor`."""
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.sqrt((self.values[:, 1:].min(axis=1, initial=np.inf) - self.value) / second)
            convex = 1.5 * self.curvature() / third
        radius = np.clip(np.fmin(apart, convex), 0.0, np.pi)
        return np.asarray(np.where(np.isfinite(radius), radius, 0.0))

    def floor(self, radius: FloatArray, second: FloatArray, third: FloatArray) -> FloatArray:
        """Lower bound within a radius of each angle; -inf where other eigenvalues come too close.

        Let a be the corner of v in the eigenvectors, b beside it and C below, in the second-order
        expansion at angle + t. Its least eigenvalue is at least a - b* (C - a)^(-1) b if C > a. Up
        to a remainder second t^2 / 2 of C, both b/t and C are linear in t, and b* C^(-1) b is
        jointly convex: it is largest at an end. The third order of S is at most third t^3 / 6.
        """
        slope, own = self.slope, self.second[:, 0].real
        most = self.value + radius * np.abs(slope) + radius**2 / 2 * (np.abs(own) + second)
        others = self.vectors[:, :, 1:]
        moved = np.swapaxes(others.conj(), -1, -2) @ self.slopes @ others
        diagonal = (self.values[:, 1:] - most[:, None])[:, :, None] * np.eye(others.shape[2])
        turns = np.stack([radius, -radius])[:, :, None]
        beside = self.first[:, 1:] + turns / 2 * self.second[:, 1:]
        pull = _quadratic_forms(diagonal + turns[..., None] * moved, beside).max(axis=0)
        apart = np.isfinite(pull)
        bend = own - 2 * np.where(apart, pull, 0.0)
        floor = taylor_floor(self.value, slope, bend, third, radius)
        return np.where(apart, floor, -np.inf)


def _quadratic_forms(matrices: ComplexArray, vectors: ComplexArray) -> FloatArray:
    """b* C^(-1) b for Hermitian C, infinite where C is not positive definite."""
    try:
        np.linalg.cholesky(matrices)
        positive = np.ones(matrices.shape[:-2], dtype=bool)
    except np.linalg.LinAlgError:
        positive = np.linalg.eigvalsh(matrices)[..., 0] > 0
        matrices = np.where(positive[..., None, None], matrices, np.eye(matrices.shape[-1]))
    solved = np.linalg.solve(matrices, vectors[..., None])[..., 0]
    forms = np.sum(vectors.conj() * solved, axis=-1).real
    return np.where(positive & (forms >= 0), forms, np.inf)
