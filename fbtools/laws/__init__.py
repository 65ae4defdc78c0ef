"""What is known of a random bank before it is drawn: laws of its energy and of its frame bounds."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
