"""Fill missing results with the scores that an item response model expects."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from sklearn_sparseeval._sklearn import _fit_context, validate_data
from sklearn_sparseeval.imputers._source_imputer import _refuse
from sklearn_sparseeval.item_response import ItemResponseModel

Array = NDArray[np.floating]


class IRTImputer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill a target's missing results with the scores that an item response model expects.

    The source models teach the model how hard the items are and which abilities they draw on. A
    target's abilities are estimated from the results it has, with a prior that draws them to those
    of the source models, and its missing results are what such abilities lead to expect.

    Parameters
    ----------
    item_response_model : ItemResponseModel, default=None
        Describes the items. By default an :class:`ItemResponseModel` that chooses the number of
        abilities itself and takes scores to be between 0 and 1, or between the extremes of the
        source scores where these are not.

    Attributes
    ----------
    item_response_model_ : ItemResponseModel
        The fitted model.
    n_features_in_ : int
        Number of items seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the items. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    PIRTRegressor : Predicts the benchmark score as the mean of such a row.
    ItemRidgeImputer : Draws to the target's own mean, for targets stronger than the sources.
    ItemResponseModel : The model itself.

    Notes
    -----
    Imputed results lie strictly inside the range of scores. An item without any source result is
    taken for an average item, both where it is missing and where it is not. Source models without
    any result are left out. `sample_weight` counts models.

    References
    ----------
    .. [1] F. Maia Polo et al., "tinyBenchmarks: evaluating LLMs with fewer examples", ICML 2024,
       arXiv:2402.14992.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import IRTImputer
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> X, y = load_helm_lite(task="mmlu", return_X_y=True)
    >>> partial = X[1::2].copy()
    >>> partial[:, np.arange(567) % 6 > 0] = np.nan  # run on 95 of 567 items
    >>> completed = IRTImputer().fit(X[::2]).transform(partial)
    >>> bool(abs(completed.mean(axis=1) - y[1::2]).mean() < 0.03)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "item_response_model": [ItemResponseModel, None]
    }

    def __init__(self, *, item_response_model: ItemResponseModel | None = None) -> None:
        self.item_response_model = item_response_model

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn the items from the results of the source models.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Score matrix of the source models; NaN = not evaluated.
        y : None
            Not used.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each source model, not negative. A weight of two counts as two equal rows,
            a weight of zero as no row.

        Returns
        -------
        self : object
            The fitted imputer.

        Raises
        ------
        ValueError
            If there is no result at all, or a score lies outside the `score_range` of the model.
        """
        X_valid = validate_data(
            self, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan"
        )
        model = self.item_response_model
        model = ItemResponseModel() if model is None else clone(model)
        self.item_response_model_ = model.fit(X_valid, sample_weight=sample_weight)
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Fill the missing results of target models, each on its own.

        Parameters
        ----------
        X : array-like of shape (n_models, n_items)
            Rows of target models; NaN = not evaluated.

        Returns
        -------
        X_filled : ndarray of shape (n_models, n_items)
            The results where there are any, expected scores elsewhere.

        Raises
        ------
        ValueError
            If a model has no result at all, or a score lies outside the range of scores that the
            model knows.
        """
        check_is_fitted(self)
        completed: Array = validate_data(
            self, X, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan", copy=True,
            reset=False,
        )  # fmt: skip
        missing = np.isnan(completed)
        rows = np.flatnonzero(missing.any(axis=1))
        _refuse(rows[missing[rows].all(axis=1)], "any item")
        if len(rows):
            model = self.item_response_model_
            abilities = np.asarray(model.transform(completed[rows]))
            expected = model.inverse_transform(abilities)
            completed[rows] = np.where(missing[rows], expected, completed[rows])
        return completed

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that NaN is welcome and that single precision is kept."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
