"""Score regressors: predict a model's benchmark score from its results on the anchors."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
