"""The long runs of the book, and the ledger of what was published and what came out."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
