"""Search over all fibres: their extreme eigenvalues, for several problems at once.

Above the bounds of `fibre_cells`, between which it halves the cells that may hold an extreme.

A problem is one end of the spectrum of one filterbank: the least value of sign times an extreme
eigenvalue, with sign 1 for the lower frame bound and -1 for the upper one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fbtools.frames.certificate import uncovered
from fbtools.frames.fibre_cells import Cells, Expansion, Survey, rounding_of_eigenvalues
from fbtools.frames.fibres import Fibres, Rows
from fbtools.validation import EPS, FloatArray

__all__ = ["Least", "Problems"]

CANDIDATES = 4
NEWTON_STEPS = 8
HALVINGS = 4
MAX_LEVELS = 40
MAX_CELLS = 4096
MAX_WORK = 2**24
FEW_POINTS = 16
SHARPEST = 0.01


class Least(NamedTuple):
    """Of each problem: the least value met with all that is known there, and a lower bound."""

    at: Expansion
    floor: FloatArray


class Problems:
    """Both ends of the spectra of some filterbanks, or the upper ones alone, in one search.

    Parameters
    ----------
    fibres : Fibres
        Gram polynomials of n filterbanks.
    signs : tuple of int
        Signs of the problems; with (1, -1) there are n of the first, then n of the second.

    Attributes
    ----------
    bank, sign : ndarray, shape (m,)
        Filterbank and sign of each problem.
    values : ndarray of float64, shape (m, K)
        Sign times the extreme eigenvalue on the grid of the survey.
    known : ndarray of float64, shape (m,)
        A lower bound from the survey alone.
    second, third : ndarray of float64, shape (m,)
        Bounds on derivatives, of `Survey`.

    Examples
    --------
    >>> import numpy as np
    >>> fibres = Fibres(np.array([[[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]]]), stride=2)
    >>> least = Problems(fibres, (1, -1)).least_on_circle(slack=np.full(2, 1e-9))
    >>> least.at.value.round(9), least.floor.round(6)
    (array([ 0.25, -4.  ]), array([ 0.25, -4.  ]))
    """

    def __init__(self, fibres: Fibres, signs: tuple[int, ...]) -> None:
        self.fibres, self.survey = fibres, Survey(fibres)
        n = self.survey.low.shape[0]
        self.bank = np.tile(np.arange(n), len(signs))
        self.sign = np.repeat(np.asarray(signs, dtype=np.float64), n)
        both = {1: self.survey.low, -1: -self.survey.high}
        self.values = np.concatenate([both[sign] for sign in signs])
        prior = {1: self.survey.floor, -1: -self.survey.ceiling}
        self.known = np.concatenate([prior[sign] for sign in signs])
        self.second, self.third = self.survey.second[self.bank], self.survey.third[self.bank]

    def at(self, problem: Rows, angle: FloatArray) -> FloatArray:
        """Values of one problem at one angle each, shape (K,)."""
        low, high = self.fibres.at(self.bank[problem], angle)
        return np.where(self.sign[problem] > 0, low, -high)

    def cells(self) -> Cells:
        """Cells between the angles of the survey."""
        m, count = self.values.shape[0], self.values.shape[1] - 1
        left = np.tile(self.survey.step * np.arange(count), m)
        ends = np.stack([self.values[:, :-1].ravel(), self.values[:, 1:].ravel()])
        return Cells(np.repeat(np.arange(m), count), left, self.survey.step, ends)

    def starts(self, cells: Cells) -> tuple[Rows, FloatArray]:
        """Problems and angles near which the least values may be, from cells of the survey."""
        v, m = self.values, self.values.shape[0]
        padded = np.concatenate([v[:, 1:2], v, v[:, -2:-1]], axis=1)
        before, after = padded[:, :-2], padded[:, 2:]
        lowest = v.argmin(axis=1)
        alive = cells.floor(self.second).reshape(m, -1) < v[np.arange(m), lowest][:, None]
        hopeful = np.zeros(v.shape, dtype=bool)
        hopeful[:, :-1] = alive
        hopeful[:, 1:] |= alive
        hopeful &= (v <= before) & (v <= after)
        hopeful[np.arange(m), lowest] = True
        problem, k = np.nonzero(hopeful)
        order = np.lexsort((v[problem, k], problem))
        problem, k = problem[order], k[order]
        some = np.arange(problem.size) - np.searchsorted(problem, problem) < CANDIDATES
        problem, k = problem[some], k[some]
        bend = before[problem, k] - 2 * v[problem, k] + after[problem, k]
        turn = (before[problem, k] - after[problem, k]) / (2 * np.where(bend > 0, bend, np.inf))
        return problem, self.survey.step * (k + turn)

    def polish(self, problem: Rows, angle: FloatArray, reach: float) -> Expansion:
        """Least values that steps of Newton from several angles meet, of each problem started."""
        met: list[Expansion] = []
        for _ in range(NEWTON_STEPS):
            bank, sign = self.bank[problem], self.sign[problem]
            here = Expansion.about(self.fibres, problem, bank, sign, angle)
            met.append(here)
            curvature = here.curvature()
            convex = np.isfinite(curvature) & (curvature > 0)
            step = np.where(convex, -here.slope / np.where(convex, curvature, 1.0), 0.0)
            step = np.clip(step, -reach, reach)
            gain = np.abs(here.slope * step)
            going = gain > EPS * self.survey.ceiling[bank]
            if not going.any():
                break
            problem, angle = problem[going], (angle + step)[going]
        return Expansion.least(met)

    def exclude(self, here: Expansion, target: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Neighbourhood of each minimum above its target, as large as seen, and the floor there."""
        radius = here.reach(self.second, self.third)
        for _ in range(HALVINGS):
            floor = here.floor(radius, self.second, self.third)
            above = floor >= target
            if above.all():
                break
            radius = np.where(above, radius, radius / 2)
        return np.where(above, radius, 0.0), np.where(above, floor, np.inf)

    def least_on_circle(self, slack: FloatArray, relative: float | None = None) -> Least:
        """Least value on the whole circle, by branch and bound down to a slack of each problem.

        The slack is less where it is more than the relative width asked for, down to a hundredth:
        smaller values are not for S to tell.
        """

        def below(best: Expansion) -> FloatArray:
            width = slack if relative is None else relative * np.abs(best.value)
            told = (width < slack) & (width >= SHARPEST * slack)
            return np.asarray(best.value - np.where(told, width, slack))

        cells = self.cells()
        best = self.polish(*self.starts(cells), self.survey.step)
        target = below(best)
        reach, lowest = self.exclude(best, target)
        most = best.value.size * min(MAX_CELLS, 64 + MAX_WORK // self.fibres.size**3)
        for level in range(MAX_LEVELS + 1):
            floor = np.maximum(cells.floor(self.second), self.known[cells.problem])
            owner = cells.problem
            open_ = uncovered(cells.centre, cells.width / 2, best.angle[owner], reach[owner])
            alive = open_ & (floor < target[owner])
            last = level == MAX_LEVELS or np.count_nonzero(alive) > most
            settled = open_ if last else open_ & ~alive
            np.minimum.at(lowest, owner[settled], floor[settled])
            if last or not alive.any():
                break
            cells = cells.of(alive)
            owner, centre = cells.problem, cells.centre
            values = self.at(owner, centre)
            cells = cells.halves(values)
            better = values < target[owner]
            if better.any():
                found = self.polish(owner[better], centre[better], cells.width)
                best = Expansion.least([best, found])
                target = below(best)
                reach, least_there = self.exclude(best, target)
                lowest = np.minimum(lowest, least_there)
        return Least(best, np.minimum(lowest, best.value))

    def least_of_fibres(self, n_fibres: int) -> tuple[Rows, FloatArray, FloatArray]:
        """Problems, indices and values of all fibres 2 pi k / n_fibres that may be the least."""
        cells = self.cells()
        step = 2 * np.pi / n_fibres
        problem, angle = self.starts(cells)
        index = np.rint(angle / step)
        index = np.minimum(index, n_fibres - index)
        best = np.full(self.bank.size, np.inf)
        np.minimum.at(best, problem, self.at(problem, step * index))
        margin = rounding_of_eigenvalues(self.fibres) * self.survey.ceiling[self.bank]
        while True:
            cells = cells.of(cells.floor(self.second) < (best + margin)[cells.problem])
            first = np.ceil(cells.left / step - 1e-6)
            last = np.floor((cells.left + cells.width) / step + 1e-6)
            counts = (last - first + 1).astype(np.intp)
            if counts.sum() <= max(FEW_POINTS, 2 * counts.size):
                break
            cells = cells.halves(self.at(cells.problem, cells.centre))
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        problem = np.concatenate([problem, np.repeat(cells.problem, counts)])
        index = np.concatenate([index, np.repeat(first, counts) + within])
        order = np.lexsort((index, problem))
        problem, index = problem[order], index[order]
        new = (np.diff(problem, prepend=-1) != 0) | (np.diff(index, prepend=-1.0) != 0)
        problem, index = problem[new], index[new]
        return problem, index, self.at(problem, step * index)
