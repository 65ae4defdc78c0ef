"""What is known of one bank: frame bounds with certificates, duals, tight banks, aliasing."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
