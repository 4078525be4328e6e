"""The long table, and what every harness's folder needs to make one of its files."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
