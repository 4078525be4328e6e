"""Score regression by multi-layer perceptrons, trained by skorch."""

from numbers import Integral, Real
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, column_or_1d

from sklearn_sparseeval._sklearn import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    _check_sample_weight,
    _fit_context,
    validate_data,
)
from sklearn_sparseeval.numerics.ridge import fit_ridge
from sklearn_sparseeval.numerics.threads import one_thread
from sklearn_sparseeval.numerics.units import unit_slopes
from sklearn_sparseeval.regressors._base import checked_score_range
from sklearn_sparseeval.regressors.mlp._score_net import (
    ACTIVATIONS,
    ScoreNet,
    forward,
    jacobian,
    torch_seed,
    torch_single_thread,
)
from sklearn_sparseeval.regressors.mlp._training import EpochBridge, copy_weights, make_net

Array = NDArray[np.floating]

_PAPER: dict[str, Any] = {
    "hidden_layer_sizes": (128, 64, 32),
    "activation": "gelu",
    "output_activation": "sigmoid",
    "baseline": None,
    "n_networks": 1,
    "dropout": 0.1,
    "alpha": 0.0,
    "learning_rate_init": 5e-4,
    "learning_rate": "constant",
    "batch_size": None,
    "max_iter": 20_000,
    "scale_inputs": False,
}
_PAPER_LINEAR = {"hidden_layer_sizes": (), "output_activation": "identity", "dropout": 0.0}


