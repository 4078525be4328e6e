"""Selectors: choose the anchor items of a benchmark."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._lazy import lazy_attributes

if TYPE_CHECKING:
    from sklearn_sparseeval.selectors._collaborative_filtering import CollaborativeFilteringSelector
    from sklearn_sparseeval.selectors._disagreement import DisagreementSelector
    from sklearn_sparseeval.selectors._facility_location import FacilityLocationSelector
    from sklearn_sparseeval.selectors._fisher_information import FisherInformationSelector
    from sklearn_sparseeval.selectors._genetic import GeneticSelector
    from sklearn_sparseeval.selectors._irt import IRTSelector
    from sklearn_sparseeval.selectors._k_center import KCenterSelector
    from sklearn_sparseeval.selectors._k_means import KMeansSelector
    from sklearn_sparseeval.selectors._k_medoids import KMedoidsSelector
    from sklearn_sparseeval.selectors._lasso import LassoSelector
    from sklearn_sparseeval.selectors._random import RandomSelector
    from sklearn_sparseeval.selectors._random_search import RandomSearchSelector
    from sklearn_sparseeval.selectors._refinement import RefinementStep
    from sklearn_sparseeval.selectors._sparse_eval import SparseEvalSelector
    from sklearn_sparseeval.selectors._sparse_ridge import SparseRidgeSelector
    from sklearn_sparseeval.selectors._straight_through import StraightThroughSelector
    from sklearn_sparseeval.selectors._stratified import StratifiedSelector
    from sklearn_sparseeval.selectors._tailored import TailoredSelector

__all__ = [
    "CollaborativeFilteringSelector",
    "DisagreementSelector",
    "FacilityLocationSelector",
    "FisherInformationSelector",
    "GeneticSelector",
    "IRTSelector",
    "KCenterSelector",
    "KMeansSelector",
    "KMedoidsSelector",
    "LassoSelector",
    "RandomSearchSelector",
    "RandomSelector",
    "RefinementStep",
    "SparseEvalSelector",
    "SparseRidgeSelector",
    "StraightThroughSelector",
    "StratifiedSelector",
    "TailoredSelector",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "CollaborativeFilteringSelector": "._collaborative_filtering",
        "DisagreementSelector": "._disagreement",
        "FacilityLocationSelector": "._facility_location",
        "FisherInformationSelector": "._fisher_information",
        "GeneticSelector": "._genetic",
        "IRTSelector": "._irt",
        "KCenterSelector": "._k_center",
        "KMeansSelector": "._k_means",
        "KMedoidsSelector": "._k_medoids",
        "LassoSelector": "._lasso",
        "RandomSearchSelector": "._random_search",
        "RandomSelector": "._random",
        "RefinementStep": "._refinement",
        "SparseEvalSelector": "._sparse_eval",
        "SparseRidgeSelector": "._sparse_ridge",
        "StraightThroughSelector": "._straight_through",
        "StratifiedSelector": "._stratified",
        "TailoredSelector": "._tailored",
    },
)


def __dir__() -> list[str]:
    return __all__
