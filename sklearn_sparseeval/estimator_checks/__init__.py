"""Checks that a selector keeps its contract, on top of scikit-learn's own."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