class MLPScoreRegressor(CallbackSupportMixin, RegressorMixin, BaseEstimator):
    """Predict benchmark scores from the anchors with multi-layer perceptrons.

    By default a ridge regression in closed form, shrunk towards the mean of the anchors, makes
    the first prediction, and the average of four small networks adds what it misses: next to
    nothing with 50 source models, a tenth of the error with thousands and many anchors.
    :meth:`paper` gives the network of the SparseEval paper instead.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int, default=(128, 64)
        Width of each hidden layer; ``()`` gives a linear model.
    activation : {"relu", "gelu", "tanh", "identity"}, default="relu"
        Activation after each hidden layer.
    output_activation : {"identity", "sigmoid"}, default="identity"
        "sigmoid" keeps every prediction inside `score_range`; it cannot be combined with a
        baseline.
    baseline : {"ridge"} or None, default="ridge"
        The model whose residual the networks learn. "ridge" is a ridge regression on `y` minus
        the mean of the anchors. Its penalty has the least leave-one-out error among those not
        below n_anchors / n_models of the anchors' mean eigenvalue: anchors that were chosen on
        the same scores make that error look too good.
    n_networks : int, default=4
        How many networks, from different random weights, are averaged.
    dropout : float, default=0.0
        Probability, in [0, 1), that a hidden unit is dropped in a training step.
    alpha : float, default=0.1
        Decoupled weight decay of AdamW; 0 gives Adam.
    learning_rate_init : float, default=1e-3
        Largest step size.
    learning_rate : {"one-cycle", "constant"}, default="one-cycle"
        "one-cycle" warms the step size up for a tenth of the steps, then lets it fall to zero.
    batch_size : int or None, default=128
        Rows per step; None, or a number not below that of the rows, takes all rows in each step.
    max_iter : int, default=30
        Largest number of epochs (passes over the rows).
    early_stopping : bool, default=False
        Hold out `validation_fraction` of the rows (of the groups, where `fit` is given groups),
        stop after `n_iter_no_change` epochs without improvement and keep the best weights.
    validation_fraction : float, default=0.1
        Share of the rows, or groups, held out by `early_stopping`.
    n_iter_no_change : int, default=10
        Patience of `early_stopping`, in epochs.
    tol : float, default=1e-4
        Smallest relative improvement of the validation loss that counts.
    score_range : tuple of (float, float) or None, default=None
        Smallest and largest possible score. Predictions are clipped to it where it is given;
        with ``output_activation="sigmoid"`` None means (0, 1).
    scale_inputs : bool, default=True
        Centre the anchors and divide them by one common scale before the networks see them.
    warm_start : bool, default=False
        Go on from the weights of the previous `fit`, where the shapes allow it.
    device : str, default="cpu"
        Torch device, such as "cpu" or "cuda".
    callbacks : list of skorch callbacks or None, default=None
        Copied before use; to stop early set `early_stopping`, not skorch's callback. For progress
        bars use scikit-learn's callbacks (`set_callbacks`, 1.9 or newer); an epoch is a task.
    verbose : int, default=0
        1 prints skorch's table of epochs.
    random_state : int, RandomState instance or None, default=None
        Seeds weights, dropout, batches and the validation split. The same int gives the same
        fit in every thread and process; torch's own random state is neither read nor changed.

    Attributes
    ----------
    net_ : skorch.NeuralNetRegressor
        The fitted net (history, module, optimiser), in the networks' own units.
    n_iter_ : int
        Number of epochs run in the last `fit`.
    loss_curve_ : list of float
        Training loss of each epoch: mean squared error in the networks' own units.
    validation_loss_curve_ : list of float or None
        Validation loss of each epoch; None without `early_stopping`.
    n_features_in_ : int
        Number of anchors seen during :term:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Defined only when `X` has feature names that are all strings.

    See Also
    --------
    SparseEvalSelector : Chooses the anchors; in a pipeline, goes before this regressor.

    References
    ----------
    .. [1] "SparseEval: Efficient Evaluation of Large Language Models by Sparse Optimization",
       ICLR 2026, arXiv:2602.07909, section 4 and released code (the network of :meth:`paper`).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval import MLPScoreRegressor
    >>> rng = np.random.default_rng(0)
    >>> ability = rng.uniform(0.2, 0.9, size=(100, 1))
    >>> X = (rng.random((100, 20)) < ability).astype(float)  # results on 20 anchors
    >>> regressor = MLPScoreRegressor(random_state=0).fit(X, ability.ravel())
    >>> regressor.predict(X[:2]).shape
    (2,)
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "hidden_layer_sizes": [tuple, list],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "output_activation": [StrOptions({"identity", "sigmoid"})],
        "baseline": [StrOptions({"ridge"}), None],
        "n_networks": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "learning_rate": [StrOptions({"one-cycle", "constant"})],
        "batch_size": [None, Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "score_range": [tuple, list, None],
        "scale_inputs": ["boolean"],
        "warm_start": ["boolean"],
        "device": [str],
        "callbacks": [None, list],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        hidden_layer_sizes: tuple[int, ...] = (128, 64),
        *,
        activation: str = "relu",
        output_activation: str = "identity",
        baseline: str | None = "ridge",
        n_networks: int = 4,
        dropout: float = 0.0,
        alpha: float = 0.1,
        learning_rate_init: float = 1e-3,
        learning_rate: str = "one-cycle",
        batch_size: int | None = 128,
        max_iter: int = 30,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        score_range: tuple[float, float] | None = None,
        scale_inputs: bool = True,
        warm_start: bool = False,
        device: str = "cpu",
        callbacks: list[Any] | None = None,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.output_activation = output_activation
        self.baseline = baseline
        self.n_networks = n_networks
        self.dropout = dropout
        self.alpha = alpha
        self.learning_rate_init = learning_rate_init
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.score_range = score_range
        self.scale_inputs = scale_inputs
        self.warm_start = warm_start
        self.device = device
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    @classmethod
    def paper(cls, *, linear: bool = False, **params: Any) -> Self:
        """Make the regressor of the SparseEval paper, as its released code sets it.

        One network of widths 128, 64 and 32 with GELU, dropout 0.1 and a sigmoid output on raw
        0/1 columns, 20,000 full-batch epochs of Adam at step size 5e-4 on the mean squared
        error: minutes for thousands of models. Pass other parameters to shorten it.

        Parameters
        ----------
        linear : bool, default=False
            Give the paper's linear variant: one linear layer, no sigmoid.
        **params : dict
            Parameters of the regressor that replace those of the paper.

        Returns
        -------
        regressor : MLPScoreRegressor
            An unfitted regressor.

        Examples
        --------
        >>> from sklearn_sparseeval import MLPScoreRegressor
        >>> MLPScoreRegressor.paper(max_iter=100).hidden_layer_sizes
        (128, 64, 32)
        """
        return cls(**(_PAPER | (_PAPER_LINEAR if linear else {}) | params))

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the baseline, then the networks to what it misses.

        Parameters
        ----------
        X : array-like of shape (n_models, n_anchors)
            Results on the anchors; NaN is refused.
        y : array-like of shape (n_models,) or (n_models, n_tasks)
            Benchmark scores.
        sample_weight : array-like of shape (n_models,), default=None
            Weight of each model, not negative; two counts as two rows, zero as none.
        groups : array-like of shape (n_models,), default=None
            Family of each model: with `early_stopping`, whole families are held out.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If scores lie outside `score_range`, or parameters contradict each other.
        """
        X_valid, y_valid = validate_data(
            self, X, y, dtype=self._dtypes(), multi_output=True, y_numeric=True
        )
        weight = _check_sample_weight(
            sample_weight, X_valid, dtype=X_valid.dtype, ensure_non_negative=True
        )
        if not weight.any():
            raise ValueError("All sample weights are zero. Give at least one a positive weight.")
        bounds = self._checked_bounds(y_valid)
        used = np.flatnonzero(weight)
        target = y_valid[used].astype(X_valid.dtype).reshape(len(used), -1)
        data = (X_valid[used], target, weight[used])
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        train, held_out = self._split(used, groups, seed)
        with one_thread():
            scaling = Scaling.fit(
                *(part[train] for part in data),
                baseline=self.baseline,
                scale_inputs=self.scale_inputs,
                output_range=bounds if self.output_activation == "sigmoid" else None,
            )
        context = self._init_callback_context(max_subtasks=self.max_iter)
        context.call_on_fit_task_begin(estimator=self, X=X_valid, y=y_valid)
        training, validation = (
            self._tensors(scaling, *(part[rows] for part in data)) for rows in (train, held_out)
        )
        fitted = {"_scaling": scaling, "_y_ndim": y_valid.ndim}  # stored last: Ctrl-C keeps a fit
        bridge = EpochBridge(context, self, X_valid, y_valid, fitted)
        with torch_seed(seed, self.device):
            net = make_net(self, training, validation, bridge).initialize()
            if self.warm_start and hasattr(self, "net_"):
                copy_weights(self.net_, net)
            net.run_training(*training)
        bridge.release()
        net.train_split = None  # it holds the held-out rows
        self._scaling, self._y_ndim = scaling, y_valid.ndim
        self.net_: ScoreNet = net
        self.n_iter_ = len(net.history)
        self.loss_curve_ = net.history[:, "train_loss"]
        self.validation_loss_curve_ = net.history[:, "valid_loss"] if len(held_out) else None
        context.call_on_fit_task_end(estimator=self, X=X_valid, y=y_valid)
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Predict benchmark scores.

        Parameters
        ----------
        X : array-like of shape (n_models, n_anchors)
            Results on the anchors; NaN is refused.

        Returns
        -------
        y : ndarray of shape (n_models,) or (n_models, n_tasks)
            Predicted scores, in the units of the `y` of `fit`.
        """
        X_valid = self._validated(X)
        with torch_single_thread(), one_thread():
            output = forward(self.net_, self._scaling.inputs(X_valid)).cpu().numpy()
            y = self._scaling.predictions(X_valid, output)
        if self.score_range is not None:
            y = np.clip(y, *self.score_range)
        return y[:, 0] if self._y_ndim == 1 else y

    def input_gradient(self, X: ArrayLike) -> Array:
        """Differentiate the prediction with respect to the result on each anchor.

        Parameters
        ----------
        X : array-like of shape (n_models, n_anchors)
            Results on the anchors.

        Returns
        -------
        gradient : ndarray of shape (n_models, n_anchors) or (n_models, n_tasks, n_anchors)
            Change of the predicted score per unit of each result, before any clipping.
        """
        X_valid = self._validated(X)
        with torch_single_thread():
            derivatives = jacobian(self.net_, self._scaling.inputs(X_valid)).cpu().numpy()
        gradient = self._scaling.gradients(derivatives)
        return gradient[:, 0] if self._y_ndim == 1 else gradient

    def _validated(self, X: ArrayLike) -> Array:
        check_is_fitted(self, "net_")
        X_valid: Array = validate_data(self, X, dtype=self._dtypes(), reset=False)
        return X_valid.astype(self._scaling.X_mean.dtype, copy=False)

    def _checked_bounds(self, y: Array) -> tuple[float, float] | None:
        """Return the smallest and largest possible score, where there are any."""
        sigmoid = self.output_activation == "sigmoid"
        if sigmoid and self.baseline is not None:
            raise ValueError(
                f"output_activation='sigmoid' cannot be combined with baseline="
                f"{self.baseline!r}. Set baseline=None, or output_activation='identity'."
            )
        bounds = (0.0, 1.0) if self.score_range is None and sigmoid else self.score_range
        return checked_score_range(bounds, y)

    def _split(self, used: Any, groups: ArrayLike | None, seed: int) -> tuple[Any, Any]:
        if not self.early_stopping:
            return np.arange(len(used)), np.arange(0)
        if groups is None:
            kind, labels = ShuffleSplit, None
        else:
            kind, labels = GroupShuffleSplit, column_or_1d(groups)[used]
        splitter = kind(1, test_size=self.validation_fraction, random_state=seed)
        train, held_out = next(splitter.split(used.reshape(-1, 1), groups=labels))
        return train, held_out

    def _tensors(self, scaling: "Scaling", X: Array, y: Array, weight: Array) -> Any:
        mean_one = weight / weight.mean() if len(weight) else weight
        target = torch.as_tensor(scaling.targets(X, y))
        return torch.as_tensor(scaling.inputs(X)), (target, torch.as_tensor(mean_one))

    def _dtypes(self) -> Any:
        return np.float32 if self.device.startswith("mps") else [np.float64, np.float32]

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn about several outputs and the one source of irreproducibility."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.non_deterministic = not self.device.startswith("cpu")
        return tags


class Scaling(NamedTuple):
    """What stands between the user's units and the networks': a baseline, a shift and a scale.

    ``prediction = X @ coef + intercept + y_scale * network((X - X_mean) / X_scale)``.
    """

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
            means = X.mean(axis=1)
            slopes = unit_slopes(X, means, y, sample_weight)
            residual = y - np.outer(means, slopes)
            ridge = fit_ridge(X, residual, sample_weight, least_alpha=n_features / n_rows)
            coef, intercept = ridge.coef + slopes / n_features, ridge.intercept
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
