"""The MLP score regressor, from the outside."""

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import erf, expit
from sklearn import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from skorch.callbacks import Callback

from sklearn_sparseeval import MLPScoreRegressor
from sklearn_sparseeval.numerics.ridge import fit_ridge

SMALL = {"hidden_layer_sizes": (8, 4), "max_iter": 5}
FULL_BATCH = {"batch_size": None, "learning_rate_init": 0.01, "max_iter": 40}


@pytest.fixture(scope="module")
def data():
    """Fifty models, ten anchors, and a score that is not quite their mean."""
    rng = np.random.default_rng(0)
    X = (rng.random((50, 10)) < rng.uniform(0.2, 0.9, size=(50, 1))).astype(float)
    return X, np.clip(X.mean(axis=1) + 0.05 * rng.standard_normal(50), 0, 1)


@pytest.fixture(scope="module")
def two_tasks(data):
    return np.column_stack([data[1], data[1] ** 2])


class Hook(Callback):
    """Call a function when training begins; survives the copy that `fit` makes."""

    def __init__(self, call):
        self.call = call

    def __deepcopy__(self, memo):
        return self

    def on_train_begin(self, net, **kwargs):
        self.call(net)


def weights_of(net):
    return [w.detach().clone() for w in net.module_.parameters()]


def set_weights(net, weights):
    with torch.no_grad():
        for parameter, value in zip(net.module_.parameters(), weights, strict=True):
            parameter.copy_(value)


def ridge_baseline(X, y):
    """The documented baseline: ridge on the score less the mean of the anchors."""
    rest = (y - X.mean(axis=1))[:, None]
    alpha = fit_ridge(X, rest, np.ones(len(X))).alpha
    return Ridge(alpha=alpha).fit(X, rest).predict(X).ravel() + X.mean(axis=1)


@pytest.mark.slow
def test_untrained_networks_leave_the_baseline_as_it_is(data):
    regressor = MLPScoreRegressor(learning_rate_init=1e-300, max_iter=1).fit(*data)
    assert_allclose(regressor.predict(data[0]), ridge_baseline(*data), rtol=1e-9)


@pytest.mark.slow
def test_training_improves_on_the_baseline_where_it_is_wrong():
    rng = np.random.default_rng(0)
    X = rng.random((600, 4))
    y = X[:, 0] * X[:, 1] + 0.5 * (X[:, 2] > 0.5)
    regressor = MLPScoreRegressor(random_state=0, learning_rate_init=0.01, max_iter=60)
    error = np.abs(regressor.fit(X[:500], y[:500]).predict(X[500:]) - y[500:]).mean()
    linear = MLPScoreRegressor(learning_rate_init=1e-300, max_iter=1).fit(X[:500], y[:500])
    assert error < 0.6 * np.abs(linear.predict(X[500:]) - y[500:]).mean()


def test_the_prediction_by_hand(data):
    X, y = data
    regressor = MLPScoreRegressor(
        hidden_layer_sizes=(3,), activation="gelu", baseline=None, n_networks=1, random_state=0
    ).fit(X, y)
    W1, b1, W2, b2 = (w[0].numpy() for w in weights_of(regressor.net_))
    inputs = (X - X.mean(axis=0)) / np.sqrt(X.var(axis=0).mean())
    hidden = inputs @ W1 + b1
    hidden = hidden * 0.5 * (1 + erf(hidden / np.sqrt(2)))
    assert_allclose(regressor.predict(X), y.mean() + y.std() * (hidden @ W2 + b2)[:, 0])


def test_the_sigmoid_prediction_by_hand(data):
    X, y = data
    regressor = MLPScoreRegressor.paper(
        hidden_layer_sizes=(), score_range=(0, 100), max_iter=20, random_state=0
    ).fit(X, 100 * y)
    W, b = (w[0].numpy() for w in weights_of(regressor.net_))
    assert_allclose(regressor.predict(X), 100 * expit(X @ W + b)[:, 0])


