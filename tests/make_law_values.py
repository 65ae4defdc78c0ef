"""Tails of some energy laws by quadrature in 40 digits, compared with `data/law_values.json`.

`python tests/make_law_values.py` takes half a minute. With `--write` it stores what it computes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import mpmath
import numpy as np
from tqdm import tqdm

STORE = Path(__file__).with_name("data") / "law_values.json"

# Name of a law: its eigenvalues, J, and where to look.
LAWS = {
    "a dozen": (0.8 ** np.arange(12), 3, (1e-3, 0.2, 0.95, 1.05, 2.5, 100.0)),
    "ten decades": (0.1 ** np.arange(11.0), 40, (1e-7, 0.3, 1.0, 1.4, 30.0)),
    "two": (np.array([2.0, 1.0]), 8, (0.6, 1.6)),
}
CASES = [
    (name, kind, q)
    for name, (_, _, places) in LAWS.items()
    for kind in ("cdf", "sf", "pdf")
    for q in places
    # Beyond the mean a tail is integrated, near it seen from either side.
    if kind == "pdf" or (q < 1.1 if kind == "cdf" else q > 0.9)
]


def oracle_tail(eigenvalues, n_filters, q, kind):
    """Logarithm of a tail or density to 25 digits, along a hyperbola that leans to one in two."""
    with mpmath.workdps(40):
        total = mpmath.fsum(mpmath.mpf(float(value)) for value in eigenvalues)
        scales = [2 * mpmath.mpf(float(v)) / total / n_filters for v in eigenvalues if v > 0]
        k, q = mpmath.mpf(n_filters) / 2, mpmath.mpf(q)
        limit = 1 / max(scales)

        def exponent(s):
            return -k * mpmath.fsum(mpmath.log(1 - t * s) for t in scales) - s * q

        def slope(s):
            return k * mpmath.fsum(t / (1 - t * s) for t in scales) - q

        low = -len(scales) * k / q * 2 - 1
        high = limit * (1 - mpmath.mpf(10) ** -30)
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if slope(middle) < 0 else (low, middle)
        crossing = (low + high) / 2
        if kind == "sf":
            crossing = max(crossing, limit / 50)
        if kind == "cdf":
            crossing = min(crossing, -limit / 50)
        height = exponent(crossing)

        width = 1 / mpmath.sqrt(k * mpmath.fsum((t / (1 - t * crossing)) ** 2 for t in scales))

        def integrand(t):
            bend = mpmath.sqrt(t**2 + width**2)
            s = crossing + (bend - width) / 2 + 1j * t
            value = mpmath.exp(exponent(s) - height) * (t / bend / 2 + 1j)
            return (value if kind == "pdf" else value / s).imag

        # The integrand decays like exp(-q t / 2) or faster: cut where that is below 1e-30.
        cuts = [0, width / 2]
        while cuts[-1] < 140 / q + width:
            cuts.append(2 * cuts[-1])
        integral = mpmath.quad(integrand, cuts) / mpmath.pi
        log_value = height + mpmath.log(-integral if kind == "cdf" else integral)
        return float(log_value)


def compute(name, kind, q):
    """Logarithm of a tail or density of one of the laws."""
    eigenvalues, n_filters, _ = LAWS[name]
    return oracle_tail(eigenvalues, n_filters, q, kind)


def stored():
    """All values: pairs of a case and its logarithm."""
    return [(tuple(case), value) for case, value in json.loads(STORE.read_text())]


if __name__ == "__main__":
    values = [[list(case), compute(*case)] for case in tqdm(CASES)]
    if sys.argv[1:] == ["--write"]:
        STORE.parent.mkdir(exist_ok=True)
        STORE.write_text("[\n" + ",\n".join(map(json.dumps, values)) + "\n]\n")
    changed = [case for (case, new), (_, old) in zip(values, stored(), strict=True) if new != old]
    print(f"{len(changed)} of {len(values)} values differ: {changed}")
    sys.exit(bool(changed))
