"""What an estimator declares about anchors, among scikit-learn's tags."""

from dataclasses import dataclass, field, fields
from typing import Any, Self

from sklearn.utils import Tags, get_tags


@dataclass(frozen=True)
class AnchorTags:
    """What an estimator declares about anchors; nothing is guessed from its methods.

    :class:`AnchoredRegressor` and ``compare_estimators`` go by these tags. An estimator that
    declares none is an ordinary one: a regressor across models that sees the anchors' columns
    alone, or a selector of the same anchors for all models.

    Parameters
    ----------
    reads_whole_rows : bool, default=False
        Of a regressor: `fit` learns from the whole score matrix and has a parameter `anchors`;
        `predict` takes full-width rows that are NaN off the anchors.
    takes_anchor_weights : bool, default=False
        Of a regressor: `fit` has a parameter `anchor_weights`, one weight per column, or aligned
        with `anchors` where it reads whole rows.
    anchors_for_each_model : bool, default=False
        Of whatever chooses anchors: each model has anchors of its own. The method `anchors_for`
        returns them, one row per model, from the results on the items `probes_`.

    See Also
    --------
    AnchoredRegressor : Hands a regressor what these tags ask for.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator, RegressorMixin
    >>> from sklearn_sparseeval import AnchorTags
    >>> class NearestModel(RegressorMixin, BaseEstimator):
    ...     def fit(self, X, y, anchors=None):
    ...         self.anchors_, self.X_, self.y_ = np.asarray(anchors), np.asarray(X), np.asarray(y)
    ...         return self
    ...
    ...     def predict(self, X):
    ...         seen, known = np.asarray(X)[:, self.anchors_], self.X_[:, self.anchors_]
    ...         apart = np.abs(seen[:, np.newaxis] - known).sum(axis=2)
    ...         return self.y_[apart.argmin(axis=1)]
    ...
    ...     def __sklearn_tags__(self):
    ...         return AnchorTags(reads_whole_rows=True).added_to(super().__sklearn_tags__())
    >>> AnchorTags.of(NearestModel()).reads_whole_rows
    True
    """

    reads_whole_rows: bool = False
    takes_anchor_weights: bool = False
    anchors_for_each_model: bool = False

    @classmethod
    def of(cls, estimator: Any) -> Self:
        """Return what an estimator declares.

        Parameters
        ----------
        estimator : estimator
            Fitted or not.

        Returns
        -------
        anchor_tags : AnchorTags
            All False where it declares nothing.
        """
        declared: Self = getattr(get_tags(estimator), "anchor_tags", cls())
        return declared

    def added_to(self, tags: Tags) -> Tags:
        """Return scikit-learn's tags of an estimator with these beside them.

        Parameters
        ----------
        tags : sklearn.utils.Tags
            What ``super().__sklearn_tags__()`` returned.

        Returns
        -------
        tags : sklearn.utils.Tags
            The same tags. What a base class has declared about anchors stays declared.
        """
        before = getattr(tags, "anchor_tags", AnchorTags())
        both = {
            tag.name: getattr(before, tag.name) or getattr(self, tag.name) for tag in fields(self)
        }
        inherited = {tag.name: getattr(tags, tag.name) for tag in fields(Tags)}
        return _TagsWithAnchors(**inherited, anchor_tags=AnchorTags(**both))


@dataclass
class _TagsWithAnchors(Tags):
    """scikit-learn's tags, and ours."""

    anchor_tags: AnchorTags = field(default_factory=AnchorTags)