@pytest.mark.slow
def test_several_networks_are_as_good_as_separate_fits(data):
    X, y = data
    params = {**SMALL, **FULL_BATCH, "baseline": None}
    start = []
    both = MLPScoreRegressor(
        n_networks=2,
        random_state=0,
        callbacks=[Hook(lambda net: start.extend(weights_of(net)))],
        **params,
    )
    expected = both.fit(X, y).predict(X)

    def alone(number):
        hook = Hook(lambda net: set_weights(net, [w[number : number + 1] for w in start]))
        return MLPScoreRegressor(n_networks=1, callbacks=[hook], **params).fit(X, y).predict(X)

    first, second = alone(0), alone(1)
    assert np.abs(first - second).max() > 1e-3
    assert_allclose((first + second) / 2, expected, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "params",
    [
        {"baseline": "ridge", "activation": "gelu", "n_networks": 3},
        {"baseline": None, "activation": "tanh", "scale_inputs": False},
        {"baseline": None, "activation": "gelu", "output_activation": "sigmoid"},
        {"baseline": None, "activation": "gelu", "dropout": 0.5},
        {"baseline": None, "hidden_layer_sizes": (), "score_range": (0, 1)},
    ],
)
@pytest.mark.parametrize("n_tasks", [1, 2])
def test_the_input_gradient_is_that_of_finite_differences(data, two_tasks, params, n_tasks):
    X, y = data if n_tasks == 1 else (data[0], two_tasks)
    regressor = MLPScoreRegressor(**{**SMALL, **FULL_BATCH, **params}, random_state=0).fit(X, y)
    rows, step = X[:3], 1e-5
    gradient = regressor.input_gradient(rows)
    assert gradient.shape == ((3, 10) if n_tasks == 1 else (3, 2, 10))
    for anchor in range(10):
        shift = step * np.eye(10)[anchor]
        change = regressor.predict(rows + shift) - regressor.predict(rows - shift)
        assert_allclose(gradient[..., anchor], change / (2 * step), atol=1e-7)
    assert np.abs(gradient).max() > 1e-3


def test_the_gradient_ignores_clipping(data):
    X, y = data
    free = MLPScoreRegressor(**SMALL, random_state=0).fit(X, y)
    clipped = clone(free).set_params(score_range=(0, 1)).fit(X, y)
    assert_array_equal(free.input_gradient(5 * X), clipped.input_gradient(5 * X))


def test_predictions_are_clipped_to_a_range_that_is_given(data):
    X, y = data
    far = np.vstack([np.full(10, 9.0), np.full(10, -9.0)])
    free = MLPScoreRegressor(**SMALL, random_state=0).fit(X, y)
    assert free.predict(far)[0] > 1
    assert free.predict(far)[1] < 0
    clipped = clone(free).set_params(score_range=(0, 1)).fit(X, y)
    assert_array_equal(clipped.predict(far), [1, 0])
    assert_array_equal(clipped.predict(X), np.clip(free.predict(X), 0, 1))


def test_the_papers_network_has_the_papers_values():
    regressor = MLPScoreRegressor.paper()
    expected = {
        "hidden_layer_sizes": (128, 64, 32),
        "activation": "gelu",
        "output_activation": "sigmoid",
        "dropout": 0.1,
        "learning_rate_init": 5e-4,
        "learning_rate": "constant",
        "alpha": 0.0,
        "max_iter": 20_000,
        "batch_size": None,
        "n_networks": 1,
        "baseline": None,
        "scale_inputs": False,
        "early_stopping": False,
    }
    assert {name: regressor.get_params()[name] for name in expected} == expected


def test_the_papers_linear_variant_is_one_layer_without_a_sigmoid():
    params = MLPScoreRegressor.paper(linear=True).get_params()
    changed = {
        name: value
        for name, value in MLPScoreRegressor.paper().get_params().items()
        if params[name] != value
    }
    assert {name: params[name] for name in changed} == {
        "hidden_layer_sizes": (),
        "output_activation": "identity",
        "dropout": 0.0,
    }


def test_the_papers_values_can_be_replaced():
    assert MLPScoreRegressor.paper(max_iter=7, random_state=3).max_iter == 7
    with pytest.raises(TypeError, match="nonsense"):
        MLPScoreRegressor.paper(nonsense=1)


@pytest.mark.parametrize("warm_start", [True, False])
def test_a_warm_start_goes_on_from_the_last_weights(data, warm_start):
    starts = []
    regressor = MLPScoreRegressor(
        **SMALL, **{"baseline": None, "warm_start": warm_start},
        callbacks=[Hook(lambda net: starts.append(weights_of(net)))],
    ).fit(*data)  # fmt: skip
    before = weights_of(regressor.net_)
    regressor.fit(*data)
    same = [torch.equal(a, b) for a, b in zip(before, starts[1], strict=True)]
    assert all(same) if warm_start else not any(same)


def test_a_warm_start_with_other_anchors_starts_afresh(data):
    X, y = data
    regressor = MLPScoreRegressor(**SMALL, warm_start=True, random_state=0).fit(X, y)
    fresh = MLPScoreRegressor(**SMALL, random_state=0).fit(X[:, :7], y)
    assert_array_equal(regressor.fit(X[:, :7], y).predict(X[:, :7]), fresh.predict(X[:, :7]))


