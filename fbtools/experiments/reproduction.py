"""How a claim becomes a row of the ledger: theirs, ours, the interval, the verdict.

A claim names its source, the value that can be read there, if any, and a measurement with a seed.
`reproduce` turns it into a row: theirs, ours, the interval to compare with, and the verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from fbtools.validation import FilterbankError, FloatArray, as_choice, as_count

__all__ = ["Claim", "Row", "reproduce", "table"]

KINDS = ("mean", "draw", "run", "value")
COVERAGE = 0.95

Measurement = Callable[[np.random.Generator], FloatArray]


@dataclass(frozen=True)
class Claim:
    """A published statement, and how to measure it.

    Attributes
    ----------
    statement : str
        What is claimed, with its setting.
    source : str
        Where it stands: key of the bibliography, and the place in the work or its code.
    published : str
        The value as printed there, with its digits, or as its formula evaluates; an integer is
        taken as exact. Empty if none can be read.
    measure : callable
        From a generator to one value per draw.
    kind : {"mean", "draw", "run", "value"}
        What is published: the mean over many draws, a single draw, the condition number of a
        single run of which we have only a few, or a number without chance.
    remark : str
        Why the two differ, or what to mind.

    Examples
    --------
    >>> claim = Claim("the mean of a normal variable", "Gauss (1809)", "0.00",
    ...               lambda rng: rng.standard_normal(10_000), "mean")
    >>> reproduce([claim], seed=1)[0].agrees
    True
    """

    statement: str
    source: str
    published: str
    measure: Measurement
    kind: str
    remark: str = ""


@dataclass(frozen=True)
class Row:
    """A claim beside its reproduction.

    Attributes
    ----------
    statement, source, published, remark : str
        As in the claim.
    ours : float
        Mean over our draws, or the value.
    interval : tuple of float
        95 % confidence interval of the mean if a mean is published; the range of 95 % of the draws
        if a single draw is; Student's prediction interval, from log(kappa - 1), for the next run
        if a single run is; the value twice if no chance is involved.
    n_draws, seed : int
        How ours was made.

    Examples
    --------
    >>> row = Row("kappa", "somewhere", "2.4", "", 2.35, (2.2, 2.5), 100, 0)
    >>> row.agrees
    True
    """

    statement: str
    source: str
    published: str
    remark: str
    ours: float
    interval: tuple[float, float]
    n_draws: int
    seed: int

    @property
    def agrees(self) -> bool | None:
        """Whether the published value, up to its rounding, is in the interval; None without one.

        Examples
        --------
        >>> [Row("kappa", "somewhere", printed, "", 2.35, (2.2, 2.5), 100, 0).agrees
        ...  for printed in ("2.4", "2.6", "")]
        [True, False, None]
        """
        if not self.published:
            return None
        value, rounding = float(self.published), _half_of_the_last_digit(self.published)
        return bool(self.interval[0] - rounding <= value <= self.interval[1] + rounding)


def reproduce(claims: Iterable[Claim], seed: int = 0) -> tuple[Row, ...]:
    """Measure claims again, each with its own stream of random numbers.

    Parameters
    ----------
    claims : iterable of Claim
        What to measure.
    seed : int
        Seed; the same seed gives the same bits, whatever the other claims are.

    Returns
    -------
    tuple of Row
        In the order of the claims.

    Raises
    ------
    FilterbankError
        If the seed is not a non-negative integer, or a claim is of unknown kind or measures
        nothing finite.

    Examples
    --------
    >>> claim = Claim("one half", "arithmetic", "0.5", lambda rng: np.array([0.5]), "value")
    >>> [row.ours for row in reproduce([claim])]
    [0.5]
    """
    start = as_count(seed, "seed", minimum=0, maximum=None)
    return tuple(_row(claim, start) for claim in claims)


def table(rows: Iterable[Row]) -> str:
    """Rows as a Markdown table.

    Parameters
    ----------
    rows : iterable of Row
        What `reproduce` returned.

    Returns
    -------
    str
        One line a row: statement with source and remark, theirs, ours with its interval, draws,
        verdict.

    Examples
    --------
    >>> print(table([Row("kappa", "somewhere", "2.4", "", 2.35, (2.2, 2.5), 100, 0)]))
    | claim | published | ours | 95 % | draws, seed | agrees |
    |---|---|---|---|---|---|
    | kappa<br>*somewhere* | 2.4 | 2.35 | 2.2 to 2.5 | 100, 0 | yes |
    """
    verdict = {True: "yes", False: "no", None: "–"}
    lines = [
        "| claim | published | ours | 95 % | draws, seed | agrees |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        low, high = row.interval
        interval = "exact" if low == high else f"{low:.4g} to {high:.4g}"
        claim = f"{row.statement}<br>*{row.source}*" + (row.remark and f"<br>{row.remark}")
        cells = [claim, row.published or "not printed", f"{row.ours:.4g}"]
        cells += [interval, f"{row.n_draws}, {row.seed}", verdict[row.agrees]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _row(claim: Claim, seed: int) -> Row:
    kind = as_choice(claim.kind, "kind", KINDS)
    values = np.atleast_1d(np.asarray(claim.measure(np.random.default_rng(seed)), dtype=float))
    if values.size == 0 or not np.isfinite(values).all():
        raise FilterbankError(
            f"measure of {claim.statement!r} returned {values}: it must return finite draws."
        )
    ours = float(values.mean())
    return Row(
        statement=claim.statement,
        source=claim.source,
        published=claim.published,
        remark=claim.remark,
        ours=ours,
        interval=_interval(values, ours, kind),
        n_draws=values.size,
        seed=seed,
    )


def _interval(values: FloatArray, mean: float, kind: str) -> tuple[float, float]:
    if kind == "value":
        return mean, mean
    if kind == "draw":
        low, high = np.quantile(values, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
        return float(low), float(high)
    if kind == "run":
        logs = np.log(values - 1)
        spread = float(logs.std(ddof=1)) * np.sqrt(1 + 1 / logs.size)
        reach = stats.t(logs.size - 1).ppf((1 + COVERAGE) / 2) * spread
        return float(1 + np.exp(logs.mean() - reach)), float(1 + np.exp(logs.mean() + reach))
    half = 1.96 * float(values.std(ddof=1)) / np.sqrt(values.size)
    return mean - half, mean + half


def _half_of_the_last_digit(printed: str) -> float:
    """Half a unit of the last digit printed: 2.42 stands for 2.415 to 2.425, 1 for 1."""
    mantissa, _, exponent = printed.lower().partition("e")
    if "." not in mantissa:
        return 0.0
    decimals = len(mantissa.partition(".")[2])
    return 0.5 * 10.0 ** (int(exponent or 0) - decimals)
