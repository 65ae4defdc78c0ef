"""The method of Lanczos: a symmetric matrix as a small tridiagonal one, from products alone.

The ground floor of this room: `toeplitz` has it find the eigenvalues that stand out, and
`few_eigenvalues` the nodes of Gauss's quadrature.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fbtools.validation import FloatArray

__all__ = ["lanczos"]


def lanczos(
    product: Callable[[FloatArray], FloatArray], start: FloatArray, steps: int, tolerance: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Orthonormal basis of a Krylov space in which a symmetric matrix is tridiagonal.

    Parameters
    ----------
    product : callable
        Product of the matrix with a vector.
    start : ndarray of float64, shape (n,)
        First vector, of any norm but 0.
    steps : int
        Largest number m of vectors.
    tolerance : float
        Stop where what is left, over the size of the entries, is rounding: the space is invariant.

    Returns
    -------
    diagonal, beside : ndarray of float64, shape (m,)
        Entries of the tridiagonal matrix. The last one beside couples to what is left.
    basis : ndarray of float64, shape (m, n)
        Orthonormal rows.

    Notes
    -----
    Each vector is orthogonalised against all before, twice: then they are orthogonal to rounding.

    References
    ----------
    Golub and Van Loan (2013), "Matrix Computations", chapter 10.

    Examples
    --------
    >>> import numpy as np
    >>> d = np.array([1.0, 2.0, 4.0])
    >>> diagonal, beside, basis = lanczos(lambda v: d * v, np.ones(3), steps=3, tolerance=1e-15)
    >>> np.linalg.eigvalsh(np.diag(diagonal) + np.diag(beside[:2], 1) + np.diag(beside[:2], -1))
    array([1., 2., 4.])
    """
    basis = np.zeros((steps, start.size))
    diagonal, beside = np.zeros(steps), np.zeros(steps)
    v = start / np.linalg.norm(start)
    for n in range(steps):
        basis[n] = v
        v = product(v)
        diagonal[n] = basis[n] @ v
        for _ in range(2):
            v -= (basis[: n + 1] @ v) @ basis[: n + 1]
        beside[n] = np.linalg.norm(v)
        if beside[n] <= tolerance * (abs(diagonal[: n + 1]).max() + beside.max()):
            beside[n], steps = 0.0, n + 1
            break
        v /= beside[n]
    return diagonal[:steps], beside[:steps], basis[:steps]
