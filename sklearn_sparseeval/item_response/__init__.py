"""Item response theory: what the abilities of models and the difficulty of items say of results."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
