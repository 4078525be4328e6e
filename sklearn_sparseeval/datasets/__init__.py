"""Score matrices: real ones that ship with the package, and synthetic ones of any size."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
