"""Break each formula once, and see that a test notices.

    python tests/mutate.py            all mutants
    python tests/mutate.py bernstein  those whose name contains a word

Each mutant is one replacement in a copy of the package; the tests of its room must then fail. The
script lists the outcome and exits with 1 if a mutant survives.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Mutant(NamedTuple):
    """One replacement of `old` by `new` in fbtools/`room`.py, to be noticed by `tests`."""

    name: str
    room: str
    old: str
    new: str
    tests: str


MUTANTS = [
    # 4.1 moments, autocorrelation matrix, effective rank
    Mutant("variance of the weights is d/(J T)", "filterbanks",
           'np.sqrt(as_count(stride, "stride") / (shape[0] * shape[1]))',
           'np.sqrt(as_count(stride, "stride") / shape[1])', "filterbanks"),
    Mutant("the stride enters the variance", "filterbanks",
           'as_count(stride, "stride") / (shape', "1 / (shape", "filterbanks"),
    Mutant("Laplace weights have the same variance", "filterbanks",
           "generator.laplace(0.0, scale / np.sqrt(2), shape)",
           "generator.laplace(0.0, scale, shape)", "filterbanks"),
    Mutant("uniform weights have the same variance", "filterbanks",
           "generator.uniform(-np.sqrt(3), np.sqrt(3), shape)",
           "generator.uniform(-1.0, 1.0, shape)", "energy"),
    Mutant("convolution is circular on Z_N", "filterbanks",
           "fft.rfft(w, n=x.size, axis=-1)", "fft.rfft(w[:, ::-1], n=x.size, axis=-1)",
           "filterbanks"),
    Mutant("R(tau) is the transform of |X|^2", "energy",
           "np.abs(fft.rfft(signal)) ** 2", "np.abs(fft.rfft(signal))", "energy"),
    Mutant("r counts both signs of tau", "energy",
           "2.0 * (length - np.arange(length))", "1.0 * (length - np.arange(length))", "energy"),
    Mutant("r weights tau by T - |tau|", "energy",
           "2.0 * (length - np.arange(length))", "2.0 * np.full(length, length)", "energy"),
    Mutant("r is (tr Q)^2 / tr(Q^2)", "energy",
           "length**2 / float(counts @ correlation**2)",
           "length**2 / float(counts @ np.abs(correlation))", "energy"),
    Mutant("Var = 2/(J r)", "law",
           "2.0 / (self.n_filters * self.effective_rank)",
           "1.0 / (self.n_filters * self.effective_rank)", "law"),
    Mutant("simulated energies count both signs of frequency", "samplers",
           "weights[1 : (points + 1) // 2] *= 2", "weights[1 : points // 2] *= 2", "montecarlo"),
    Mutant("energies need R at both signs of tau", "samplers",
           "+= correlation[filter_length - 1 : 0 : -1]", "+= correlation[1:filter_length]",
           "montecarlo"),
    Mutant("even part of the Toeplitz matrix", "energy",
           "np.sqrt(2) * first_column[half:0:-1, None]", "first_column[half:0:-1, None]",
           "energy"),
    Mutant("odd part of the Toeplitz matrix", "energy",
           "near + far, near - far", "near + far, near + far", "energy"),
    Mutant("third cumulant", "law",
           "third = 8 * float(", "third = 4 * float(", "law"),
    Mutant("K has the factor J/2", "law",
           "GammaSum(self._scales, self.n_filters / 2)",
           "GammaSum(self._scales, self.n_filters / 2 + 0.5)", "law"),
    Mutant("theta = 2 lambda / (J sum lambda)", "law",
           "2 * positive / self.n_filters", "positive / self.n_filters", "law"),
    Mutant("gammas of shape J/2 are drawn", "law",
           "generator.standard_gamma(self.n_filters / 2,",
           "generator.standard_gamma(self.n_filters,", "law"),
    Mutant("the tail has a pole at 0", "contour",
           'if kind != "pdf":\n            values = values / (1 - v)',
           'if kind == "sf":\n            values = values / (1 - v)', "law"),
    Mutant("the integrand falls like exp(-s q)", "contour",
           "- height - x * shift) * slope", "- height) * slope", "law"),
    Mutant("the contour bends, and so does its derivative", "contour",
           "2 * bend * t / root + 1j * width", "bend * t / root + 1j * width", "law"),
    Mutant("the contour stays in the wedge", "contour",
           "2 * bend * t / (LEAN * width)", "0.0 * bend * t", "law"),
    Mutant("t = sinh(u)", "contour",
           "* slope * np.cosh(u)", "* slope", "law"),
    Mutant("trapezoidal rule halves the end", "contour",
           "terms[:, 0] / 2 + terms", "terms[:, 0] + terms", "law"),
    Mutant("the lower tail changes sign", "contour",
           '-total if kind == "cdf" else total', "total", "law"),
    Mutant("the saddle-point factor exp(K - s q)", "contour",
           "height - x * z0 + np.log", "height + x * z0 + np.log", "law"),
    Mutant("series for the small eigenvalues", "contour",
           "self.ratios[::-1] ** powers / powers", "self.ratios[::-1] ** powers", "law"),
    Mutant("the small eigenvalues are not dropped", "contour",
           "total = (total - self._tail_moments[p - 1, count]) * z", "total = total * z", "law"),
    Mutant("the density is per unit of q", "law",
           "log_scaled - np.log(self._gammas.scale)", "log_scaled", "law"),
    Mutant("beyond the mean each tail is computed itself", "law",
           "np.log1p(-np.exp(", "-(np.exp(", "law"),
    Mutant("density at zero for two degrees of freedom", "law",
           "-0.5 * self.n_filters * np.sum(", "-0.25 * self.n_filters * np.sum(", "law"),
    # 4.3 tail bounds
    Mutant("Cantelli", "tails",
           "law.var() / (law.var() + deviation**2)", "law.var() / (deviation**2)", "tails"),
    Mutant("Cantelli's inverse", "tails",
           "law.var() * (1 - level) / level", "law.var() / level", "tails"),
    Mutant("Bernstein's first constant is 4", "tails",
           "4 * deviation * law.eigenvalues[0] + 4 / law",
           "2 * deviation * law.eigenvalues[0] + 4 / law", "tails"),
    Mutant("Bernstein's second constant is 4", "tails",
           "law.eigenvalues[0] + 4 / law.effective_rank",
           "law.eigenvalues[0] + 2 / law.effective_rank", "tails"),
    Mutant("Bernstein uses the largest eigenvalue", "tails",
           "4 * deviation * law.eigenvalues[0]", "4 * deviation * law.eigenvalues.mean()",
           "tails"),
    Mutant("Bernstein's inverse", "tails",
           "2 * (linear + root) / law.n_filters", "2 * root / law.n_filters", "tails"),
    Mutant("Chernoff's exponent", "tails",
           "gammas.cumulant_generating_function(z) - z * x)",
           "0.9 * gammas.cumulant_generating_function(z) - z * x)", "tails"),
    Mutant("Chernoff's saddle point is that of the density", "tails",
           'z = 1 - gammas.saddle_point(x, "pdf")', 'z = 1 - gammas.saddle_point(x, "sf")',
           "tails"),
    Mutant("Lugannani-Rice, correction", "tails",
           "(1 / spread - 1 / signed_root)", "(1 / spread)", "tails"),
    Mutant("Lugannani-Rice at the mean", "tails",
           "law.skewness() / (6 *", "law.skewness() / (3 *", "tails"),
    # 4.4 frame bounds
    Mutant("S is a sum of squares", "frames",
           "np.abs(fft.rfft(folded, axis=-1)) ** 2", "np.abs(fft.rfft(folded, axis=-1))",
           "frames"),
    Mutant("filters longer than the grid are folded", "frames",
           ".sum(axis=1)\n        total", ".mean(axis=1)\n        total", "frames"),
    Mutant("the stretch of Ehlich and Zeller", "certificate",
           "half / np.cos(np.pi * degree / points)", "half", "frames"),
    Mutant("the angle of Ehlich and Zeller", "certificate",
           "np.cos(np.pi * degree / points)", "np.cos(2 * np.pi * degree / points)", "frames"),
    Mutant("Taylor's remainder is subtracted", "certificate",
           "- third * r**3 / 6", "+ third * r**3 / 6", "frames"),
    Mutant("the slope of S", "certificate",
           "slope = 2 * np.sum(", "slope = np.sum(", "frames"),
    Mutant("the curvature of S", "certificate",
           "np.abs(first) ** 2 - (zeroth", "np.abs(first) ** 2 + (zeroth", "frames"),
    Mutant("every open cell is halved", "certificate",
           "np.concatenate([centre - radius, centre + radius])",
           "np.concatenate([centre, centre])", "frames"),
    Mutant("polyphase components", "frames",
           "np.exp(-1j * np.outer(angles, np.arange(blocks)))",
           "np.exp(-2j * np.outer(angles, np.arange(blocks)))", "frames"),
    Mutant("frame bounds are squared singular values", "frames",
           "np.linalg.svd(matrices, compute_uv=False) ** 2",
           "np.linalg.svd(matrices, compute_uv=False)", "frames"),
    Mutant("J < d is not a frame", "frames",
           "if w.shape[0] >= stride:", "if True:", "frames"),
    Mutant("rounding is zero", "frames",
           "return 0.0 if lower <=", "return lower if lower <=", "frames"),
    Mutant("the dual is a pseudo-inverse", "duals",
           "(u / s[:, None, :]) @ vh", "(u / s[:, None, :] ** 2) @ vh", "duals"),
    Mutant("the tight frame is the polar factor", "duals",
           "u, _, vh = np.linalg.svd(matrices, full_matrices=False)\n    return np.asarray(u @ vh)",
           "u, s, vh = np.linalg.svd(matrices, full_matrices=False)\n"
           "    return np.asarray((u * s[:, None, :]) @ vh)", "duals"),
    Mutant("synthesis is the adjoint", "duals",
           "transfer.conj() * fft", "transfer * fft", "duals"),
    # 4.5 to 4.7 extremes
    Mutant("two bins are real when N is even", "extremes",
           "n_real = 2 - n % 2", "n_real = 0", "extremes"),
    Mutant("a Gamma(J) at every other bin", "extremes",
           "n_real * real.logcdf(q) + n_complex * other.logcdf(q)",
           "n_real * real.logcdf(q) + n_complex * real.logcdf(q)", "extremes"),
    Mutant("Rice's exponent J - 1/2", "crossings",
           "(n_filters - 0.5) * np.log(u)", "(n_filters - 1.0) * np.log(u)", "extremes"),
    Mutant("the second spectral moment (T^2 - 1)/12", "crossings",
           "return np.asarray(np.pi * np.sqrt((filter_length**2 - 1) / (12 * np.pi))",
           "return np.asarray(np.pi * np.sqrt((filter_length**2 - 1) / (3 * np.pi))", "extremes"),
    Mutant("real and imaginary parts differ near DC", "crossings",
           "x / (2 * px) - j * y / (2 * py)", "x - j * y", "extremes"),
    Mutant("Kibble's law", "crossings",
           "u = n_filters * level / (1 - squared)", "u = n_filters * level", "extremes"),
    Mutant("correlation of neighbouring bins", "extremes",
           "np.sin(np.pi * t / n) / (t * np.sin(np.pi / n))", "np.cos(np.pi * t / n)", "extremes"),
    Mutant("the branches of Lambert's function", "scaling",
           "special.lambertw(argument, -1)", "special.lambertw(argument, 0)", "extremes"),
    Mutant("the mean of 1/A", "extremes",
           "self._weights / self._nodes**2", "self._weights / self._nodes", "extremes"),
    # 4.8 strides
    Mutant("Marchenko-Pastur edges", "scaling",
           "ratio = np.sqrt(d / j)", "ratio = d / j", "strides"),
    Mutant("Laguerre functions of order J - d", "wishart",
           "order = n_rows - n_columns\n", "order = n_rows - n_columns + 1\n", "strides"),
    Mutant("real matrices: order J - d - 1", "wishart",
           "order = n_rows - n_columns - 1", "order = n_rows - n_columns", "strides"),
    Mutant("three terms of the Laguerre recurrence", "wishart",
           "2 * k + 1 + order - t", "2 * k + 2 + order - t", "strides"),
    Mutant("the Pfaffian is the root of a determinant", "wishart",
           "np.linalg.slogdet(matrix)[1] / 2", "np.linalg.slogdet(matrix)[1]", "strides"),
    Mutant("slope of an eigenvalue", "extremes",
           "((t / d) ** 2 - 1) / (12 * np.pi)", "((t / d) ** 2 - 1) / (3 * np.pi)", "strides"),
    Mutant("real fibres at N = T", "extremes",
           "n_real = 2 - t // d % 2", "n_real = 0", "strides"),
    Mutant("both ends are real fibres", "extremes",
           "ends = real + (1 - d / t) * (real - other)", "ends = other", "strides"),
    Mutant("excursions shorter than the grid", "extremes",
           "special.erf(durations)", "durations", "strides"),
    Mutant("G_l with 1/d", "aliasing", "return terms / d", "return terms", "aliasing"),
    Mutant("an alias is shifted by 2 pi l / d", "aliasing",
           "np.exp(2j * np.pi * np.outer", "np.exp(-2j * np.pi * np.outer", "aliasing"),
    Mutant("Var G_l: pseudo-covariance", "aliasing",
           "2 * omega - shift", "2 * omega", "aliasing"),
    Mutant("Var G_l: kurtosis", "aliasing",
           "1 + square + kurtosis / t", "1 + square", "aliasing"),
    Mutant("the best step of the frame algorithm", "duals",
           "2 / (bounds.lower + bounds.upper)", "1 / (bounds.lower + bounds.upper)", "duals"),
    # samplers
    Mutant("shapes of lumped gammas", "few_gammas", "shape * v / t", "shape * v", "samplers"),
    Mutant("weights of Gauss's rule", "few_gammas",
           "beside[0] ** 2 * vectors[0] ** 2", "vectors[0] ** 2 / 2", "samplers"),
    Mutant("modulus of the characteristic function", "few_gammas",
           "np.log1p(products**2) @ exponents / 2", "np.log1p(products**2) @ exponents",
           "samplers"),
    Mutant("Box-Muller's radius", "variates", "np.float32(-2.0)", "np.float32(-2.1)", "samplers"),
    Mutant("Bartlett's degrees of freedom", "variates",
           "(j - np.arange(t)) / 2", "(j - 0 * np.arange(t)) / 2", "samplers"),
    Mutant("chi, not its half", "variates", "np.sqrt(2 * halves)", "np.sqrt(halves)", "samplers"),
    Mutant("the least of those below the largest", "variates",
           "/ (count - 1))", "/ count)", "samplers"),
    Mutant("independent bins between DC and Nyquist", "samplers",
           "n_complex = (self.signal_length - n_real) // 2", "n_complex = self.signal_length // 2",
           "samplers"),
    Mutant("chi-square variables at DC and Nyquist", "samplers",
           "2 * rng.standard_gamma(self.n_filters / 2,", "rng.standard_gamma(self.n_filters,",
           "samplers"),
    Mutant("2 T - 1 points hold the autocorrelation", "samplers",
           "points = min(n, fft.next_fast_len(2 * t - 1, real=True))",
           "points = min(n, fft.next_fast_len(2 * t - 2, real=True))", "samplers"),
    Mutant("both signs of tau in a cosine sum", "samplers",
           "2 * fft.rfft(r, n=n, axis=-1).real - r[:, :1]", "fft.rfft(r, n=n, axis=-1).real",
           "samplers"),
    Mutant("the stride enters the simulated bounds", "samplers",
           "out * (d / (j * t))", "out / (j * t)", "samplers"),
    Mutant("S'' at the cells of a cosine sum", "extrema",
           "start**2 * zeroth + 2 * start * once", "start**2 * zeroth + start * once", "samplers"),
    Mutant("remainder of a parabola", "extrema",
           "third = degree**3 * half", "third = 0 * half", "samplers"),
    Mutant("cells beside the least point of a grid", "extrema",
           "slack = half * (degree * radius) ** 2 / 2", "slack = 0 * half", "samplers"),
    Mutant("fibres beside the least of a grid", "fibre_extremes",
           "slack = half * (degree * radius) ** 2 / 2", "slack = 0 * half", "samplers"),
    Mutant("reach of a run of fibres", "fibre_extremes",
           "reach = degree * unit *", "reach = 0 * unit *", "samplers"),
    Mutant("C_0 is halved", "fibre_extremes", "lags[:, 0] /= 2", "lags[:, 0] /= 1", "samplers"),
    Mutant("2 x 2 Gram matrices are Hermitian", "fibre_extremes",
           "+ halves[..., -1, 0].conj()", "+ halves[..., -1, 0]", "samplers"),
    Mutant("every chunk has its own stream", "sweeps",
           "sizes[index], seeds[index])", "sizes[index], seeds[0])", "montecarlo"),
    Mutant("chunks of another seed are refused", "sweeps",
           '"entropy": str(seed.entropy),', "", "sweeps"),
]  # fmt: skip


def run(mutant: Mutant, folder: Path) -> bool:
    """Whether the room's tests fail on the mutant (and did run)."""
    shutil.copytree(ROOT / "fbtools", folder / "fbtools")
    shutil.copytree(ROOT / "tests", folder / "tests")
    shutil.copy(ROOT / "pyproject.toml", folder)
    source = folder / "fbtools" / f"{mutant.room}.py"
    source.write_text(source.read_text().replace(mutant.old, mutant.new))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [*command, str(folder / "tests" / f"test_{mutant.tests}.py")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode not in (0, 1):
        raise RuntimeError(f"{mutant.name}: the tests did not run\n{result.stdout[-2000:]}")
    return result.returncode == 1


def main() -> int:
    """Run the mutants whose names contain the words given, and list what became of them."""
    words = [word.lower() for word in sys.argv[1:]]
    chosen = [m for m in MUTANTS if all(word in m.name.lower() for word in words)]
    survivors = 0
    for mutant in chosen:
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            noticed = run(mutant, Path(folder))
        survivors += not noticed
        verdict = "noticed " if noticed else "SURVIVED"
        print(
            f"{verdict} {time.monotonic() - start:5.1f} s  {mutant.room}: {mutant.name}", flush=True
        )
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants noticed")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
