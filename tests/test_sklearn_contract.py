"""Every public estimator passes all checks of scikit-learn and those it keeps for itself."""

import inspect
import re

import pytest
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks
from sklearn.utils.fixes import parse_version
from sklearn.utils.validation import has_fit_parameter

import sklearn_sparseeval
from sklearn_sparseeval import (
    AIPWRegressor,
    AnchoredIntervalRegressor,
    AnchoredRegressor,
    AutoAnchoredRegressor,
    AveragedScoreRegressor,
    CalibratedMeanRegressor,
    CollaborativeFilteringImputer,
    CollaborativeFilteringSelector,
    CurveScoreRegressor,
    DifferenceRegressor,
    DisagreementSelector,
    FacilityLocationSelector,
    FisherInformationSelector,
    GeneticSelector,
    GPIRTRegressor,
    ImputedScoreRegressor,
    IRTImputer,
    IRTSelector,
    ItemResponseModel,
    ItemRidgeImputer,
    KCenterSelector,
    KernelScoreRegressor,
    KMeansSelector,
    KMedoidsSelector,
    LassoSelector,
    LowRankImputer,
    MLPScoreRegressor,
    NeighborImputer,
    PIRTRegressor,
    RaisedRidgeRegressor,
    RandomSearchSelector,
    RandomSelector,
    ResidualRidgeRegressor,
    SignatureRegressor,
    SparseEvalSelector,
    SparseRidgeSelector,
    StraightThroughSelector,
    StratifiedSelector,
    SupportVectorScoreRegressor,
    TailoredSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.selectors.predictive import _sparse_eval

pytestmark = pytest.mark.contract

# One swap from one start: the battery fits some two hundred times.
QUICK = {"n_init": 1, "n_refinements": 1}
CONFIGURATIONS = [
    SparseEvalSelector(**QUICK),
    SparseEvalSelector(proxy="linear", **QUICK),
    SparseEvalSelector(proxy=Ridge(), keep="best", n_init=2, n_refinements=3),
    SparseEvalSelector(proxy=Ridge(), init="random", missing_anchors="keep"),
    SparseEvalSelector(importance="corrected", proxy=Ridge(), n_init=1),
    SparseRidgeSelector(),
    SparseRidgeSelector(alpha=2.0, shrink_to_mean=0.0, exchange=False),
    SparseRidgeSelector(strata="latent", exchange="once"),
    SparseRidgeSelector(shrink_to_mean=1.0, n_components=2, missing_anchors="keep"),
    StraightThroughSelector(max_iter=20),
    StraightThroughSelector(
        max_iter=5, n_folds=2, rank_weight=0, temperature=(0.5, 0.5), missing_anchors="keep"
    ),
    RandomSelector(),
    StratifiedSelector(),
    StratifiedSelector(features="difficulty", missing_anchors="keep"),
    KMeansSelector(),
    KMeansSelector(n_init=1, missing_anchors="keep"),
    KMedoidsSelector(),
    KMedoidsSelector(metric="euclidean", missing_anchors="keep"),
    KCenterSelector(),
    KCenterSelector(metric="correlation"),
    FacilityLocationSelector(),
    FacilityLocationSelector(metric="cosine", missing_anchors="keep"),
    DisagreementSelector(),
    DisagreementSelector(measure="entropy", n_bins=4, missing_anchors="keep"),
    DisagreementSelector(measure="pds"),
    LassoSelector(),
    RandomSearchSelector(n_candidates=5),
    RandomSearchSelector(n_candidates=5, criterion="mean", missing_anchors="keep"),
    GeneticSelector(population_size=8, n_generations=2, n_elite=1, n_rounds=1),
    GeneticSelector(
        population_size=4,
        n_generations=0,
        n_elite=0,
        n_rounds=0,
        max_correlation=0.5,
        missing_anchors="keep",
    ),
    TailoredSelector(),
    TailoredSelector(n_probes=1, n_neighbors=2, missing_anchors="keep"),
    IRTSelector(n_init=1),
    IRTSelector(
        item_response_model=ItemResponseModel(n_dimensions=2), n_init=1, missing_anchors="keep"
    ),
    FisherInformationSelector(),
    FisherInformationSelector(
        item_response_model=ItemResponseModel(n_dimensions=2), n_bins=3, missing_anchors="keep"
    ),
    ItemResponseModel(),
    ItemResponseModel(n_dimensions=1),
    ItemResponseModel(n_dimensions=3, max_iter=1000),
    IRTImputer(),
    IRTImputer(item_response_model=ItemResponseModel(n_dimensions=1)),
    PIRTRegressor(),
    PIRTRegressor(ItemResponseModel(n_dimensions=1)),
    GPIRTRegressor(),
    GPIRTRegressor(ItemResponseModel(n_dimensions=1), n_folds=2),
    CollaborativeFilteringSelector(),
    CollaborativeFilteringSelector(missing_anchors="keep"),
    ItemRidgeImputer(),
    ItemRidgeImputer("auto", score_range=(-1e6, 1e6)),
    LowRankImputer(),
    LowRankImputer(2, fit_intercept=False),
    NeighborImputer(),
    NeighborImputer("auto", weights="uniform", calibration="ratio"),
    CollaborativeFilteringImputer(),
    CollaborativeFilteringImputer(temperature=0.01, center=False),
    ImputedScoreRegressor(),
    ImputedScoreRegressor(NeighborImputer(3)),
    ImputedScoreRegressor(LowRankImputer(2)),
    CalibratedMeanRegressor(),
    CalibratedMeanRegressor(calibration="isotonic", outside_slope=1.0),
    CalibratedMeanRegressor(alpha=5.0, n_splines=6),
    SignatureRegressor(),
    SignatureRegressor.random_forest(10, n_components=3, random_state=0),
    SignatureRegressor.nearest_models(1, n_components=0.9),
    SignatureRegressor.nearest_models(),
    SignatureRegressor(Ridge(10.0), n_components=256),
    AIPWRegressor(),
    AIPWRegressor(NeighborImputer(), n_folds=2),
    WeightedMeanRegressor(),
    ResidualRidgeRegressor(),
    ResidualRidgeRegressor(sum_to_one=True),
    ResidualRidgeRegressor(alphas=[0.1, 1, 10]),
    CurveScoreRegressor(),
    CurveScoreRegressor(slope_precision=0.1),
    AveragedScoreRegressor(),
    AveragedScoreRegressor([ResidualRidgeRegressor(), Ridge()], weights=[3, 1]),
    KernelScoreRegressor(),
    KernelScoreRegressor(gammas=[1.0], n_landmarks=5),
    SupportVectorScoreRegressor(),
    SupportVectorScoreRegressor(gamma=4.0, C=10.0, epsilon=0.0, score_range=(-1e6, 1e6)),
    RaisedRidgeRegressor(),
    RaisedRidgeRegressor(n_twins=2, shift=(0.0, 1.0), twin_weight=0.3),
    DifferenceRegressor(),
    DifferenceRegressor(n_components=0, alpha=0.0, strength_tilt=0.0),
    AutoAnchoredRegressor(0.9),
    AutoAnchoredRegressor(0.5),
    AnchoredRegressor(StratifiedSelector(0.9, random_state=0), ResidualRidgeRegressor()),
    AnchoredRegressor(StratifiedSelector(0.5, random_state=0), DifferenceRegressor()),
    AnchoredRegressor(StratifiedSelector(0.5, random_state=0), ImputedScoreRegressor()),
    AnchoredRegressor(StratifiedSelector(0.5, random_state=0), AIPWRegressor(random_state=0)),
    AnchoredRegressor(
        TailoredSelector(0.9),
        ImputedScoreRegressor(NeighborImputer("auto", weights="uniform", calibration="ratio")),
    ),
    AnchoredRegressor(TailoredSelector(0.5), DifferenceRegressor()),
    AnchoredRegressor(
        IRTSelector(
            0.5, item_response_model=ItemResponseModel(n_dimensions=1), n_init=1, random_state=0
        ),
        GPIRTRegressor(ItemResponseModel(n_dimensions=1)),
    ),
    AnchoredRegressor(
        CollaborativeFilteringSelector(0.5),
        ImputedScoreRegressor(CollaborativeFilteringImputer()),
    ),
    AnchoredRegressor(SparseRidgeSelector(0.99), Ridge()),
    AnchoredRegressor(
        SparseRidgeSelector(0.5), make_pipeline(SimpleImputer(keep_empty_features=True), Ridge())
    ),
    AnchoredIntervalRegressor(n_anchors=0.9, n_folds=2),
    AnchoredIntervalRegressor(
        AnchoredRegressor(StratifiedSelector(0.5), DifferenceRegressor()), method="split"
    ),
    AnchoredIntervalRegressor(
        make_pipeline(SparseRidgeSelector(0.9, exchange=False), Ridge()), n_folds=2
    ),
    MLPScoreRegressor(),
    MLPScoreRegressor(hidden_layer_sizes=()),
    MLPScoreRegressor(baseline=None, n_networks=1, learning_rate_init=1e-2, max_iter=60),
]

# Of each class, the first one; the others take as long again, and are left to the whole suite.
FIRST = list({type(estimator): estimator for estimator in reversed(CONFIGURATIONS)}.values())
OTHERS = [estimator for estimator in CONFIGURATIONS if estimator not in FIRST]

# Public in sklearn.utils.estimator_checks and run on scikit-learn's own estimators, but not
# yielded by parametrize_with_checks.
EXTRA_CHECKS = [
    "check_dataframe_column_names_consistency",
    "check_param_validation",
    "check_inplace_ensure_writeable",
]
EXTRA_TRANSFORMER_CHECKS = [
    "check_get_feature_names_out_error",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
]


@pytest.fixture(autouse=True)
def short_training(monkeypatch):
    """Train the proxy of SparseEvalSelector briefly: checks ask for rules, not for scores."""
    monkeypatch.setattr(_sparse_eval, "_FIRST_STEPS", 20)
    monkeypatch.setattr(_sparse_eval, "_NEXT_STEPS", 5)


def extra_checks(estimator):
    return EXTRA_CHECKS + EXTRA_TRANSFORMER_CHECKS * hasattr(estimator, "transform")


def one_line(value):
    return value if isinstance(value, str) else re.sub(r"\s", "", repr(value))


# The checks give targets in any units; a mean of the anchors is in those of the anchors.
@pytest.mark.filterwarnings("ignore:y lies between .* but the results on the anchors:UserWarning")
@parametrize_with_checks(FIRST)
def test_check_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.slow
# The checks give targets in any units; a mean of the anchors is in those of the anchors.
@pytest.mark.filterwarnings("ignore:y lies between .* but the results on the anchors:UserWarning")
@parametrize_with_checks(OTHERS)
def test_check_of_scikit_learn_with_other_parameters(estimator, check):
    check(estimator)


# The checks give targets in any units; a mean of the anchors is in those of the anchors.
@pytest.mark.filterwarnings("ignore:y lies between .* but the results on the anchors:UserWarning")
# The checks themselves fit on a data frame and predict or transform an array,
@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")
# and the other way round.
@pytest.mark.filterwarnings("ignore:X has feature names, but .* fitted without:UserWarning")
@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pytest.param(estimator, check, marks=[pytest.mark.slow] * (estimator in OTHERS))
        for estimator in CONFIGURATIONS
        if not isinstance(getattr(estimator, "proxy", None), str)  # slow, and of no matter here
        for check in extra_checks(estimator)
    ],
    ids=one_line,
)
def test_check_that_scikit_learn_keeps_for_itself(estimator, check):
    getattr(estimator_checks, check)(type(estimator).__name__, clone(estimator))


