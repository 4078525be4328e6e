"""One estimator that owns a selector and a regressor, and reads the anchors only."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch, get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    get_routing_for_object,
    process_routing,
)
from sklearn.utils.validation import check_is_fitted, check_memory, has_fit_parameter

from sklearn_sparseeval._inputs import column_names
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._sklearn import (
    HasMethods,
    _fit_context,
    _raise_for_params,
    _safe_indexing,
    validate_data,
)
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.numerics.missing import row_means
from sklearn_sparseeval.numerics.partial_rows import (
    full_width,
    results_in_cells,
    results_in_columns,
    rows_of_anything,
    spread_out,
)
from sklearn_sparseeval.regressors._base import refuse_rows

Array = NDArray[np.floating]
Indices = NDArray[np.intp]


class AnchoredRegressor(MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """Predict benchmark scores from the anchors that a selector chose, and from nothing else.

    A selector and a regressor in one estimator. Like a pipeline of the two, but for every kind of
    regressor: it hands on the weights of the anchors, serves regressors that learn from all items
    of the source models, and passes a model's missing results to regressors that can handle
    them. `predict` never looks at an item that is not an anchor.

    Parameters
    ----------
    selector : estimator
        Chooses the anchors: an :class:`AnchorSelector`, or any of scikit-learn's feature
        selectors (``fit`` and ``get_support``).
    regressor : estimator
        Predicts the score. Either an ordinary regressor, which sees the anchors' columns in the
        order of the items; or one that reads whole rows: it learns from the whole score matrix,
        its `fit` gets the parameter `anchors`, and it predicts from full-width rows that are NaN
        off the anchors. One that takes the weights of anchors gets those of the selector, if it
        has any, as `anchor_weights`, one per column or aligned with `anchors`; for a
        :class:`~sklearn.pipeline.Pipeline` its last step gets them. With a selector of anchors
        for each model, such as :class:`TailoredSelector`, a regressor of the second kind predicts
        each model from anchors of its own, and its `fit` gets neither anchors nor weights; an
        ordinary one sees `anchors_` of every model. A selector or regressor of yours declares
        such things by :class:`AnchorTags`.
    memory : str or object with the joblib.Memory interface, default=None
        Caches the fitted selector, so that a search over the regressor's parameters fits it once
        per fold. A string is the path of the caching directory. The selector is told from others
        by its parameters: one with ``random_state=None`` is fitted once too.

    Attributes
    ----------
    selector_ : estimator
        The fitted selector.
    regressor_ : estimator
        The fitted regressor.
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the anchors, in the selector's order of choice.
    anchor_weights_ : ndarray of shape (n_anchors,)
        Weights of the anchors, aligned with `anchors_`. Defined only where the selector has them.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    AnchorSelector : Base of the selectors.
    AnchorTags : How an estimator declares what it is to be handed.
    sklearn.pipeline.Pipeline : Chains any number of steps; hands on no weights of anchors.

    Notes
    -----
    NaN in `X` means not evaluated. In `fit` the selector says what it does with it. On the
    anchors NaN goes on to a regressor that allows it, and is an error that names the items
    otherwise; the selector's `missing_anchors` is not asked. In `predict` the other columns may
    hold anything.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_sparseeval import AnchoredRegressor, SparseEvalSelector
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="commonsense", return_X_y=True)
    >>> selector = SparseEvalSelector(n_anchors=50, proxy=Ridge(), random_state=0)
    >>> model = AnchoredRegressor(selector, Ridge()).fit(X[:-10], y[:-10])
    >>> results = X[-10:, np.sort(model.anchors_)]  # of ten new models, on the anchors only
    >>> predicted = model.predict(model.selector_.inverse_transform(results))
    >>> bool(abs(predicted - y[-10:]).mean() < 0.03)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "selector": [HasMethods(["fit", "get_support"])],
        "regressor": [HasMethods(["fit", "predict"])],
        "memory": [None, str, HasMethods(["cache"])],
    }

    def __init__(self, selector: Any, regressor: Any, *, memory: Any = None) -> None:
        self.selector = selector
        self.regressor = regressor
        self.memory = memory

    # Parameters of the user's own estimators are checked too.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """Choose the anchors, then fit the regressor.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Score matrix of the source models; NaN = not evaluated.
        y : array-like of shape (n_models,) or (n_models, n_tasks), default=None
            Benchmark scores. By default the mean of each model's evaluated items, which is biased
            where results are not missing at random: then give `y`.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each source model, for both selector and regressor (the last step, if that
            is a pipeline). With metadata routing it goes to whoever requests it.
        **fit_params : dict
            With ``sklearn.set_config(enable_metadata_routing=True)``, metadata for the selector's
            and the regressor's `fit`, as they request it. Refused otherwise.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If `sample_weight` is given but selector or regressor cannot take it, or an anchor has
            a missing result and the regressor does not allow NaN.
        """
        _raise_for_params(fit_params, self, "fit")
        scores, target = self._validated(X, y)
        routed = self._routed(sample_weight, fit_params)
        whole = _reads_whole_rows(self.regressor)
        named = hasattr(self, "feature_names_in_")
        fit_selector = check_memory(self.memory).cache(_fit_selector)
        # As in a pipeline: what is cached depends on the parameters, not on an earlier fit.
        self.selector_ = fit_selector(
            clone(self.selector), X if named else scores, target, routed.selector.fit
        )
        self.anchors_: Indices = _anchors(self.selector_)
        self.__dict__.pop("anchor_weights_", None)  # of an earlier fit with another selector
        weights = getattr(self.selector_, "anchor_weights_", None)
        if weights is not None:
            self.anchor_weights_: Array = np.asarray(weights)
        items = np.sort(self.anchors_)
        if not whole and not _allows_nan(self.regressor):
            self._refuse_missing(scores[:, items], items)
        self._personal = whole and AnchorTags.of(self.selector_).anchors_for_each_model
        given = routed.regressor.fit | self._anchor_metadata(whole, weights)
        inputs: Any = scores if whole else scores[:, items]
        if named and not whole:
            inputs = _safe_indexing(X, items, axis=1)
        self.regressor_ = clone(self.regressor).fit(inputs, target, **given)
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predict benchmark scores from the results on the anchors.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Full-width rows, such as ``selector_.inverse_transform(results)``. Only the anchors
            are read, of each model its own (:meth:`anchors_for`); the rest may hold anything. Or
            a data frame of the anchors' columns alone, by their names, in any order.

        Returns
        -------
        y : ndarray of shape (n_models,) or (n_models, n_tasks)
            Predicted scores.

        Raises
        ------
        ValueError
            If a model has no result on any anchor, or one is missing (NaN) and the regressor does
            not allow NaN.
        """
        check_is_fitted(self)
        rows = self._rows(X)
        if self._personal:
            items = self._personal_anchors(rows)
            results = results_in_cells(rows, items)
        else:
            items = np.sort(self.anchors_)
            results = results_in_columns(rows, items)
        refuse_rows(np.flatnonzero(np.isnan(results).all(axis=1)))  # an imputer would make one up
        if not _allows_nan(self.regressor_):
            self._refuse_missing(results, items)
        inputs: Any = results
        if AnchorTags.of(self.regressor_).reads_whole_rows:
            inputs = full_width(results, items, self.n_features_in_)
        elif hasattr(self, "feature_names_in_") and hasattr(rows, "columns"):
            inputs = _safe_indexing(rows, items, axis=1)
        predicted: Array = self.regressor_.predict(inputs)
        return predicted

    def anchors_for(self, X: ArrayLike) -> Indices:
        """Return the anchors of each model: the items to run it on.

        They are `anchors_` for all, unless the selector chooses anchors for each model and the
        regressor reads whole rows. Then run a model on `probes_` first, ask for its
        anchors, run it on the rest of them, and `predict`.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Full-width rows. Only the probes are read; the others may hold anything.

        Returns
        -------
        anchors : ndarray of shape (n_models, n_anchors)
            Column indices, in order of choice. Those of a model do not depend on the other rows.
        """
        check_is_fitted(self)
        rows = self._rows(X)
        own = self._personal
        return self._personal_anchors(rows) if own else np.tile(self.anchors_, (len(rows), 1))

    @property
    def probes_(self) -> Indices:
        """The items that every model is run on before its own anchors are known.

        Returns
        -------
        probes : ndarray of shape (n_probes,)
            Column indices. Defined only where the selector chooses anchors for each model.
        """
        probes: Indices = self.selector_.probes_
        return probes

    def get_metadata_routing(self) -> MetadataRouter:
        """Get the metadata routing of this object.

        Returns
        -------
        routing : MetadataRouter
            What `fit` hands to the selector and to the regressor.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router: MetadataRouter = MetadataRouter(owner=type(self).__name__)
        router.add(selector=self.selector, method_mapping=mapping)
        router.add(regressor=self.regressor, method_mapping=mapping)
        return router

    def _rows(self, X: ArrayLike) -> Any:
        names = column_names(self)
        rows = spread_out(rows_of_anything(X), names, np.sort(self.anchors_))
        validate_data(self, rows, reset=False, skip_check_array=True)
        return rows

    def _personal_anchors(self, rows: Any) -> Indices:
        probes = np.sort(self.probes_)
        probed = full_width(results_in_columns(rows, probes), probes, self.n_features_in_)
        return np.asarray(self.selector_.anchors_for(probed))

    def _validated(self, X: ArrayLike, y: ArrayLike | None) -> tuple[Any, Array]:
        options: dict[str, Any] = {"dtype": "numeric", "ensure_all_finite": "allow-nan"}
        if y is None:
            scores = validate_data(self, X, **options)
            return scores, row_means(scores, empty=0)
        several = get_tags(self.regressor).target_tags.multi_output
        scores, target = validate_data(self, X, y, **options, multi_output=several, y_numeric=True)
        return scores, target

    def _routed(self, sample_weight: ArrayLike | None, fit_params: dict[str, Any]) -> Bunch:
        """Return what `fit` of the selector and of the regressor are given."""
        if _routing():
            weight = {} if sample_weight is None else {"sample_weight": sample_weight}
            return process_routing(self, "fit", **fit_params, **weight)
        routed = Bunch(selector=Bunch(fit={}), regressor=Bunch(fit={}))
        if sample_weight is None:
            return routed
        for role in ("selector", "regressor"):
            estimator = getattr(self, role)
            keyword, last = _last_step(estimator, "sample_weight")
            if not has_fit_parameter(last, "sample_weight"):
                raise ValueError(
                    f"sample_weight is given, but the {role} {type(estimator).__name__} does not "
                    f"take sample_weight in fit. Leave it out, or take another {role}."
                )
            routed[role].fit[keyword] = sample_weight
        return routed

    def _anchor_metadata(self, whole: bool, weights: Any) -> dict[str, Any]:
        """Return the anchors and their weights under the names that the regressor takes."""
        if self._personal:  # the regressor reads whatever a row holds
            return {}
        given: dict[str, Any] = {"anchors": self.anchors_} if whole else {}
        keyword, last = _last_step(self.regressor, "anchor_weights")
        if weights is None or not AnchorTags.of(last).takes_anchor_weights:
            return given
        if last is not self.regressor and _routing():  # a pipeline routes by name, not by step
            if get_routing_for_object(last).fit.requests.get("anchor_weights") is False:
                return given
            keyword = "anchor_weights"
        order = np.arange(len(self.anchors_)) if whole else np.argsort(self.anchors_)
        given[keyword] = self.anchor_weights_[order]
        return given

    def _refuse_missing(self, results: Array, items: Indices) -> None:
        missing = np.isnan(results)
        if not missing.any():
            return
        bad = np.unique(np.broadcast_to(items, missing.shape)[missing])
        names: Any = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))[bad]
        regressor = type(self.regressor).__name__
        raise ValueError(
            f"{int(missing.any(axis=1).sum())} of {len(missing)} models have no result (NaN) on "
            f"{len(bad)} of {len(np.unique(items))} anchors: {listing(names)}. The regressor "
            f"{regressor} does not allow NaN. Evaluate these items, put an imputer in front of "
            "the regressor, as in make_pipeline(SimpleImputer(keep_empty_features=True), "
            "regressor), or take a regressor that allows NaN."
        )

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what follows from the selector's and the regressor's tags."""
        tags = super().__sklearn_tags__()
        selector, regressor = get_tags(self.selector), get_tags(self.regressor)
        tags.input_tags.allow_nan = selector.input_tags.allow_nan and _allows_nan(self.regressor)
        tags.input_tags.positive_only = (
            selector.input_tags.positive_only or regressor.input_tags.positive_only
        )
        tags.target_tags.required = False
        tags.target_tags.positive_only = regressor.target_tags.positive_only
        tags.target_tags.multi_output = regressor.target_tags.multi_output
        tags.regressor_tags.poor_score = bool(
            regressor.regressor_tags and regressor.regressor_tags.poor_score
        )
        tags.non_deterministic = selector.non_deterministic or regressor.non_deterministic
        whole = AnchorTags.of(self.regressor).reads_whole_rows
        own = whole and AnchorTags.of(self.selector).anchors_for_each_model
        return AnchorTags(anchors_for_each_model=own).added_to(tags)


