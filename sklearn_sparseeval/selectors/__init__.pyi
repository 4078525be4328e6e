from .informative._collaborative_filtering import (
    CollaborativeFilteringSelector as CollaborativeFilteringSelector,
)
from .informative._disagreement import DisagreementSelector as DisagreementSelector
from .informative._fisher_information import FisherInformationSelector as FisherInformationSelector
from .predictive._genetic import GeneticSelector as GeneticSelector
from .predictive._lasso import LassoSelector as LassoSelector
from .predictive._random_search import RandomSearchSelector as RandomSearchSelector
from .predictive._refinement import RefinementStep as RefinementStep
from .predictive._sparse_eval import SparseEvalSelector as SparseEvalSelector
from .predictive._sparse_ridge import SparseRidgeSelector as SparseRidgeSelector
from .predictive._straight_through import StraightThroughSelector as StraightThroughSelector
from .probability._random import RandomSelector as RandomSelector
from .probability._stratified import StratifiedSelector as StratifiedSelector
from .representative._facility_location import FacilityLocationSelector as FacilityLocationSelector
from .representative._irt import IRTSelector as IRTSelector
from .representative._k_center import KCenterSelector as KCenterSelector
from .representative._k_means import KMeansSelector as KMeansSelector
from .representative._k_medoids import KMedoidsSelector as KMedoidsSelector
from .representative._tailored import TailoredSelector as TailoredSelector