@pytest.mark.slow
def test_scores_in_percent_give_predictions_in_percent(data):
    X, y = data
    for baseline in ("ridge", None):
        regressor = MLPScoreRegressor(baseline=baseline, random_state=0)
        fraction = regressor.fit(X, y).predict(X)
        percent = regressor.fit(100 * X, 100 * y).predict(100 * X)
        assert_allclose(percent, 100 * fraction, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "params", [{}, {"baseline": None}, {"baseline": None, "output_activation": "sigmoid"}]
)
def test_a_weight_counts_as_so_many_rows(data, params):
    X, y = data
    weight = np.arange(50) % 4
    regressor = MLPScoreRegressor(**{**SMALL, **FULL_BATCH, **params}, random_state=0)
    weighted = regressor.fit(X, y, sample_weight=weight).predict(X)
    repeated = regressor.fit(np.repeat(X, weight, axis=0), np.repeat(y, weight)).predict(X)
    assert_allclose(weighted, repeated, rtol=1e-7)


def test_all_weights_zero_or_one_negative_is_refused(data):
    with pytest.raises(ValueError, match=r"Sample weights.*zero|sample weights are zero"):
        MLPScoreRegressor().fit(*data, sample_weight=np.zeros(50))
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        MLPScoreRegressor().fit(*data, sample_weight=np.linspace(-1, 1, 50))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_precision_of_the_data_is_kept(data, dtype):
    X, y = (part.astype(dtype) for part in data)
    regressor = MLPScoreRegressor(**SMALL, random_state=0).fit(X, y)
    assert {w.numpy().dtype for w in weights_of(regressor.net_)} == {np.dtype(dtype)}
    assert regressor.predict(X).dtype == dtype
    assert regressor.input_gradient(X).dtype == dtype


@pytest.mark.parametrize("shape", [(50,), (50, 1), (50, 2)])
def test_predictions_have_the_shape_of_the_scores(data, two_tasks, shape):
    y = two_tasks[:, 0] if len(shape) == 1 else two_tasks[:, : shape[1]]
    assert MLPScoreRegressor(**SMALL).fit(data[0], y).predict(data[0]).shape == shape


def test_each_task_has_a_baseline_and_a_scale_of_its_own(data):
    X, y = data
    both = MLPScoreRegressor(learning_rate_init=1e-300, max_iter=1)
    both.fit(X, np.column_stack([y, 1000 * (1 - y)]))
    alone = MLPScoreRegressor(learning_rate_init=1e-300, max_iter=1)
    assert_allclose(both.predict(X)[:, 0], alone.fit(X, y).predict(X))
    assert_allclose(both.predict(X)[:, 1], alone.fit(X, 1000 * (1 - y)).predict(X))


def test_the_users_torch_is_left_alone(data):
    torch.manual_seed(123)
    threads = torch.get_num_threads()
    state = torch.get_rng_state()
    regressor = MLPScoreRegressor(**SMALL, dropout=0.5, batch_size=10).fit(*data)
    regressor.predict(data[0])
    regressor.input_gradient(data[0])
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def test_numpys_global_stream_is_left_alone(data):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    MLPScoreRegressor(**SMALL, random_state=0, early_stopping=True).fit(*data)
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.slow
def test_the_same_seed_ignores_what_torch_drew_before(data):
    regressor = MLPScoreRegressor(**SMALL, dropout=0.3, batch_size=10, random_state=5)
    first = regressor.fit(*data).predict(data[0])
    torch.rand(11)
    assert_array_equal(clone(regressor).fit(*data).predict(data[0]), first)
    other = clone(regressor).set_params(random_state=6).fit(*data).predict(data[0])
    assert not np.array_equal(other, first)


def fit_predict(X, y, seed):
    regressor = MLPScoreRegressor(**SMALL, dropout=0.3, batch_size=10, random_state=seed)
    return regressor.fit(X, y).predict(X)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_threads_and_processes_give_the_same_bits(data, backend):
    n_jobs = 4 if backend == "threading" else 2
    expected = [fit_predict(*data, seed) for seed in range(4)]
    actual = Parallel(n_jobs=n_jobs, backend=backend)(
        delayed(fit_predict)(*data, seed) for seed in range(4)
    )
    assert_array_equal(actual, expected)