def _fit_selector(selector: Any, X: Any, y: Array, fit_params: dict[str, Any]) -> Any:
    return selector.fit(X, y, **fit_params)


def _anchors(selector: Any) -> Indices:
    anchors = getattr(selector, "anchors_", None)
    return np.asarray(selector.get_support(indices=True) if anchors is None else anchors)


def _routing() -> bool:
    return bool(get_config()["enable_metadata_routing"])


def _allows_nan(estimator: Any) -> bool:
    """Return whether NaN may reach the estimator; those that wrap another do not always say so."""
    if get_tags(estimator).input_tags.allow_nan:
        return True
    if isinstance(estimator, Pipeline):
        first = next((step for _, step in estimator.steps if step not in (None, "passthrough")))
        return _allows_nan(first)
    wrapped = (getattr(estimator, name, None) for name in ("estimator", "regressor"))
    return any(hasattr(inner, "fit") and _allows_nan(inner) for inner in wrapped)


def _last_step(estimator: Any, parameter: str) -> tuple[str, Any]:
    """Return who gets a parameter of `fit`, and the name under which `fit` takes it."""
    if not isinstance(estimator, Pipeline):
        return parameter, estimator
    name, step = estimator.steps[-1]
    keyword, last = _last_step(step, parameter)
    return f"{name}__{keyword}", last


def _reads_whole_rows(regressor: Any) -> bool:
    _, last = _last_step(regressor, "anchors")
    whole = AnchorTags.of(last).reads_whole_rows
    if whole and last is not regressor:
        raise ValueError(
            f"The last step of the regressor, a {type(regressor).__name__}, learns from whole "
            "rows, which the steps before it would change. Give that step alone as regressor."
        )
    return whole
