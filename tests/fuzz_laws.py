"""Random energy laws at every depth: `python tests/fuzz_laws.py 1000` looks for violations."""

from __future__ import annotations

import sys
import traceback
import warnings

import mpmath
import numpy as np
from tqdm import tqdm

import fbtools as fb

EPS = np.finfo(float).eps
EXTREMES = np.array([5e-324, 1e-308, 1e-300, 1e-200, 1e-100, 1e-16, 1e16, 1e100, 1e300, 1.7e308])
KINDS = ["geometric", "equal", "clustered", "one large", "two filters", "signal", "lumped"]
DEVIATIONS = np.array([0.0, 1e-9, 1e-3, 0.1, 0.5, 1, 3, 10, 30, 100, 1000])
P = np.array([5e-324, 1e-300, 1e-100, 1e-16, 1e-6, 0.05, 0.5, 0.95, 1 - 1e-6, 1 - EPS / 2])


def random_law(rng):
    """A kind of spectrum, J log-uniform from 1 to 10 000, T from 1 to 1024."""
    n_filters = int(10 ** rng.uniform(0, 4))
    length = int(2 ** rng.uniform(0, 10.01))
    decades = rng.uniform(0, 14)
    kind = rng.choice(KINDS)
    if kind == "signal":
        name = rng.choice(["brown_noise", "white_noise", "chirp", "sinusoid", "impulse"])
        size = length + int(rng.integers(0, 2 * length + 1))
        arguments = {
            "chirp": (0.01, 0.3),
            "sinusoid": (rng.uniform(0.001, 0.4),),
            "impulse": (),
        }.get(name, (int(rng.integers(1000)),))
        return name, fb.EnergyLaw(getattr(fb.signals, name)(size, *arguments), n_filters, length)
    if kind in ("geometric", "lumped"):
        spectrum = 10 ** -np.linspace(0, decades, length)
    elif kind == "equal":
        spectrum = np.ones(length)
    elif kind == "clustered":
        centres = 10 ** -rng.uniform(0, decades, 4)
        spectrum = rng.choice(centres, length) * (1 + 1e-9 * rng.standard_normal(length))
    elif kind == "one large":
        spectrum = np.concatenate([[1.0], np.full(length, 10**-decades)])
    else:
        n_filters, spectrum = 2, 10 ** -rng.uniform(0, decades, int(rng.integers(1, 16)))
    law = fb.EnergyLaw.from_eigenvalues(spectrum, n_filters)
    return str(kind), law.lumped(10 ** rng.uniform(-7, -1)) if kind == "lumped" else law


def oracle(name, law, q):
    """log P(ratio > q) and log P(ratio <= q) in many digits, where there is a closed form."""
    if name == "equal":
        return gamma_logs(law.n_filters * law.eigenvalues.size, q)
    if name == "two filters":
        return hypoexponential_logs(law.eigenvalues, q)
    return None


def gamma_logs(degrees, q):
    with mpmath.workdps(40):
        a, x = mpmath.mpf(degrees) / 2, mpmath.mpf(degrees) / 2 * mpmath.mpf(q)
        power = a * mpmath.log(x) - x - mpmath.loggamma(a)
        if x < a + 1:  # the series of the lower tail
            term = total = 1 / a
            n = 0
            while term > total * mpmath.mpf(10) ** -30:
                n += 1
                term *= x / (a + n)
                total += term
            lower = power + mpmath.log(total)
            return float(mpmath.log1p(-mpmath.exp(lower))), float(lower)
        b, c = x + 1 - a, mpmath.mpf(10) ** 60  # Lentz's continued fraction of the upper one
        d = 1 / b
        total, factor, n = d, mpmath.mpf(0), 0
        while abs(factor - 1) > mpmath.mpf(10) ** -30:
            n += 1
            b += 2
            d, c = 1 / (b - n * (n - a) * d), b - n * (n - a) / c
            factor = c * d
            total *= factor
        upper = power + mpmath.log(total)
        return float(upper), float(mpmath.log1p(-mpmath.exp(upper)))


def hypoexponential_logs(eigenvalues, q):
    """Partial fractions: their terms cancel down to q^n in the lower tail."""
    with mpmath.workdps(1000):
        scales = [mpmath.mpf(float(v)) for v in eigenvalues]
        upper = mpmath.mpf(0)
        for i, a in enumerate(scales):
            product = mpmath.fprod(a / (a - b) for j, b in enumerate(scales) if j != i)
            upper += product * mpmath.exp(-mpmath.mpf(q) / a)
        return float(mpmath.log(upper)), float(mpmath.log(1 - upper))


def violations(seed):
    """What is wrong with the law of this seed: nothing, if all is well."""
    rng = np.random.default_rng(seed)
    found = []
    with warnings.catch_warnings(), np.errstate(over="warn", divide="warn", invalid="warn"):
        warnings.simplefilter("error")
        try:
            name, law = random_law(rng)
            title = f"{name}, T = {law.filter_length}, J = {law.n_filters}"
            checks = {**_tails(name, law, rng), **_quantiles(law), **_draws(law)}
        except Exception:
            return [f"seed {seed}: {traceback.format_exc(limit=-2)}"]
    for what, wrong in checks.items():
        if wrong.size:
            found.append(f"seed {seed} ({title}): {what} at {wrong[:3]}")
    return found


