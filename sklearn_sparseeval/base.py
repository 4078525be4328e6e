"""The base of every selector. Think twice before adding to it: subclasses are many."""

from abc import abstractmethod
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sklearn_sparseeval._inputs import check_columns, column_names, without_mask
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._sklearn import (
    CallbackSupportMixin,
    Interval,
    RealNotInt,
    StrOptions,
    _check_sample_weight,
    _fit_context,
    validate_data,
)
from sklearn_sparseeval.numerics.missing import missing_cells, row_means
from sklearn_sparseeval.numerics.partial_rows import spread_out

Array = NDArray[np.floating]


class AnchorSelector(CallbackSupportMixin, SelectorMixin, BaseEstimator):
    """Base class of all selectors: choose anchor items from the results of source models.

    A subclass writes `_choose_anchors`, and where it has parameters of its own an ``__init__`` and
    an extended `_parameter_constraints`; validation, the default target, the rules of `n_anchors`,
    missing results and the transformer's methods are here.

    Parameters
    ----------
    n_anchors : int or float, default=0.1
        How many items to choose. An int is the number itself; a float between 0 and 1 is a share
        of all items, rounded, at least one item.
    missing_anchors : {"raise", "keep"}, default="raise"
        What `transform` does when a row has no result (NaN) on an anchor. "raise" raises a
        ValueError that names the items, unless the source models had missing results on that
        anchor too. "keep" hands the NaN on, for an imputer behind the selector.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors,)
        Column indices of the chosen items, in order of choice.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    sklearn_sparseeval.estimator_checks.check_anchor_selector : Test a selector of your own.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import AnchorSelector
    >>> class HardestItemsSelector(AnchorSelector):
    ...     def _choose_anchors(self, X, y, sample_weight, n_anchors):
    ...         return np.argsort(np.nanmean(X, axis=0), kind="stable")[:n_anchors]
    >>> X = np.array([[1, 0, 1, 0], [1, 1, 0, 0], [1, 0, 1, 1]])
    >>> HardestItemsSelector(n_anchors=2).fit(X).anchors_
    array([1, 3])
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "n_anchors": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
        ],
        "missing_anchors": [StrOptions({"raise", "keep"})],
    }

    # Scores of other types become float64. A selector that computes in blocks adds the small
    # integers here, and is then handed them as they are.
    _score_dtypes: tuple[Any, ...] = (np.float64, np.float32)

    def __init__(self, n_anchors: int | float = 0.1, *, missing_anchors: str = "raise") -> None:
        self.n_anchors = n_anchors
        self.missing_anchors = missing_anchors

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Choose the anchors from the results of the source models.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Score matrix of the source models; NaN = not evaluated.
        y : array-like of shape (n_models,) or (n_models, n_tasks), default=None
            Benchmark scores to predict. By default the mean of each model's evaluated items,
            which is biased where results are not missing at random: then give `y`.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each source model, not negative. A weight of two counts as two equal rows,
            a weight of zero as no row.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        ValueError
            If `n_anchors` is larger than the number of items with a result, or a model has no
            result at all.
        """
        X_valid: Array = validate_data(
            self, X, dtype=list(self._score_dtypes), ensure_all_finite="allow-nan"
        )
        float_dtype = X_valid.dtype if X_valid.dtype.kind == "f" else np.float64
        weight: Array = _check_sample_weight(
            sample_weight, X_valid, dtype=float_dtype, ensure_non_negative=True
        )
        used = weight > 0
        if not used.any():
            raise ValueError(
                "All sample weights are zero, so there is no model to choose from. Give at least "
                "one model a positive weight."
            )
        target = self._check_target(X_valid, y, float_dtype)
        row_numbers = np.flatnonzero(used)
        if len(row_numbers) < len(X_valid):
            X_valid, target, weight = X_valid[used], target[used], weight[used]
        evaluated = self._check_evaluated(X_valid, row_numbers)
        n_anchors = self._resolve_n_anchors(X_valid.shape[1], int(evaluated.any(axis=0).sum()))
        # First, so that callbacks can transform with the anchors of the moment.
        self._complete_items: NDArray[np.bool_] = np.asarray(evaluated.all(axis=0))
        anchors = self._choose_anchors(X_valid, target, weight, n_anchors)
        self.anchors_ = np.asarray(anchors, dtype=np.intp)
        return self

    @abstractmethod
    def _choose_anchors(self, X: Array, y: Array, sample_weight: Array, n_anchors: int) -> Any:
        """Return the column indices of the anchors, in order of choice.

        Parameters
        ----------
        X : ndarray of shape (n_models, n_items)
            Validated scores, NaN = not evaluated. Every row has at least one result; a column
            may have none and then must not be chosen.
        y : ndarray of shape (n_models, n_tasks)
            Validated target, always two-dimensional.
        sample_weight : ndarray of shape (n_models,)
            Positive weights.
        n_anchors : int
            How many to choose; at most the number of items with a result.
        """

    def inverse_transform(self, X: Any) -> Any:
        """Put results on the anchors back into full-width rows, NaN elsewhere.

        The way from "results on the anchors" to a score:
        ``pipeline.predict(selector.inverse_transform(anchor_results))``.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_models, n_anchors)
            Results on the anchors. A data frame carries the anchors' names, in any order; an
            array has its columns in the order of the items (``get_support(indices=True)``), as
            `transform` returns them, not in order of choice. NaN is allowed.

        Returns
        -------
        X_full : ndarray or DataFrame of shape (n_models, n_items)
            Float rows with NaN (not evaluated) off the anchors; a data frame where `X` is one and
            the selector was fitted with item names.

        Raises
        ------
        ValueError
            If the number or the names of the columns are not those of the anchors.
        """
        check_is_fitted(self)
        items = self.get_support(indices=True)
        names = column_names(self)
        columns = getattr(X, "columns", None)
        if columns is not None and names is not None:
            if len(columns) != len(items) or set(columns) != set(names[items]):
                raise ValueError(
                    f"The columns of X are {listing(list(columns))}, but the anchors are "
                    f"{listing(names[items])}. Give one column per anchor, by its name."
                )
            X = X[list(names[items])]
        results = check_array(X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan")
        if results.shape[1] != len(items):
            raise ValueError(
                f"X has {results.shape[1]} columns, but {len(items)} anchors were chosen from "
                f"{self.n_features_in_} items. Give one column per anchor, in item order."
            )
        full = np.full((len(results), self.n_features_in_), np.nan, dtype=results.dtype)
        full[:, items] = results
        if columns is None or names is None:
            return full
        if hasattr(X, "iloc"):  # pandas keeps the models' names in the index
            return type(X)(full, index=X.index, columns=names)
        return type(X)(full, schema=list(names))

    def transform(self, X: Any) -> Any:
        """Reduce rows to the anchors.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_models, n_items)
            Full-width rows; what stands off the anchors does not matter. Or a data frame of the
            anchors' columns alone, by their names, in any order.

        Returns
        -------
        X_anchors : ndarray or DataFrame of shape (n_models, n_anchors)
            The anchors' columns, in the order of the items.

        Raises
        ------
        ValueError
            If the columns are others than those of the fit, or a result on an anchor is missing
            and `missing_anchors` is "raise".
        """
        check_is_fitted(self)
        names = column_names(self)
        rows = spread_out(without_mask(X), names, self.get_support(indices=True))
        check_columns(self, rows)
        return super().transform(rows)

    # The hook of SelectorMixin.transform behind its validation, so that set_output applies once.
    def _transform(self, X: Any) -> Any:
        if self.missing_anchors == "raise":
            self._refuse_missing_anchors(X)
        return super()._transform(X)

    def _refuse_missing_anchors(self, X: Any) -> None:
        items = self.get_support(indices=True)
        items = items[np.flatnonzero(self._complete_items[items])]
        missing: NDArray[np.bool_] = missing_cells(
            X.iloc[:, items] if hasattr(X, "iloc") else X[:, items]
        )
        if not missing.any():
            return
        bad = items[np.flatnonzero(missing.any(axis=0))]
        names: Any = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))[bad]
        raise ValueError(
            f"{int(missing.any(axis=1).sum())} of {len(missing)} models have no result (NaN) on "
            f"{len(bad)} of the {len(self.anchors_)} anchors: {listing(names)}. Evaluate these "
            "items, or set missing_anchors='keep' and put an imputer behind the selector."
        )

    def _check_evaluated(self, X: Array, row_numbers: NDArray[np.intp]) -> NDArray[np.bool_]:
        evaluated: NDArray[np.bool_] = ~np.isnan(X)
        empty = row_numbers[np.flatnonzero(~evaluated.any(axis=1))]
        if len(empty):
            raise ValueError(
                f"{len(empty)} models have no result at all (every item is NaN): rows "
                f"{listing(empty)} of X. Remove them."
            )
        return evaluated

    def _check_target(self, X: Array, y: ArrayLike | None, dtype: Any) -> Array:
        if y is None:
            means = row_means(X, dtype=dtype)  # NaN for rows of weight zero, which may be empty
            return means[:, np.newaxis].astype(dtype, copy=False)
        target: Array = check_array(y, ensure_2d=False, dtype=dtype, input_name="y")
        check_consistent_length(X, target)
        return target.reshape(len(X), -1)

    def _resolve_n_anchors(self, n_items: int, n_evaluated: int) -> int:
        share = self.n_anchors < 1  # the constraints leave floats between 0 and 1, and ints
        n_anchors = max(1, round(self.n_anchors * n_items)) if share else int(self.n_anchors)
        if n_anchors > n_items:
            raise ValueError(
                f"n_anchors={n_anchors} is more than there are items: n_features={n_items}. "
                "Choose fewer anchors, or a fraction between 0 and 1."
            )
        if n_anchors > n_evaluated:
            raise ValueError(
                f"n_anchors={n_anchors} is more than the {n_evaluated} items (of {n_items}) for "
                "which any source model has a result. Choose fewer anchors."
            )
        return n_anchors

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        mask = np.zeros(self.n_features_in_, dtype=bool)
        mask[self.anchors_] = True
        return mask

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that NaN is welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
