"""Score regressors: predict a model's benchmark score from its results on the anchors."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._lazy import lazy_attributes

if TYPE_CHECKING:
    from sklearn_sparseeval.regressors._mlp import MLPScoreRegressor

__all__ = ["MLPScoreRegressor"]

# The MLP brings torch; whoever uses only the other regressors should not wait for it.
__getattr__ = lazy_attributes(__name__, {"MLPScoreRegressor": "._mlp"})


def __dir__() -> list[str]:
    return __all__
