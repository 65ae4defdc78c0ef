"""Packages that not every part needs: where one is missing, the command that adds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fbtools.validation import FilterbankError

EXTRAS = {
    "audio": ("librosa", "pooch", "soundfile", "soxr"),
    "display": ("IPython", "PIL", "cycler", "ipywidgets", "matplotlib", "soundfile"),
    "torch": ("torch",),
}


class MissingPackageError(ImportError, FilterbankError):
    """Raised where a package is needed that the light core does without.

    Examples
    --------
    >>> from fbtools.extras import needs
    >>> with needs("torch"):
    ...     raise ModuleNotFoundError("No module named 'torch'", name="torch")
    Traceback (most recent call last):
    ...
    fbtools.extras.MissingPackageError: torch is not installed: pip install ".[torch]" in a ...
    """


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Let a failed import name the extra that brings the package.

    Parameters
    ----------
    extra : {"audio", "display", "torch"}
        Extra of this package, as `pip` takes it.

    Yields
    ------
    None
        Nothing; the import stands in the block.

    Raises
    ------
    MissingPackageError
        If a package of the extra is imported in the block and is not there.

    Examples
    --------
    >>> with needs("audio"):
    ...     import soxr
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in EXTRAS[extra]:
            raise
        raise MissingPackageError(
            f'{package} is not installed: pip install ".[{extra}]" in a checkout of fbtools '
            "adds it.",
            name=package,
        ) from None
