"""Drawing many banks: samplers that need no filters, and sweeps that can be interrupted."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
