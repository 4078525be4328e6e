"""Score regressors: predict a model's benchmark score from its results on the anchors."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._lazy import lazy_attributes

if TYPE_CHECKING:
    from sklearn_sparseeval.regressors._aipw import AIPWRegressor
    from sklearn_sparseeval.regressors._calibrated_mean import CalibratedMeanRegressor
    from sklearn_sparseeval.regressors._difference import DifferenceRegressor
    from sklearn_sparseeval.regressors._gpirt import GPIRTRegressor
    from sklearn_sparseeval.regressors._imputed_score import ImputedScoreRegressor
    from sklearn_sparseeval.regressors._mlp import MLPScoreRegressor
    from sklearn_sparseeval.regressors._pirt import PIRTRegressor
    from sklearn_sparseeval.regressors._residual_ridge import ResidualRidgeRegressor
    from sklearn_sparseeval.regressors._signature import SignatureRegressor
    from sklearn_sparseeval.regressors._weighted_mean import WeightedMeanRegressor

__all__ = [
    "AIPWRegressor",
    "CalibratedMeanRegressor",
    "DifferenceRegressor",
    "GPIRTRegressor",
    "ImputedScoreRegressor",
    "MLPScoreRegressor",
    "PIRTRegressor",
    "ResidualRidgeRegressor",
    "SignatureRegressor",
    "WeightedMeanRegressor",
]

# The MLP brings torch; whoever uses only the other regressors should not wait for it.
__getattr__ = lazy_attributes(
    __name__,
    {
        "AIPWRegressor": "._aipw",
        "CalibratedMeanRegressor": "._calibrated_mean",
        "DifferenceRegressor": "._difference",
        "GPIRTRegressor": "._gpirt",
        "ImputedScoreRegressor": "._imputed_score",
        "MLPScoreRegressor": "._mlp",
        "PIRTRegressor": "._pirt",
        "ResidualRidgeRegressor": "._residual_ridge",
        "SignatureRegressor": "._signature",
        "WeightedMeanRegressor": "._weighted_mean",
    },
)


def __dir__() -> list[str]:
    return __all__
