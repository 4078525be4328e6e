"""The interval metrics as scorers for cross-validation and hyper-parameter search."""

from collections.abc import Callable
from functools import partial
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metadata_routing import MetadataRequest

from sklearn_sparseeval._sklearn import Interval, _num_samples, check_parameters
from sklearn_sparseeval.metrics._interval import (
    interval_coverage,
    mean_interval_width,
    winkler_score,
)


@check_parameters(confidence_level=[Interval(Real, 0, 1, closed="neither")])
def get_interval_scorers(*, confidence_level: float = 0.9) -> dict[str, Callable[..., float]]:
    """Return scorers of prediction intervals for ``scoring=`` of cross-validation and search.

    They are for estimators with a method ``predict_interval(X)`` that returns an array of shape
    (n_models, 2): the lower and the upper bound of each model's score.

    Parameters
    ----------
    confidence_level : float, default=0.9
        Share of the scores that the estimator's intervals claim to hold, more than 0 and less
        than 1. Only ``"neg_winkler"`` looks at it; give the estimator the same.

    Returns
    -------
    scorers : dict of str to callable
        A new dict, of which a part may be used alone:

        - ``"interval_coverage"``: :func:`interval_coverage`, best at the level of the intervals;
          it is to be read and not maximised;
        - ``"neg_mean_interval_width"``: minus :func:`mean_interval_width`, to be read with it;
        - ``"neg_winkler"``: minus :func:`winkler_score`, higher is better.

        Each is called as ``scorer(estimator, X, y, sample_weight=None)``. The width and the
        Winkler score have the unit of the scores, the coverage has none.

    Raises
    ------
    ValueError
        If `confidence_level` is not between 0 and 1 (an ``InvalidParameterError``). By a scorer:
        if `predict_interval` returns anything but an interval for each model.
    AttributeError
        By a scorer: if the estimator has no method `predict_interval`.

    See Also
    --------
    get_scorers : Scorers of the predictions themselves; merge the two dicts to have both.

    Notes
    -----
    Choose by ``refit="neg_winkler"``, which neither wider nor narrower intervals than the level
    asks for can win. ``refit="interval_coverage"`` would choose the widest intervals and
    ``refit="neg_mean_interval_width"`` the narrowest. A fold with an infinite interval scores
    minus infinity on both.

    In a fold of 20 models the coverage moves in steps of .05: read the mean over all folds.

    A :class:`~sklearn.pipeline.Pipeline` or a search has no `predict_interval`, whatever its last
    step has: the estimator of the intervals goes around it. All scorers pickle, so ``n_jobs`` may
    be more than 1, and take ``sample_weight`` where metadata routing requests it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import cross_validate
    >>> from sklearn_sparseeval.metrics import get_interval_scorers
    >>> class PlusMinusTenPoints(Ridge):
    ...     def predict_interval(self, X):
    ...         return self.predict(X)[:, np.newaxis] + [-0.1, 0.1]
    >>> rng = np.random.default_rng(0)
    >>> X = (rng.random((60, 200)) < rng.random((60, 1))).astype(float)  # 60 models, 200 items
    >>> results = cross_validate(
    ...     PlusMinusTenPoints(), X[:, :20], X.mean(axis=1), scoring=get_interval_scorers(), cv=3
    ... )
    >>> f"{results['test_interval_coverage'].mean():.2f}"
    '0.70'
    """
    return {
        "interval_coverage": _IntervalScorer(interval_coverage),
        "neg_mean_interval_width": _IntervalScorer(_neg_mean_width),
        "neg_winkler": _IntervalScorer(partial(_neg_winkler, confidence_level=confidence_level)),
    }


class _IntervalScorer:
    """A metric of intervals as a scorer: what ``make_scorer`` does for predictions."""

    def __init__(self, metric: Callable[..., float]) -> None:
        self._metric = metric
        self._metadata_request = MetadataRequest(owner=type(self).__name__)
        self._metadata_request.score.add_request(param="sample_weight", alias=None)

    def __call__(
        self,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        lower, upper = _predicted_bounds(estimator, X)
        return self._metric(y, lower, upper, sample_weight=sample_weight)

    def set_score_request(self, *, sample_weight: bool | str | None) -> Self:
        """Say whether the scorer gets the weights that a meta-estimator is given."""
        self._metadata_request.score.add_request(param="sample_weight", alias=sample_weight)
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """Tell scikit-learn what the scorer asks for."""
        return self._metadata_request


def _predicted_bounds(estimator: Any, X: ArrayLike) -> NDArray[Any]:
    """Return the lower and the upper bounds, or say what the estimator returned instead."""
    name = type(estimator).__name__
    predict_interval = getattr(estimator, "predict_interval", None)
    if predict_interval is None:
        raise AttributeError(
            f"{name} has no method predict_interval, which the interval scorers call. Score an "
            "estimator of prediction intervals; in a pipeline or a search it goes around them."
        )
    bounds, n_models = predict_interval(X), _num_samples(X)
    if isinstance(bounds, tuple):
        got = f"a tuple of {len(bounds)}"
    elif np.shape(bounds) != (n_models, 2):
        got = f"an array of shape {np.shape(bounds)}"
    else:
        return np.asarray(bounds).T
    raise ValueError(
        f"predict_interval of {name} returned {got}; expected an array of shape ({n_models}, 2), "
        "the lower and the upper bound of each model."
    )


def _neg_mean_width(
    y_true: ArrayLike,
    y_lower: ArrayLike,
    y_upper: ArrayLike,
    *,
    sample_weight: ArrayLike | None,
) -> float:
    """Minus the mean width, which does not depend on the scores."""
    return -mean_interval_width(y_lower, y_upper, sample_weight=sample_weight)


def _neg_winkler(
    y_true: ArrayLike,
    y_lower: ArrayLike,
    y_upper: ArrayLike,
    *,
    confidence_level: float,
    sample_weight: ArrayLike | None,
) -> float:
    return -winkler_score(
        y_true, y_lower, y_upper, confidence_level=confidence_level, sample_weight=sample_weight
    )
