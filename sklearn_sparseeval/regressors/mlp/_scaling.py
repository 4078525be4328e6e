"""What stands between the user's units and the networks': a baseline, a shift and a scale."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval.numerics.ridge import fit_ridge

Array = NDArray[np.floating]


class Scaling(NamedTuple):
    """``prediction = X @ coef + intercept + y_scale * network((X - X_mean) / X_scale)``."""

    X_mean: Array  # (n_features,)
    X_scale: float
    coef: Array  # (n_features, n_outputs)
    intercept: Array  # (n_outputs,)
    y_scale: Array  # (n_outputs,)

    @classmethod
    def fit(
        cls,
        X: Array,
        y: Array,
        sample_weight: Array,
        *,
        baseline: str | None,
        scale_inputs: bool,
        output_range: tuple[float, float] | None,
    ) -> Self:
        """Fit the baseline and the scales.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Results on the anchors.
        y : ndarray of shape (n_rows, n_outputs)
            Benchmark scores.
        sample_weight : ndarray of shape (n_rows,)
            Positive weights.
        baseline : {"ridge"} or None
            See :class:`MLPScoreRegressor`.
        scale_inputs : bool
            Whether the networks see centred and scaled anchors.
        output_range : tuple of (float, float) or None
            The scores that 0 and 1 of a sigmoid output stand for; None without one.

        Returns
        -------
        scaling : Scaling
            In the dtype of `X`.
        """
        n_features, n_outputs = X.shape[1], y.shape[1]
        X_mean = np.average(X, axis=0, weights=sample_weight)
        spread = float(np.sqrt(np.average((X - X_mean) ** 2, axis=0, weights=sample_weight).mean()))
        coef = np.zeros((n_features, n_outputs))
        if output_range is not None:
            intercept = np.full(n_outputs, output_range[0])
            y_scale = np.full(n_outputs, output_range[1] - output_range[0])
        else:
            intercept = np.average(y, axis=0, weights=sample_weight)
            y_scale = np.sqrt(np.average((y - intercept) ** 2, axis=0, weights=sample_weight))
            y_scale[(y == y[0]).all(axis=0)] = 1.0  # the spread may be rounding noise
        if baseline == "ridge":
            # Ridge on y minus the anchors' mean shrinks to a model's own sample mean, not to the
            # source models' average, which holds up better for models unlike them.
            # The anchors were chosen on these same rows, so that leave-one-out flatters small
            # penalties: with few models it must not choose freely.
            n_rows = max(float(sample_weight.sum()), len(X))
            residual = y - X.mean(axis=1, keepdims=True)
            ridge = fit_ridge(X, residual, sample_weight, least_alpha=n_features / n_rows)
            coef, intercept = ridge.coef + 1 / n_features, ridge.intercept
        if (X[0] == X).all():
            spread = 1.0
        if not scale_inputs:
            X_mean, spread = np.zeros(n_features), 1.0
        dtype = X.dtype
        return cls(
            X_mean.astype(dtype), spread, coef.astype(dtype), intercept.astype(dtype),
            y_scale.astype(dtype),
        )  # fmt: skip

    def inputs(self, X: Array) -> Array:
        """Return what the networks see of `X`."""
        return (X - self.X_mean) / np.asarray(self.X_scale, dtype=X.dtype)

    def targets(self, X: Array, y: Array) -> Array:
        """Return what the networks learn: `y` less the baseline, in their units."""
        return (y - X @ self.coef - self.intercept) / self.y_scale

    def predictions(self, X: Array, output: Array) -> Array:
        """Return predictions in the user's units from the networks' output."""
        return X @ self.coef + self.intercept + self.y_scale * output

    def gradients(self, jacobian: Array) -> Array:
        """Return derivatives in the user's units, (n_rows, n_outputs, n_features)."""
        scale = self.y_scale[:, np.newaxis] / self.X_scale
        gradients: Array = self.coef.T + scale * jacobian
        return gradients