def test_no_public_estimator_is_forgotten():
    public = [getattr(sklearn_sparseeval, name) for name in sklearn_sparseeval.__all__]
    estimators = [c for c in public if inspect.isclass(c) and issubclass(c, BaseEstimator)]
    concrete = {estimator for estimator in estimators if not inspect.isabstract(estimator)}
    assert concrete == {type(e) for e in CONFIGURATIONS}


@pytest.mark.parametrize("estimator", CONFIGURATIONS, ids=one_line)
def test_the_battery_is_not_empty(estimator):
    new = parse_version(sklearn.__version__) >= parse_version("1.9")
    selector, regressor = (53, 60) if new else (46, 52)
    least = selector
    if not hasattr(estimator, "transform"):  # some checks are for one kind of regressor only
        tags = get_tags(estimator)
        least = regressor - tags.input_tags.allow_nan
        least -= (not tags.target_tags.multi_output) + (not tags.target_tags.required)
        least -= 7 * (not has_fit_parameter(estimator, "sample_weight"))
    assert len(list(estimator_checks_generator(estimator))) >= least
    assert get_tags(estimator)._skip_test is False


def test_array_api_check_is_not_skipped():
    with sklearn.config_context(array_api_dispatch=True):  # raises without SCIPY_ARRAY_API
        assert sklearn.get_config()["array_api_dispatch"]
