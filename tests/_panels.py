"""Panels and helpers that the tests of several rooms share: ``from _panels import ...``."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

NAN = float("nan")


def answers(n_models, n_items, seed=0):
    """Draw right and wrong answers of models of different strength: X and its row means."""
    rng = np.random.default_rng(seed)
    X = (rng.random((n_models, n_items)) < rng.random((n_models, 1))).astype(float)
    return X, X.mean(axis=1)


def with_seed(estimator, seed):
    """Set every parameter `random_state` that is None, in place."""
    open_seeds = [
        name
        for name, value in estimator.get_params().items()
        if name.split("__")[-1] == "random_state" and value is None
    ]
    return estimator.set_params(**dict.fromkeys(open_seeds, seed))


class FirstItemsRegressor(RegressorMixin, BaseEstimator):
    """Takes the first items as anchors, and predicts the mean of every result that it can see."""

    def __init__(self, n_anchors=1):
        self.n_anchors = n_anchors

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        self.anchors_ = np.arange(self.n_anchors)
        return self

    def predict(self, X):
        return np.nanmean(X, axis=1)


@dataclass
class Result:
    """What a `Comparison` is made of: the outcome of one method with one split."""

    method: str
    n_anchors: int
    split: int
    scores: dict[str, float] = field(default_factory=dict)
    fit_seconds: float = NAN
    predict_seconds: float = NAN
    predicted: list[Any] | None = None
    error: str | None = None
