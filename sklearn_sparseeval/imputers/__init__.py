"""Imputers: fill a target's missing results from those of the source models."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
