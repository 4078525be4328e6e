"""The registry: methods by name, each a selector and a regressor with their settings."""

from collections.abc import Callable
from functools import partial
from typing import Any

# Selectors and regressors are imported when a method is built, since some need torch. The
# functions are those of this module, and no closures, so that methods travel to other processes.

Part = Callable[..., Any]


def _build(selector: Part, regressor: Part, n_anchors: int | float) -> Any:
    from sklearn_sparseeval.anchored import AnchoredRegressor

    return AnchoredRegressor(selector(n_anchors), regressor())


def _make(name: str, *args: Any, **params: Any) -> Any:
    from sklearn_sparseeval import imputers, regressors, selectors

    (room,) = (one for one in (imputers, regressors, selectors) if name in one.__all__)
    return getattr(room, name)(*args, **params)


def _imputed(regressor: Part) -> Any:
    """Put an imputer before a regressor that does not take the NaN of an incomplete history."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    return make_pipeline(SimpleImputer(keep_empty_features=True), regressor())


def _ridge_cv() -> Any:
    from sklearn.linear_model import RidgeCV

    return RidgeCV()


def _repaired_sparse_eval(n_anchors: int | float) -> Any:
    from sklearn.linear_model import Ridge

    return _make(
        "SparseEvalSelector", n_anchors, proxy=Ridge(), importance="corrected", keep="best"
    )


def _imputed_score(imputer: str, **params: Any) -> Any:
    return _make("ImputedScoreRegressor", _make(imputer, **params))


def _forest() -> Any:
    from sklearn_sparseeval.regressors import SignatureRegressor

    return SignatureRegressor.random_forest()


def _nearest_signatures() -> Any:
    from sklearn_sparseeval.regressors import SignatureRegressor

    return SignatureRegressor.nearest_models()


def _auto(n_anchors: int | float) -> Any:
    from sklearn_sparseeval.methods._auto import AutoAnchoredRegressor

    return AutoAnchoredRegressor(n_anchors)


def _part(name: str, **params: Any) -> Part:
    return partial(_make, name, **params)


_RIDGE = partial(_imputed, _ridge_cv)
_MLP = partial(_imputed, _part("MLPScoreRegressor"))
_RESIDUAL_RIDGE = _part("ResidualRidgeRegressor")
_MEAN = _part("WeightedMeanRegressor")
_CALIBRATED_MEAN = _part("CalibratedMeanRegressor")
_RANDOM = _part("RandomSelector")
_STRATIFIED = _part("StratifiedSelector")
_SPARSE_RIDGE = _part("SparseRidgeSelector")

_OURS = "sklearn-sparseeval"
_SURVEY = "statistics"
_ANCHOR_POINTS = "Anchor Points, EACL 2024, arXiv:2309.08638"
_BENCHMARK_PREDICTION = (
    "How Benchmark Prediction from Fewer Data Misses the Mark, NeurIPS 2025, arXiv:2506.07673"
)
_COLLABORATIVE = "Efficient Evaluation of LLMs via Collaborative Filtering, arXiv:2504.08781"
_DISCO = "DISCO, ICLR 2026, arXiv:2510.07959"
_DUAL_VIEW = "DualViewEval, 2026, arXiv:2609.18909, in its form for outcomes only"
_ESSENCE = "EssenceBench, ICLR 2026, arXiv:2510.10457"
_LMMS_LITE = "LMMs-Eval Lite, arXiv:2407.12772"
_METABENCH = "metabench, ICLR 2025, arXiv:2407.12844"
_SPARSE_EVAL = "SparseEval, ICLR 2026, arXiv:2602.07909"
_TAILORED = "TailoredBench, ACL 2025, arXiv:2502.13576"
_TINY = "tinyBenchmarks, ICML 2024, arXiv:2402.14992"

# Name, what it does, where it was published, and its two parts.
_TABLE: list[tuple[str, str, str, Part, Part]] = [
    ("random-mean", "The mean of a random sample of the items.", _SURVEY, _RANDOM, _MEAN),
    (
        "random-ridge", "Ridge regression on the results of random items.",
        _BENCHMARK_PREDICTION, _RANDOM, _RIDGE,
    ),
    (
        "random-residual-ridge",
        "Random items; ridge regression that shrinks to the model's own mean on them.",
        _OURS, _RANDOM, _RESIDUAL_RIDGE,
    ),
    (
        "stratified-mean",
        "One random item of each of as many strata as anchors; their weighted mean.",
        _SURVEY, _STRATIFIED, _MEAN,
    ),
    (
        "stratified-residual-ridge",
        "The stratified sample; ridge regression that shrinks to the model's own mean on it.",
        _OURS, _STRATIFIED, _RESIDUAL_RIDGE,
    ),
    (
        "stratified-difference",
        "The stratified sample; every item predicted from it, plus the weighted residuals.",
        _OURS, _STRATIFIED, _part("DifferenceRegressor"),
    ),
    (
        "anchor-points", "Medoids of the items by correlation; their mean by cluster size.",
        _ANCHOR_POINTS, _part("KMedoidsSelector"), _MEAN,
    ),
    (
        "k-center", "Items farthest from each other, one by one; their mean by cluster size.",
        _LMMS_LITE, _part("KCenterSelector"), _MEAN,
    ),
    (
        "facility-location",
        "Items that are near to all others, chosen greedily; their mean by cluster size.",
        "submodular maximisation", _part("FacilityLocationSelector"), _MEAN,
    ),
    (
        "tinybenchmarks-correctness",
        "Items nearest to the centres of a k-means clustering; their mean by cluster size.",
        _TINY, _part("KMeansSelector"), _MEAN,
    ),
    (
        "tinybenchmarks-irt",
        "K-means on the items' parameters of an item response model; mean by cluster size.",
        _TINY, _part("IRTSelector"), _MEAN,
    ),
    (
        "tinybenchmarks-p-irt",
        "The same anchors; the items not run as the item response model expects them.",
        _TINY, _part("IRTSelector"), _part("PIRTRegressor"),
    ),
    (
        "tinybenchmarks-gp-irt", "The same anchors; a weighted mean of the two before.",
        _TINY, _part("IRTSelector"), _part("GPIRTRegressor"),
    ),
    (
        "metabench", "Items with most information for each range of ability; a monotone curve.",
        _METABENCH, _part("FisherInformationSelector"), _CALIBRATED_MEAN,
    ),
    (
        "essencebench", "A genetic search for the items whose mean predicts best; that curve.",
        _ESSENCE, _part("GeneticSelector"), _CALIBRATED_MEAN,
    ),
    (
        "random-search", "The best of a thousand random subsets for ridge regression.",
        _BENCHMARK_PREDICTION, _part("RandomSearchSelector"), _RIDGE,
    ),
    (
        "lasso", "The items that enter the lasso path first; ridge regression.",
        _BENCHMARK_PREDICTION, _part("LassoSelector"), _RIDGE,
    ),
    (
        "item-ridge", "Random items; ridge regression across items predicts those not run.",
        f"{_BENCHMARK_PREDICTION} (there called AIPW)",
        _RANDOM, partial(_imputed_score, "ItemRidgeImputer"),
    ),
    (
        "aipw", "The same, with the mean of out-of-fold residuals added.",
        _BENCHMARK_PREDICTION, _RANDOM, _part("AIPWRegressor"),
    ),
    (
        "low-rank", "Random items; principal components predict those not run.",
        _BENCHMARK_PREDICTION, _RANDOM, partial(_imputed_score, "LowRankImputer"),
    ),
    (
        "nearest-models", "Random items; source models that answer alike predict those not run.",
        "nearest neighbours", _RANDOM, partial(_imputed_score, "NeighborImputer"),
    ),
    (
        "stratified-nearest-models",
        "The stratified sample; source models that answer alike predict the items not run.",
        _OURS, _STRATIFIED, partial(_imputed_score, "NeighborImputer"),
    ),
    (
        "collaborative-filtering",
        "Items that divide the source models most; models alike predict those not run.",
        _COLLABORATIVE, _part("CollaborativeFilteringSelector"),
        partial(_imputed_score, "CollaborativeFilteringImputer"),
    ),
    (
        "tailoredbench",
        "A few probes, then anchors of each model's own; models alike predict the items not run.",
        _TAILORED, _part("TailoredSelector"),
        partial(
            _imputed_score, "NeighborImputer", n_neighbors="auto", weights="uniform",
            calibration="ratio",
        ),
    ),
    (
        "disco-random-forest", "The items that models disagree about most; a random forest.",
        _DISCO, _part("DisagreementSelector"), _forest,
    ),
    (
        "disco-nearest-models", "The same items; the mean score of the models most alike on them.",
        _DISCO, _part("DisagreementSelector"), _nearest_signatures,
    ),
    (
        "straight-through", "Anchors by gradient descent on out-of-fold error; residual ridge.",
        _DUAL_VIEW, _part("StraightThroughSelector"), _RESIDUAL_RIDGE,
    ),
    (
        "sparseeval",
        "The anchors of SparseEval, refined by swaps that a trained network suggests; an MLP.",
        _SPARSE_EVAL, _part("SparseEvalSelector"), _MLP,
    ),
    (
        "sparseeval-repaired",
        "SparseEval with corrected importance scores, a ridge proxy, and only swaps that help.",
        f"{_SPARSE_EVAL}, corrected by {_OURS}", _repaired_sparse_eval, _MLP,
    ),
    (
        "sparse-ridge",
        "Anchors by forward selection and exchange on the ridge objective; residual ridge.",
        _OURS, _SPARSE_RIDGE, _RESIDUAL_RIDGE,
    ),
    (
        "sparse-ridge-nested",
        "The anchors of the forward selection alone, without exchange: faster; residual ridge.",
        _OURS, _part("SparseRidgeSelector", exchange=False), _RESIDUAL_RIDGE,
    ),
    (
        "sparse-ridge-mlp",
        "The anchors of sparse-ridge; networks that learn what a ridge regression misses.",
        _OURS, _SPARSE_RIDGE, _MLP,
    ),
]  # fmt: skip

_RECIPES: list[tuple[str, str, str, Part]] = [
    (name, description, source, partial(_build, selector, regressor))
    for name, description, source, selector, regressor in _TABLE
]
_RECIPES.append(
    (
        "auto",
        "Sparse ridge, with strata where models are few; ridge, item curves or a kernel by folds.",
        _OURS, _auto,
    )
)  # fmt: skip


class Method:
    """A method of predicting benchmark scores, ready to be built for a number of anchors.

    Parameters
    ----------
    name : str
        Its name in the registry.
    description : str
        What it does, in a sentence.
    source : str
        Where it was published.
    build : callable
        Makes the estimator: ``build(n_anchors)``.

    Examples
    --------
    >>> from sklearn_sparseeval.methods import get_methods
    >>> get_methods()["random-mean"](n_anchors=100)
    AnchoredRegressor(regressor=WeightedMeanRegressor(),
                      selector=RandomSelector(n_anchors=100))
    """

    def __init__(
        self, name: str, description: str, source: str, build: Callable[[int | float], Any]
    ) -> None:
        self.name = name
        self.description = description
        self.source = source
        self._build = build

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def __call__(self, n_anchors: int | float) -> Any:
        """Make an unfitted estimator.

        Parameters
        ----------
        n_anchors : int or float
            Number of anchors, or share of the items.

        Returns
        -------
        estimator : estimator
            The estimator; its `random_state`, if it has any, is None.
        """
        return self._build(n_anchors)


def get_methods() -> dict[str, Method]:
    """Return the registered methods by name, the simplest first.

    Returns
    -------
    methods : dict of str to Method
        A new dict. ``get_methods()[name](n_anchors=50)`` makes an estimator; ``description`` and
        ``source`` say what it is.

    See Also
    --------
    sklearn_sparseeval.comparison.compare_estimators : Compares them on your data.

    Examples
    --------
    >>> from sklearn_sparseeval.methods import get_methods
    >>> for method in list(get_methods().values())[:2]:
    ...     print(f"{method.name}: {method.description}")
    random-mean: The mean of a random sample of the items.
    random-ridge: Ridge regression on the results of random items.
    >>> get_methods()["sparse-ridge"](n_anchors=50)
    AnchoredRegressor(regressor=ResidualRidgeRegressor(),
                      selector=SparseRidgeSelector(n_anchors=50))
    """
    return {recipe[0]: Method(*recipe) for recipe in _RECIPES}
