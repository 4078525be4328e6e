"""The registry: methods by name, each a selector and a regressor with their settings."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any


@dataclass(frozen=True)
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
    >>> from sklearn_sparseeval import methods
    >>> methods()["random-mean"](n_anchors=100)
    AnchoredRegressor(regressor=WeightedMeanRegressor(),
                      selector=RandomSelector(n_anchors=100))
    """

    name: str
    description: str
    source: str
    build: Callable[[int | float], Any]

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
        return self.build(n_anchors)


def methods() -> dict[str, Method]:
    """Return the registered methods by name, the simplest first.

    Returns
    -------
    methods : dict of str to Method
        A new dict. ``methods()[name](n_anchors=50)`` makes an estimator; ``description`` and
        ``source`` say what it is.

    See Also
    --------
    sklearn_sparseeval.comparison.compare_estimators : Compares them on your data.

    Examples
    --------
    >>> from sklearn_sparseeval import methods
    >>> for method in list(methods().values())[:2]:
    ...     print(f"{method.name}: {method.description}")
    random-mean: The mean of a random sample of the items.
    random-ridge: Ridge regression on the results of random items.
    >>> methods()["sparse-ridge"](n_anchors=50)
    AnchoredRegressor(regressor=ResidualRidgeRegressor(),
                      selector=SparseRidgeSelector(n_anchors=50))
    """
    return {method.name: method for method in _METHODS}


# Selectors and regressors are imported when a method is built, since some need torch.


def _anchored(selector: str, regressor: str, n_anchors: int | float, **selector_params: Any) -> Any:
    import sklearn_sparseeval as package

    chosen = getattr(package, selector)(n_anchors, **selector_params)
    return package.AnchoredRegressor(chosen, getattr(package, regressor)())


def _imputed(
    selector: str, make_regressor: Callable[[], Any], n_anchors: int | float, **selector_params: Any
) -> Any:
    """Like `_anchored`, for regressors that do not take the NaN of an incomplete history."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    import sklearn_sparseeval as package

    chosen = getattr(package, selector)(n_anchors, **selector_params)
    imputer = SimpleImputer(keep_empty_features=True)
    return package.AnchoredRegressor(chosen, make_pipeline(imputer, make_regressor()))


def _ridge_cv() -> Any:
    from sklearn.linear_model import RidgeCV

    return RidgeCV()


def _mlp() -> Any:
    from sklearn_sparseeval import MLPScoreRegressor

    return MLPScoreRegressor()


def _sparse_eval_repaired(n_anchors: int | float) -> Any:
    from sklearn.linear_model import Ridge

    repairs = {"proxy": Ridge(), "importance": "corrected", "keep": "best"}
    return _imputed("SparseEvalSelector", _mlp, n_anchors, **repairs)


_OURS = "sklearn-sparseeval"
_SURVEY = "statistics"
_BENCHMARK_PREDICTION = (
    '"How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025, arXiv:2506.07673'
)
_SPARSE_EVAL = '"SparseEval", ICLR 2026, arXiv:2602.07909'

_METHODS = [
    Method(
        "random-mean",
        "The mean of a random sample of the items.",
        _SURVEY,
        partial(_anchored, "RandomSelector", "WeightedMeanRegressor"),
    ),
    Method(
        "random-ridge",
        "Ridge regression on the results of random items.",
        _BENCHMARK_PREDICTION,
        partial(_imputed, "RandomSelector", _ridge_cv),
    ),
    Method(
        "random-residual-ridge",
        "Random items; ridge regression that shrinks to the model's own mean on them.",
        _OURS,
        partial(_anchored, "RandomSelector", "ResidualRidgeRegressor"),
    ),
    Method(
        "stratified-mean",
        "One random item of each of as many strata as anchors; their weighted mean.",
        _SURVEY,
        partial(_anchored, "StratifiedSelector", "WeightedMeanRegressor"),
    ),
    Method(
        "stratified-residual-ridge",
        "The stratified sample; ridge regression that shrinks to the model's own mean on it.",
        _OURS,
        partial(_anchored, "StratifiedSelector", "ResidualRidgeRegressor"),
    ),
    Method(
        "stratified-difference",
        "The stratified sample; every item predicted from it, plus the weighted residuals.",
        _OURS,
        partial(_anchored, "StratifiedSelector", "DifferenceRegressor"),
    ),
    Method(
        "straight-through",
        "Anchors by gradient descent on out-of-fold error; residual ridge.",
        '"DualViewEval", 2026, arXiv:2609.18909, in its form for outcomes only',
        partial(_anchored, "StraightThroughSelector", "ResidualRidgeRegressor"),
    ),
    Method(
        "sparse-ridge",
        "Anchors by forward selection and exchange on the ridge objective; residual ridge.",
        _OURS,
        partial(_anchored, "SparseRidgeSelector", "ResidualRidgeRegressor"),
    ),
    Method(
        "sparse-ridge-nested",
        "The anchors of the forward selection alone, without exchange: faster; residual ridge.",
        _OURS,
        partial(_anchored, "SparseRidgeSelector", "ResidualRidgeRegressor", exchange=False),
    ),
    Method(
        "sparse-ridge-mlp",
        "The anchors of sparse-ridge; networks that learn what a ridge regression misses.",
        _OURS,
        partial(_imputed, "SparseRidgeSelector", _mlp),
    ),
    Method(
        "sparseeval",
        "The anchors of SparseEval, refined by swaps that a trained network suggests; an MLP.",
        _SPARSE_EVAL,
        partial(_imputed, "SparseEvalSelector", _mlp),
    ),
    Method(
        "sparseeval-repaired",
        "SparseEval with corrected importance scores, a ridge proxy, and only swaps that help.",
        f"{_SPARSE_EVAL}, corrected by {_OURS}",
        _sparse_eval_repaired,
    ),
]
