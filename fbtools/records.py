"""Values: objects that never change, and that are equal when all that they hold is equal."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, cast

import numpy as np

__all__ = ["Value", "read_only"]


class Value:
    """Base of laws and results: frozen, equal by value, with read-only arrays.

    A dataclass is one if it is ``@dataclass(frozen=True, eq=False)`` and derives from this. Another
    class calls `_set` in place of assignments, and says in `_values` what two of a kind are
    compared by.

    Notes
    -----
    Two are equal if they are of one class and hold equal values: arrays of one shape with equal
    entries, NaN like NaN. The hash agrees with that; it counts neither the entries of arrays nor
    the contents of dictionaries. Pickles and copies give the same values, read-only again.

    Examples
    --------
    >>> import copy
    >>> import fbtools as fb
    >>> law = fb.EnergyLaw.from_eigenvalues([2.0, 1.0], n_filters=5)
    >>> copy.deepcopy(law) == law == fb.EnergyLaw.from_eigenvalues([4.0, 2.0], n_filters=5)
    True
    >>> law.n_filters = 1000
    Traceback (most recent call last):
    ...
    dataclasses.FrozenInstanceError: n_filters cannot be changed: make another EnergyLaw.
    """

    _writeable: ClassVar[tuple[str, ...]] = ()  # what must stay so, such as weights to be trained

    def __post_init__(self) -> None:
        self._set(**dict(vars(self)))

    def __setattr__(self, name: str, value: object) -> None:
        raise self._frozen(name)

    def __delattr__(self, name: str) -> None:
        raise self._frozen(name)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set(**state)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self is other or _equal(self._values(), other._values())

    def __hash__(self) -> int:
        return hash((type(self), _hash(self._values())))

    def _values(self) -> tuple[Any, ...]:
        """What two of a kind are compared by; of a dataclass, its fields."""
        fields = dataclasses.fields(cast("Any", self))
        return tuple(getattr(self, field.name) for field in fields)

    def _set(self, **attributes: Any) -> None:
        for name, value in attributes.items():
            vars(self)[name] = value if name in self._writeable else read_only(value)

    def _frozen(self, name: str) -> dataclasses.FrozenInstanceError:
        return dataclasses.FrozenInstanceError(
            f"{name} cannot be changed: make another {type(self).__name__}."
        )


def read_only(value: Any) -> Any:
    """Return a value whose arrays cannot be written to; the caller's own stay as they are.

    Parameters
    ----------
    value : object
        An array, a tuple, list or dictionary that may hold arrays, or anything else.

    Returns
    -------
    object
        A read-only copy of an array, a new container of such copies, or `value` itself.

    Examples
    --------
    >>> import numpy as np
    >>> w = np.zeros(2)
    >>> read_only((w, 1))[0].flags.writeable, w.flags.writeable
    (False, True)
    """
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value = value.copy()
        value.flags.writeable = False
    elif type(value) in (tuple, list):
        return type(value)(map(read_only, value))
    elif type(value) is dict:
        return {key: read_only(part) for key, part in value.items()}
    return value


def _equal(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if type(a) is not type(b):
        return bool(a == b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_equal(part, b[key]) for key, part in a.items())
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(_equal, a, b))
    return bool(a == b or (a != a and b != b))


def _hash(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return hash(value.shape)
    if isinstance(value, tuple):
        return hash(tuple(map(_hash, value)))
    if isinstance(value, (dict, list)) or value != value:
        return hash(type(value))
    return hash(value)
