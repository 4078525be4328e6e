"""How good predicted benchmark scores are: their error, the order of the models, the intervals."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
