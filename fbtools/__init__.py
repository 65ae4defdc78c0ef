"""Random FIR filterbanks: energy laws, frame bounds, tail bounds, and pictures of them.

``fbtools.__version__`` is the version, a string such as "0.1.0".
"""

import importlib

import lazy_loader

_attached, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name):
    if name not in __all__ and not name.startswith("_"):
        from fbtools.moved import PLACES, find

        if name in PLACES:
            return find(name)
        if name == "pytorch":  # not in the stub: what asks for all names must not need PyTorch
            return importlib.import_module("fbtools.pytorch")
    return _attached(name)


# Written out, since to ask importlib.metadata would cost every import some hundredths of a second;
# a test compares it with pyproject.toml and with the installed package.
__version__ = "0.1.0"
