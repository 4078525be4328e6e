"""Predict a language model's full-benchmark score from a few chosen items."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._lazy import lazy_attributes

if TYPE_CHECKING:
    from sklearn_sparseeval._methods import methods
    from sklearn_sparseeval.anchored import AnchoredRegressor
    from sklearn_sparseeval.base import AnchorSelector
    from sklearn_sparseeval.imputers import (
        CollaborativeFilteringImputer,
        IRTImputer,
        ItemRidgeImputer,
        LowRankImputer,
        NeighborImputer,
    )
    from sklearn_sparseeval.item_response import ItemResponseModel
    from sklearn_sparseeval.persistence import (
        PredictorError,
        SavedPredictor,
        load_predictor,
        save_predictor,
    )
    from sklearn_sparseeval.regressors import (
        AIPWRegressor,
        CalibratedMeanRegressor,
        DifferenceRegressor,
        GPIRTRegressor,
        ImputedScoreRegressor,
        MLPScoreRegressor,
        PIRTRegressor,
        ResidualRidgeRegressor,
        SignatureRegressor,
        WeightedMeanRegressor,
    )
    from sklearn_sparseeval.selectors import (
        CollaborativeFilteringSelector,
        DisagreementSelector,
        FacilityLocationSelector,
        FisherInformationSelector,
        GeneticSelector,
        IRTSelector,
        KCenterSelector,
        KMeansSelector,
        KMedoidsSelector,
        LassoSelector,
        RandomSearchSelector,
        RandomSelector,
        SparseEvalSelector,
        SparseRidgeSelector,
        StraightThroughSelector,
        StratifiedSelector,
        TailoredSelector,
    )

__version__ = "0.1.0"

__all__ = [
    "AIPWRegressor",
    "AnchorSelector",
    "AnchoredRegressor",
    "CalibratedMeanRegressor",
    "CollaborativeFilteringImputer",
    "CollaborativeFilteringSelector",
    "DifferenceRegressor",
    "DisagreementSelector",
    "FacilityLocationSelector",
    "FisherInformationSelector",
    "GPIRTRegressor",
    "GeneticSelector",
    "IRTImputer",
    "IRTSelector",
    "ImputedScoreRegressor",
    "ItemResponseModel",
    "ItemRidgeImputer",
    "KCenterSelector",
    "KMeansSelector",
    "KMedoidsSelector",
    "LassoSelector",
    "LowRankImputer",
    "MLPScoreRegressor",
    "NeighborImputer",
    "PIRTRegressor",
    "PredictorError",
    "RandomSearchSelector",
    "RandomSelector",
    "ResidualRidgeRegressor",
    "SavedPredictor",
    "SignatureRegressor",
    "SparseEvalSelector",
    "SparseRidgeSelector",
    "StraightThroughSelector",
    "StratifiedSelector",
    "TailoredSelector",
    "WeightedMeanRegressor",
    "__version__",
    "load_predictor",
    "methods",
    "save_predictor",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "AIPWRegressor": ".regressors",
        "AnchorSelector": ".base",
        "AnchoredRegressor": ".anchored",
        "CalibratedMeanRegressor": ".regressors",
        "CollaborativeFilteringImputer": ".imputers",
        "CollaborativeFilteringSelector": ".selectors",
        "DifferenceRegressor": ".regressors",
        "DisagreementSelector": ".selectors",
        "FacilityLocationSelector": ".selectors",
        "FisherInformationSelector": ".selectors",
        "GPIRTRegressor": ".regressors",
        "GeneticSelector": ".selectors",
        "IRTImputer": ".imputers",
        "IRTSelector": ".selectors",
        "ImputedScoreRegressor": ".regressors",
        "ItemResponseModel": ".item_response",
        "ItemRidgeImputer": ".imputers",
        "KCenterSelector": ".selectors",
        "KMeansSelector": ".selectors",
        "KMedoidsSelector": ".selectors",
        "LassoSelector": ".selectors",
        "LowRankImputer": ".imputers",
        "MLPScoreRegressor": ".regressors",
        "NeighborImputer": ".imputers",
        "PIRTRegressor": ".regressors",
        "PredictorError": ".persistence",
        "RandomSearchSelector": ".selectors",
        "RandomSelector": ".selectors",
        "ResidualRidgeRegressor": ".regressors",
        "SavedPredictor": ".persistence",
        "SignatureRegressor": ".regressors",
        "SparseEvalSelector": ".selectors",
        "SparseRidgeSelector": ".selectors",
        "StraightThroughSelector": ".selectors",
        "StratifiedSelector": ".selectors",
        "TailoredSelector": ".selectors",
        "WeightedMeanRegressor": ".regressors",
        "load_predictor": ".persistence",
        "methods": "._methods",
        "save_predictor": ".persistence",
    },
)


def __dir__() -> list[str]:
    return __all__
