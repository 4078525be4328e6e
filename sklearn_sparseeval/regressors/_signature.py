"""Models that respond alike score alike: a regression across models on their signatures."""

from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import MetaEstimatorMixin, clone
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.utils import get_tags

from sklearn_sparseeval._sklearn import (
    HasMethods,
    Interval,
    RealNotInt,
    _fit_context,
)
from sklearn_sparseeval.numerics.row_identity import canonical_row_order
from sklearn_sparseeval.regressors._base import ScoreRegressor, fill_missing_results

Array = NDArray[np.floating]


class SignatureRegressor(MetaEstimatorMixin, ScoreRegressor):
    """Predict benchmark scores from the models' signatures, as DISCO does.

    The signature of a model is the list of its results on the anchors, or its leading principal
    components. Any regressor of scikit-learn relates signatures to scores. The two of DISCO are
    ready to use: :meth:`random_forest`, which is also the default, and :meth:`nearest_models`.

    Parameters
    ----------
    regressor : estimator, default=None
        The regressor across models. None is a random forest of 100 trees.
    n_components : int, float or None, default=None
        Number of principal components that the signature is reduced to; at most as many as there
        are models and as there are anchors. A float between 0 and 1 is the share of the variance
        that the components must explain. None keeps the results as they are.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Where it is given, predictions are clipped to it and
        a `y` outside it is refused.
    random_state : int, RandomState instance or None, default=None
        Seeds the default forest. A regressor of yours has its own seed.

    Attributes
    ----------
    regressor_ : estimator
        The fitted regressor.
    pca_ : PCA or None
        The fitted reduction; None where there is none, and where all source models have the
        same results.
    n_features_in_ : int
        Number of anchors seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Defined only when `X` has feature names that are all strings.

    See Also
    --------
    DisagreementSelector : Chooses anchors as DISCO does.
    ResidualRidgeRegressor : Predicts scores beyond those of the source models, too.

    Notes
    -----
    A forest and nearest neighbours average scores of source models: no prediction is outside
    their range, so a model stronger than all of them is predicted to be about as good as the
    best, and with a dozen models predictions hardly differ. The authors report that the advantage
    over random items is gone where the targets are stronger than the sources (appendix F).

    A missing result (NaN), in `fit` or `predict`, is filled with the mean of the item over the
    source models that have it, plus the mean deviation of the model from such means over the
    anchors it has: any regressor can follow. A model without any result, or an anchor without a
    result in `fit`, is an error.

    The models are put into an order of their own before the fit, so that a bootstrap does not
    depend on how they are listed. There is no `sample_weight`: to nearest neighbours and bootstrap
    samples a weight of two is not the same as two rows.

    It departs from the released code in these points. DISCO's signature are the probabilities of
    all choices on each anchor, 3,100 numbers for 100 anchors of MMLU, reduced to 256 components;
    a score matrix has one number per anchor, and more components than models do not exist. Its
    nearest neighbour is a single one by cosine; the paper, and :meth:`nearest_models`, average
    several by Euclidean distance.

    References
    ----------
    .. [1] "DISCO", ICLR 2026, arXiv:2510.07959.

    Examples
    --------
    >>> from sklearn_sparseeval import AnchoredRegressor, DisagreementSelector, SignatureRegressor
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> X, y = load_open_llm(task="arc_challenge", return_X_y=True)
    >>> forest = SignatureRegressor.random_forest(n_components=10, random_state=0)
    >>> disco = AnchoredRegressor(DisagreementSelector(n_anchors=50), forest)
    >>> error = disco.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]
    >>> bool(abs(error).mean() < 0.05)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **ScoreRegressor._parameter_constraints,
        "regressor": [HasMethods(["fit", "predict"]), None],
        "n_components": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
            None,
        ],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        regressor: Any = None,
        *,
        n_components: int | float | None = None,
        score_range: tuple[float, float] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.regressor = regressor
        self.n_components = n_components
        self.score_range = score_range
        self.random_state = random_state

    @classmethod
    def random_forest(
        cls,
        n_estimators: int = 100,
        *,
        n_components: int | float | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> Self:
        """Make DISCO's default: a random forest.

        Parameters
        ----------
        n_estimators : int, default=100
            Number of trees.
        n_components : int, float or None, default=None
            Number of principal components, as in the class.
        random_state : int, RandomState instance or None, default=None
            Seeds the forest.

        Returns
        -------
        regressor : SignatureRegressor
            Not fitted.

        Examples
        --------
        >>> from sklearn_sparseeval import SignatureRegressor
        >>> SignatureRegressor.random_forest(200)
        SignatureRegressor(regressor=RandomForestRegressor(n_estimators=200))
        """
        forest = RandomForestRegressor(n_estimators, random_state=random_state)
        return cls(forest, n_components=n_components)

    @classmethod
    def nearest_models(
        cls,
        n_neighbors: int = 5,
        *,
        metric: str = "euclidean",
        n_components: int | float | None = None,
    ) -> Self:
        """Make DISCO's other predictor: the mean score of the models with the nearest signatures.

        Parameters
        ----------
        n_neighbors : int, default=5
            Number of models.
        metric : str, default="euclidean"
            Distance between signatures, one of those of
            :class:`~sklearn.neighbors.KNeighborsRegressor`; "cosine", with one neighbour, is
            the released code.
        n_components : int, float or None, default=None
            Number of principal components, as in the class.

        Returns
        -------
        regressor : SignatureRegressor
            Not fitted.

        Examples
        --------
        >>> from sklearn_sparseeval import SignatureRegressor
        >>> SignatureRegressor.nearest_models(3)
        SignatureRegressor(regressor=KNeighborsRegressor(metric='euclidean', n_neighbors=3))
        """
        return cls(KNeighborsRegressor(n_neighbors, metric=metric), n_components=n_components)

    # Parameters of the user's own regressor are checked too.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the reduction and the regressor.

        Parameters
        ----------
        X : array-like of shape (n_models, n_anchors)
            Results on the anchors; NaN = not evaluated.
        y : array-like of shape (n_models,) or (n_models, n_tasks)
            Benchmark scores; several tasks where the regressor allows.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If scores lie outside `score_range`, or a model or an anchor has no result at all.
        """
        several = get_tags(self).target_tags.multi_output
        sources = self._source_scores(X, y, multi_output=several)
        order = canonical_row_order(sources.X, sources.y, sources.weight)
        results, target = sources.X[order], sources.y[order]
        self._item_means = self._anchor_means(results, sources.weight)
        signatures = self._filled(results, order)
        self.pca_ = None
        if self.n_components is not None and np.ptp(signatures, axis=0).any():
            share = self.n_components < 1  # the constraints leave floats between 0 and 1, and ints
            count = self.n_components if share else min(self.n_components, *signatures.shape)
            self.pca_ = PCA(count, svd_solver="full").fit(signatures)
        regressor = self._default() if self.regressor is None else clone(self.regressor)
        target = target if sources.several else target[:, 0]
        self.regressor_ = regressor.fit(self._reduced(signatures), target)
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predict benchmark scores.

        Parameters
        ----------
        X : array-like of shape (n_models, n_anchors)
            Results on the anchors; NaN = not evaluated.

        Returns
        -------
        y : ndarray of shape (n_models,) or (n_models, n_tasks)
            Predicted scores, in the units of the `y` of `fit`.

        Raises
        ------
        ValueError
            If a model has no result on any anchor.
        """
        signatures = self._reduced(self._filled(self._target_results(X)))
        return self._in_range(self.regressor_.predict(signatures))

    def _default(self) -> Any:
        return RandomForestRegressor(random_state=self.random_state)

    def _filled(self, results: Array, row_numbers: NDArray[np.intp] | None = None) -> Array:
        weights = np.full(results.shape[1], 1 / results.shape[1])
        return fill_missing_results(results, self._item_means, weights, row_numbers)

    def _reduced(self, signatures: Array) -> Array:
        return signatures if self.pca_ is None else np.asarray(self.pca_.transform(signatures))

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what follows from the regressor's tags."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self._default() if self.regressor is None else self.regressor)
        tags.target_tags.multi_output = inner.target_tags.multi_output
        tags.target_tags.positive_only = inner.target_tags.positive_only
        tags.non_deterministic = inner.non_deterministic
        if inner.regressor_tags is not None:
            tags.regressor_tags.poor_score = inner.regressor_tags.poor_score
        return tags
