"""Score regressors: predict a model's benchmark score from its results on the anchors."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._lazy import lazy_attributes

if TYPE_CHECKING:
    from sklearn_sparseeval.regressors._difference import DifferenceRegressor
    from sklearn_sparseeval.regressors._mlp import MLPScoreRegressor
    from sklearn_sparseeval.regressors._residual_ridge import ResidualRidgeRegressor
    from sklearn_sparseeval.regressors._weighted_mean import WeightedMeanRegressor

__all__ = [
    "DifferenceRegressor",
    "MLPScoreRegressor",
    "ResidualRidgeRegressor",
    "WeightedMeanRegressor",
]

# The MLP brings torch; whoever uses only the other regressors should not wait for it.
__getattr__ = lazy_attributes(
    __name__,
    {
        "DifferenceRegressor": "._difference",
        "MLPScoreRegressor": "._mlp",
        "ResidualRidgeRegressor": "._residual_ridge",
        "WeightedMeanRegressor": "._weighted_mean",
    },
)


def __dir__() -> list[str]:
    return __all__