class CtrlC(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise KeyboardInterrupt


@pytest.mark.parametrize("early_stopping", [False, True])
def test_ctrl_c_is_not_swallowed(data, early_stopping):
    regressor = MLPScoreRegressor(**SMALL, callbacks=[CtrlC()], early_stopping=early_stopping)
    with pytest.raises(KeyboardInterrupt):
        regressor.fit(*data)
    with pytest.raises(NotFittedError):
        regressor.predict(data[0])


def test_ctrl_c_leaves_the_previous_fit_usable(data):
    X, y = data
    regressor = MLPScoreRegressor(**SMALL, random_state=0).fit(X, y)
    before = regressor.predict(X)
    with pytest.raises(KeyboardInterrupt):
        regressor.set_params(callbacks=[CtrlC()]).fit(X, 100 * y)
    assert_array_equal(regressor.predict(X), before)


def test_verbose_prints_skorchs_table_and_silence_is_the_default(data, capsys):
    MLPScoreRegressor(**SMALL).fit(*data)
    assert capsys.readouterr().out == ""
    MLPScoreRegressor(**SMALL, verbose=1).fit(*data)
    assert "train_loss" in capsys.readouterr().out


if hasattr(MLPScoreRegressor, "set_callbacks"):  # scikit-learn 1.9 or newer

    class Watcher:
        """A scikit-learn callback that scores each epoch and may stop."""

        def __init__(self, stop_after=None):
            self.stop_after = stop_after
            self.begun, self.errors, self.levels = 0, [], []

        def setup(self, estimator, context):
            self.levels.append("setup")

        def teardown(self, estimator, context):
            self.levels.append("teardown")

        def on_fit_task_begin(self, estimator, context):
            self.begun += context.task_name == "epoch"

        def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
            if context.task_name != "epoch":
                return False
            self.errors.append(float(np.mean((fitted_estimator.predict(X) - y) ** 2)))
            return len(self.errors) == self.stop_after

    def test_scikit_learns_callbacks_see_each_epoch(data):
        watcher = Watcher()
        regressor = MLPScoreRegressor(baseline=None, max_iter=6, learning_rate_init=0.01)
        regressor.set_callbacks(watcher).fit(*data)
        assert watcher.begun == len(watcher.errors) == 6
        assert watcher.levels == ["setup", "teardown"]
        assert watcher.errors[-1] < watcher.errors[0]
        assert watcher.errors[-1] == np.mean((regressor.predict(data[0]) - data[1]) ** 2)

    def test_scikit_learns_callbacks_can_stop_a_fit(data):
        regressor = MLPScoreRegressor(max_iter=50).set_callbacks(Watcher(stop_after=3))
        assert regressor.fit(*data).n_iter_ == 3
        assert len(regressor.loss_curve_) == 3


FEW_RESULTS = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
FEW_SCORES = np.array([0.2, 0.9, 0.6, 0.3])


def test_bounds_are_those_of_the_user_or_of_the_sigmoid():
    far = 1e6 * FEW_RESULTS - 5e5
    free = MLPScoreRegressor(max_iter=1, random_state=0).fit(FEW_RESULTS, FEW_SCORES).predict(far)
    assert free.min() < 0
    assert free.max() > 2
    for regressor, scale, bounds in [
        (MLPScoreRegressor(score_range=(0, 2), max_iter=1), 1, (0, 2)),
        (MLPScoreRegressor.paper(max_iter=1), 1, (0, 1)),
        (MLPScoreRegressor.paper(score_range=(0, 100), max_iter=1), 100, (0, 100)),
    ]:
        predicted = regressor.fit(FEW_RESULTS, scale * FEW_SCORES).predict(far)
        assert (predicted >= bounds[0]).all()
        assert (predicted <= bounds[1]).all()


@pytest.mark.parametrize("score_range", [(1, 0), (0.5, 0.5), (0, 1, 2), (1,)])
def test_a_score_range_is_two_numbers_in_order(score_range):
    with pytest.raises(ValueError, match=r"must be two numbers, the smaller one first"):
        MLPScoreRegressor(score_range=score_range).fit(FEW_RESULTS, FEW_SCORES)


@pytest.mark.parametrize(
    "regressor", [MLPScoreRegressor(score_range=(0, 1)), MLPScoreRegressor.paper()]
)
def test_scores_outside_the_range_are_refused_with_their_extremes(regressor):
    with pytest.raises(ValueError, match=r"y lies between 20 and 90, outside .* \(0.*, 1.*\)"):
        regressor.fit(FEW_RESULTS, 100 * FEW_SCORES)


def test_a_sigmoid_and_a_baseline_exclude_each_other():
    regressor = MLPScoreRegressor(output_activation="sigmoid")
    with pytest.raises(ValueError, match="'sigmoid' cannot be combined with baseline='ridge'"):
        regressor.fit(FEW_RESULTS, FEW_SCORES)
