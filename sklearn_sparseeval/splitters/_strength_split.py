"""Extrapolation: weak models as sources, strong ones as targets."""

import warnings
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_random_state

from sklearn_sparseeval._sklearn import Interval, check_parameters
from sklearn_sparseeval.splitters._model_splitter import Masks, ModelSplitter

_ROUNDING = 1e-9  # by which two shares that sum to one may exceed it as floats


class StrengthSplit(ModelSplitter):
    """Learn from the weakest models and predict the strongest: extrapolation.

    A benchmark is run on a new model because the model may be better than all before it. Random
    splits hide what then happens: their targets lie amid the sources, where even a regression
    that shrinks towards the average model looks good. Here the targets are at least as strong as
    every source.

    Parameters
    ----------
    n_splits : int, default=10
        Number of splits. Must be 1 with ``bootstrap=False``.
    source_share : float, default=0.5
        Share of the drawn models, the weakest ones, that are sources. Between 0 and 1.
    target_share : float, default=0.3
        Share of the drawn models, the strongest ones, that are targets. Between 0 and 1; the two
        shares sum to at most 1. The models between them are left out.
    bootstrap : bool, default=True
        If True, each split draws as many models as there are with replacement and goes on with
        the distinct ones among them, about 63 %, so that the splits differ. If False, the split
        is that of all models.
    random_state : int, RandomState instance or None, default=None
        Determines the draws. Pass an int for the same splits at each call. Must be None with
        ``bootstrap=False``, which draws nothing.

    See Also
    --------
    ChronologicalSplit : Old models as sources, new ones as targets.
    sklearn.model_selection.ShuffleSplit : Interpolation, targets drawn like the sources.

    Notes
    -----
    Strength is `y`; the mean over the tasks where `y` has several columns; the mean of each row's
    evaluated items of `X` where there is no `y`. Models of equal strength count as the stronger
    the further down they stand in `X`. Numbers of models are rounded to the nearest integer.

    A model that is drawn twice is kept once. As two equal rows it would be its own neighbour in
    any cross-validation or leave-one-out error inside a method, which would then choose its
    penalty, or its anchors, on rows it has seen.

    Extrapolation from the weakest 50 % to the strongest 30 % is the protocol of [1]_, in which
    that split is a single one; the bootstrap gives it a spread.

    References
    ----------
    .. [1] "How Benchmark Prediction from Fewer Data Misses the Mark", NeurIPS 2025,
       arXiv:2506.07673.

    Examples
    --------
    >>> from sklearn.linear_model import RidgeCV
    >>> from sklearn.model_selection import ShuffleSplit, cross_val_score
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> from sklearn_sparseeval.splitters import StrengthSplit
    >>> X, y = load_helm_lite(task="gsm", return_X_y=True)
    >>> sources, targets = next(StrengthSplit(1, bootstrap=False).split(X, y))
    >>> print(len(sources), len(targets), y[sources].max(), y[targets].min())
    42 25 0.734 0.817

    A ridge regression on 50 anchors, first between, then beyond the models that it knows:

    >>> anchors, errors = X[:, :50], []
    >>> for cv in (ShuffleSplit(random_state=0), StrengthSplit(random_state=0)):
    ...     error = -cross_val_score(
    ...         RidgeCV(), anchors, y, cv=cv, scoring="neg_mean_absolute_error"
    ...     )
    ...     errors.append(error.mean())
    >>> bool(errors[1] > 2 * errors[0])
    True
    """

    @check_parameters(
        n_splits=[Interval(Integral, 1, None, closed="left")],
        source_share=[Interval(Real, 0, 1, closed="neither")],
        target_share=[Interval(Real, 0, 1, closed="neither")],
        bootstrap=["boolean"],
        random_state=["random_state"],
    )
    def __init__(
        self,
        n_splits: int = 10,
        *,
        source_share: float = 0.5,
        target_share: float = 0.3,
        bootstrap: bool = True,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        if source_share + target_share > 1 + _ROUNDING:
            raise ValueError(
                f"source_share={source_share} and target_share={target_share} sum to "
                f"{source_share + target_share:g}, but no model can be both: they must sum to at "
                "most 1. Lower one of them."
            )
        if not bootstrap and n_splits != 1:
            raise ValueError(
                f"bootstrap=False gives one split, always the same, but n_splits={n_splits}. Set "
                "n_splits=1, or bootstrap=True for splits that differ."
            )
        if not bootstrap and random_state is not None:
            raise ValueError(
                f"random_state={random_state} has no effect, as bootstrap=False draws nothing. "
                "Leave it at None, or set bootstrap=True."
            )
        self.n_splits = n_splits
        self.source_share = source_share
        self.target_share = target_share
        self.bootstrap = bootstrap
        self.random_state = random_state

    def _iter_masks(self, X: Any, y: Any, groups: Any) -> Masks:
        if groups is not None:
            warnings.warn(
                "StrengthSplit ignores groups: models of one family may stand on both sides.",
                UserWarning,
                stacklevel=3,
            )
        strength = _mean_results(X) if y is None else _mean_scores(y)
        n_models = len(strength)
        rng = check_random_state(self.random_state)
        for _ in range(self.n_splits):
            drawn = np.arange(n_models)
            if self.bootstrap:
                drawn = np.unique(rng.randint(n_models, size=n_models))
            n_sources, n_targets = self._count_sides(len(drawn), n_models)
            by_strength = drawn[np.argsort(strength[drawn], kind="stable")]
            yield (
                _mask(by_strength[:n_sources], n_models),
                _mask(by_strength[-n_targets:], n_models),
            )

    def _count_sides(self, n_drawn: int, n_models: int) -> tuple[int, int]:
        n_sources = round(self.source_share * n_drawn)
        n_targets = min(round(self.target_share * n_drawn), n_drawn - n_sources)
        for name, share, n_side in (
            ("source", self.source_share, n_sources),
            ("target", self.target_share, n_targets),
        ):
            if n_side < 1:
                drawn = f" ({n_drawn} distinct ones drawn)" if self.bootstrap else ""
                raise ValueError(
                    f"{name}_share={share} of {n_models} models{drawn} leaves no {name}. Raise "
                    "the share, or give more models."
                )
        return n_sources, n_targets


def _mask(rows: NDArray[np.intp], n_models: int) -> NDArray[np.bool_]:
    mask = np.zeros(n_models, dtype=bool)
    mask[rows] = True
    return mask


def _mean_scores(y: Any) -> NDArray[np.float64]:
    scores: NDArray[np.float64] = check_array(
        y, dtype=np.float64, ensure_2d=False, ensure_all_finite=False, input_name="y"
    )
    unknown = np.flatnonzero(~np.isfinite(scores.reshape(len(scores), -1)).all(axis=1))
    if len(unknown):
        raise ValueError(
            f"y holds no finite score for {len(unknown)} model(s), the first at row {unknown[0]}: "
            f"{scores[unknown[0]]}. Leave out the models whose score is not known."
        )
    means: NDArray[np.float64] = scores.reshape(len(scores), -1).mean(axis=1)
    return means


def _mean_results(X: Any) -> NDArray[np.float64]:
    results: NDArray[np.float64] = check_array(
        X, dtype=np.float64, ensure_all_finite="allow-nan", input_name="X"
    )
    evaluated = ~np.isnan(results)
    empty = np.flatnonzero(~evaluated.any(axis=1))
    if len(empty):
        raise ValueError(
            f"X holds no result for {len(empty)} model(s), the first at row {empty[0]}, so their "
            "strength is not known. Leave them out, or give y."
        )
    means: NDArray[np.float64] = results.mean(axis=1, where=evaluated)
    return means
