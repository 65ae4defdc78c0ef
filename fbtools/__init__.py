"""Random FIR filterbanks: energy laws, frame bounds, tail bounds, and pictures of them.

``fbtools.__version__`` is the version, a string such as "0.1.0".
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

# Written out, since to ask importlib.metadata would cost every import some hundredths of a second;
# a test compares it with pyproject.toml and with the installed package.
__version__ = "0.1.0"
