"""The automatic choice: which anchors, and what to make of the results on them."""

from numbers import Integral
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted

from sklearn_sparseeval._notes import Note
from sklearn_sparseeval._sklearn import (
    Interval,
    RealNotInt,
    StrOptions,
    _fit_context,
    validate_data,
)
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.anchored import AnchoredRegressor
from sklearn_sparseeval.numerics.missing import row_means
from sklearn_sparseeval.numerics.row_identity import merge_models
from sklearn_sparseeval.regressors import (
    AveragedScoreRegressor,
    CurveScoreRegressor,
    KernelScoreRegressor,
    ResidualRidgeRegressor,
    SupportVectorScoreRegressor,
)
from sklearn_sparseeval.regressors._base import positive_weights
from sklearn_sparseeval.selectors import SparseRidgeSelector

Array = NDArray[np.floating]
Indices = NDArray[np.intp]

# With few models the anchors have to represent all kinds of items: one of each stratum, or, from
# so many models per anchor on, a few of each.
_FEW_MODELS, _SHORT, _SOME = 32, 0.7, 10
_MODELS_FOR_KERNEL, _N_LANDMARKS = 150, 800
_N_FOLDS, _LEAST_FOR_FOLDS = 4, 32
# The regression's share beside the item curves, before a model was seen; counts as so many models.
_SHARE, _SHARE_MODELS = 0.9, 20.0


class _History(NamedTuple):
    """Source models that differ, in an order of their own."""

    X: Array  # (n_models, n_items), NaN = not evaluated
    y: Array  # (n_models, n_tasks)
    weight: Array  # (n_models,), positive
    family: Indices  # (n_models,)