def _tails(name, law, rng):
    around = 1 + law.std() * np.concatenate([-DEVIATIONS[::-1], DEVIATIONS])
    anywhere = 10.0 ** np.concatenate([rng.uniform(-323, 308, 10), rng.uniform(-5, 3, 10)])
    q = np.unique(np.concatenate([EXTREMES, around[around > 0], anywhere]))
    logs = _logs(law, q)
    wrong = {"a NaN": q[np.isnan(np.sum([*logs.values()], axis=0))]}
    wrong["cdf + sf"] = q[np.abs(np.exp(logs["cdf"]) + np.exp(logs["sf"]) - 1) > 1e-12]
    below, above = 1 - 1e-13, 1 + 1e-13  # integrated each, not one as the rest of the other
    gap = law.sf(above) + law.cdf(below) + law.pdf(1.0) * (above - below) - 1
    wrong["cdf + sf at the mean"] = np.array([1.0])[np.abs([gap]) > 1e-12]
    pairs = [(k, oracle(name, law, q[k])) for k in _few(q, law)]
    for i, (kind, sign) in enumerate((("sf", -1), ("cdf", 1))):
        unit = _unit(logs, kind, q)
        wrong[f"order of log{kind}"] = q[1:][-sign * np.diff(logs[kind]) > unit[1:]]
        bad = [k for k, pair in pairs if pair and abs(logs[kind][k] - pair[i]) > unit[k]]
        wrong[f"log{kind}"] = q[bad]
        far = np.flatnonzero((q > 1e-240) & (q < 1e4) & (sign * (q - 1) < 0))[::3]
        few = {key: values[far] for key, values in logs.items()}
        wrong[f"slope of log{kind}"] = q[far][_slope_is_wrong(law, kind, sign, q[far], few)]
    return wrong


def _logs(law, q):
    """All logarithms, but where one overflows to minus infinity a number that can be subtracted."""
    kinds = ("sf", "cdf", "pdf")
    return {kind: np.maximum(getattr(law, f"log{kind}")(q), -1e307) for kind in kinds}


def _unit(logs, kind, q):
    """What a few units of rounding, in q and in the logarithm, change in the logarithm."""
    slope = np.exp(np.minimum(np.log(q) + logs["pdf"] - logs[kind], 700))
    return 16 * EPS * (slope + np.abs(logs[kind])) + 2e-12


def _slope_is_wrong(law, kind, sign, q, logs):
    """Four-point difference in log q; its truncation is of order (h / standard deviation)^4."""
    h = 0.01 * min(law.std(), 1.0)
    steps = np.array([-2, -1, 1, 2])[:, None]
    at = getattr(law, f"log{kind}")(q * np.exp(h * steps))
    slope = (8 * (at[2] - at[1]) - at[3] + at[0]) / (12 * h)
    expected = sign * q * np.exp(logs["pdf"] - logs[kind])
    return np.abs(slope - expected) > 1e-5 * np.abs(expected) + _unit(logs, kind, q) / h


def _few(q, law):
    """Indices of some moderate numbers."""
    near = np.flatnonzero((q > 1e-30) & (np.abs(q - 1) < 300 * law.std()))
    return near[:: max(1, near.size // 6)]


def _quantiles(law):
    wrong = {}
    for inverse, kind, sign in ((law.ppf, "cdf", 1), (law.isf, "sf", -1)):
        q = inverse(P)
        wrong[f"order of {inverse.__name__}"] = P[1:][sign * np.diff(q) < -8 * EPS * q[1:]]
        p, q = P[q > 1e-300], q[q > 1e-300]
        logs = _logs(law, q)
        # Where the other tail is the smaller one, p itself says no more.
        gap = np.abs(logs[kind] - np.log(p))
        wrong[f"log{kind} of {inverse.__name__}"] = p[gap > _unit(logs, kind, q) + 4 * EPS]
        back = inverse(np.exp(logs[kind]))
        wrong[f"{inverse.__name__} of {kind}"] = p[(p <= 0.5) & (np.abs(back / q - 1) > 1e-9)]
    return wrong


def _draws(law):
    """Their mean: 1000 draws are off by 9 standard errors with a probability below 1e-12."""
    draws = law.rvs(1000, rng=0)
    wrong = not (draws >= 0).all() or abs(draws.mean() - 1) > 9 * law.std() / 1000**0.5
    return {"draws": draws[:1] if wrong else draws[:0]}


if __name__ == "__main__":
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    lines = [line for seed in tqdm(seeds) for line in violations(seed)]
    print("\n".join([*lines, f"{len(lines)} violations in {len(seeds)} laws."]))
    sys.exit(bool(lines))