class AutoAnchoredRegressor(RegressorMixin, BaseEstimator):
    """Choose anchors and predict benchmark scores in the way that suits the history.

    What is best depends on how many models there are to learn from. With a dozen
    models the anchors must represent all kinds of items; with hundreds of models kernels see
    what is not linear; in between item curves steady the regression, as far as folds
    with the choice inside say so. :attr:`notes_` says what was decided, and why.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    exchange : bool or "once", default=True
        Swaps of anchors, as in :class:`SparseRidgeSelector`. "once" takes half of the time, and
        is about as good over many histories, by a tenth better or worse on one.
    random_state : int, RandomState instance or None, default=None
        Seeds the landmarks of the kernel regression, which are drawn with more than 800 models.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the anchors; `predict` reads nothing else.
    estimator_ : AnchoredRegressor
        The fitted selector and regressor.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    AnchoredRegressor : A selector and a regressor of your choice.
    sklearn_sparseeval.comparison.compare_estimators : Compares methods on your data.

    Notes
    -----
    The anchors are those of :class:`SparseRidgeSelector`; with no more models than anchors under
    a quota for each stratum of the items: ten anchors, or one with fewer than 32 models that are
    fewer than .7 per anchor.

    The regressor is :class:`ResidualRidgeRegressor`; with 150 models and more the mean of
    :class:`KernelScoreRegressor` with 800 landmarks and :class:`SupportVectorScoreRegressor`.
    With fewer, and at least 32 of four families, its mean with
    :class:`CurveScoreRegressor` is taken; the weights are by least squares over four
    folds, in each of which the anchors are chosen anew, and drawn to .9 for the regression with
    the weight of 20 models. Models of one of `groups` are never on both sides.

    Models are counted once if they have the same results and scores. In `fit` NaN is treated as
    :class:`SparseRidgeSelector` and :class:`ResidualRidgeRegressor` do: it counts as the item's
    mean, on the anchors corrected by the model's deviation from such means. In `predict` some of
    the anchors may be missing.

    Models much stronger than all sources are drawn back to what the sources scored, as by every
    regression across models.

    References
    ----------
    .. [1] L. Breiman, "Stacked regressions", Machine Learning 24, 49-64, 1996.

    Examples
    --------
    >>> from sklearn_sparseeval import AutoAnchoredRegressor
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    >>> model = AutoAnchoredRegressor(n_anchors=50, random_state=0).fit(X[::2], y[::2])
    >>> [note.kind for note in model.notes_]
    ['automatic-anchors', 'automatic-regressor']
    >>> bool(abs(model.predict(X[1::2]) - y[1::2]).mean() < 0.025)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "n_anchors": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
        ],
        "exchange": ["boolean", StrOptions({"once"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_anchors: int | float = 0.1,
        *,
        exchange: bool | str = True,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_anchors = n_anchors
        self.exchange = exchange
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Decide, choose the anchors, and fit the regressor.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Score matrix of the source models; NaN = not evaluated.
        y : array-like of shape (n_models,) or (n_models, n_tasks), default=None
            Benchmark scores. By default the mean of each model's evaluated items, which is biased
            where results are not missing at random: then give `y`.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each source model, not negative; two counts as two rows, zero as none.
        groups : array-like of shape (n_models,), default=None
            Families of the models, which folds keep together. By default every model is one.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If there are fewer items with a result than anchors, or a model has no result on any
            anchor.
        """
        history = self._history(X, y, sample_weight, groups)
        n_models, n_items = history.X.shape
        n_anchors = _count(self.n_anchors, n_items)
        selector, why_anchors = _selector(n_anchors, n_models, self.exchange)
        regressor, why_regressor = self._regressor(history, selector, n_anchors)
        # As plain values: a saved predictor holds no objects but estimators.
        self._notes = [why_anchors.to_dict(), why_regressor.to_dict()]
        given = {} if sample_weight is None else {"sample_weight": sample_weight}
        with config_context(enable_metadata_routing=False):  # both parts take the weights
            self.estimator_ = AnchoredRegressor(selector, regressor).fit(X, y, **given)
        self.anchors_: Indices = self.estimator_.anchors_
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predict benchmark scores from the results on the anchors.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Full-width rows, of which only the anchors are read; or a data frame of the anchors'
            columns alone, by their names, in any order. NaN = not evaluated.

        Returns
        -------
        y : ndarray of shape (n_models,) or (n_models, n_tasks)
            Predicted scores.

        Raises
        ------
        ValueError
            If a model has no result on any anchor.
        """
        check_is_fitted(self)
        predicted: Array = self.estimator_.predict(X)
        return predicted

    @property
    def notes_(self) -> list[Note]:
        """What was decided, and why.

        Returns
        -------
        notes : list of Note
            Of the kinds "automatic-anchors" and "automatic-regressor".
        """
        return [Note.from_dict(note) for note in self._notes]

    def _history(
        self, X: ArrayLike, y: ArrayLike | None, sample_weight: ArrayLike | None, groups: Any
    ) -> _History:
        options: dict[str, Any] = {"dtype": np.float64, "ensure_all_finite": "allow-nan"}
        if y is None:
            scores = validate_data(self, X, **options)
            target: Array = row_means(scores, empty=0)
        else:
            scores, target = validate_data(self, X, y, **options, multi_output=True, y_numeric=True)
        rows, weight = positive_weights(sample_weight, scores)
        family = np.arange(len(scores))
        if groups is not None:
            check_consistent_length(scores, groups)
            labels = check_array(groups, ensure_2d=False, dtype=None, input_name="groups")
            family = np.unique(labels.astype(str), return_inverse=True)[1]
        target = target[rows].astype(np.float64).reshape(len(rows), -1)
        known = target if groups is None else np.column_stack([target, family[rows]])
        merged = merge_models(scores[rows], known, weight)
        n_tasks = target.shape[1]
        family = np.arange(len(merged.X)) if groups is None else merged.y[:, -1].astype(np.intp)
        return _History(merged.X, merged.y[:, :n_tasks], merged.weight, family)

    def _regressor(
        self, history: _History, selector: SparseRidgeSelector, n_anchors: int
    ) -> tuple[Any, Note]:
        n_models = len(history.X)
        n_families = len(np.unique(history.family))
        kind = "automatic-regressor"
        if n_models >= _MODELS_FOR_KERNEL:
            text = (
                f"The mean of kernel and support vector regression: {n_models} models show what is "
                "not linear."
            )
            kernel = KernelScoreRegressor(n_landmarks=_N_LANDMARKS, random_state=self.random_state)
            parts = [kernel, SupportVectorScoreRegressor()]
            return AveragedScoreRegressor(parts), Note(kind, text)
        if n_models < _LEAST_FOR_FOLDS or n_families < _N_FOLDS:
            text = (
                f"Ridge regression alone: {n_models} models of {n_families} families are too few "
                "to weigh it against item curves."
            )
            return ResidualRidgeRegressor(), Note(kind, text)
        share = _share_of_regression(history, selector)
        text = (
            f"Ridge regression with a weight of {share.mean():.2f}, item curves with the rest, by "
            f"{_N_FOLDS} folds of {n_models} models."
        )
        parts = [ResidualRidgeRegressor(), CurveScoreRegressor()]
        return AveragedScoreRegressor(parts, weights=np.stack([share, 1 - share])), Note(kind, text)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that NaN and several tasks are welcome, and that R2 may be low."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = False
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = True
        return AnchorTags().added_to(tags)


def _count(n_anchors: int | float, n_items: int) -> int:
    """Return the number of anchors; what is too large is for the selector to refuse."""
    share = n_anchors < 1  # the constraints leave floats between 0 and 1, and ints
    return max(1, round(n_anchors * n_items)) if share else int(n_anchors)


def _selector(
    n_anchors: int, n_models: int, exchange: bool | str
) -> tuple[SparseRidgeSelector, Note]:
    """Return the selector for so many models, and why."""
    kind = "automatic-anchors"
    if n_models > n_anchors:
        text = f"Anchors by sparse ridge, from {n_models} models."
        return SparseRidgeSelector(n_anchors, exchange=exchange), Note(kind, text)
    quota = 1 if n_models < min(_SHORT * n_anchors, _FEW_MODELS) else _SOME
    text = (
        f"Anchors by sparse ridge, {quota} of each of {max(1, n_anchors // quota)} strata of the "
        f"items: {n_models} models are few for {n_anchors} anchors."
    )
    swaps = exchange and "once"
    selector = SparseRidgeSelector(n_anchors, exchange=swaps, strata="latent", quota=quota)
    return selector, Note(kind, text)


def _share_of_regression(history: _History, selector: SparseRidgeSelector) -> Array:
    """Return the weight of the regression beside the item curves, for each task, out of fold.

    The forward path stands for the anchors: in each fold it is grown anew, with the penalty that
    all models settle.
    """
    path = clone(selector).set_params(exchange=False)
    path.fit(history.X, history.y, sample_weight=history.weight)
    path.set_params(alpha=path.alpha_)
    ridge, curve = np.empty_like(history.y), np.empty_like(history.y)
    for held_out in _folds(history.family):
        kept = ~held_out
        X, y, weight = history.X[kept], history.y[kept], history.weight[kept]
        path.fit(X, y, sample_weight=weight)
        anchors = np.sort(path.anchors_)
        ridge[held_out] = (
            ResidualRidgeRegressor().fit(X[:, anchors], y, sample_weight=weight)
        ).predict(history.X[held_out][:, anchors])
        curve[held_out] = (
            CurveScoreRegressor().fit(X, y, sample_weight=weight, anchors=anchors)
        ).predict(history.X[held_out])
    # Weights that are scaled to sum to one say nothing about the number of models.
    weight = history.weight * max(1.0, len(history.X) / float(history.weight.sum()))
    apart, missed = ridge - curve, history.y - curve
    squares, products = weight @ apart**2, weight @ (apart * missed)
    prior = _SHARE_MODELS * squares / weight.sum()
    share = np.full(len(squares), _SHARE)
    real = squares > 0
    share[real] = ((products + _SHARE * prior) / np.where(real, squares + prior, 1))[real]
    return np.asarray(np.clip(share, 0, 1))


def _folds(family: Indices) -> list[NDArray[np.bool_]]:
    """Return masks of held-out models; families stay whole, the largest are dealt first."""
    _, first, size = np.unique(family, return_index=True, return_counts=True)
    label = np.unique(family)
    load, fold = np.zeros(_N_FOLDS), np.empty(len(family), dtype=np.intp)
    for one in np.lexsort((first, -size)):
        emptiest = int(load.argmin())
        fold[family == label[one]] = emptiest
        load[emptiest] += size[one]
    return [fold == number for number in range(_N_FOLDS) if (fold == number).any()]
