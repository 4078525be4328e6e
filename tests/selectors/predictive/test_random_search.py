"""The best of many random sets."""

from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import RidgeCV

from sklearn_sparseeval import RandomSearchSelector, ResidualRidgeRegressor
from sklearn_sparseeval.datasets import load_open_llm, load_zeroeval_gsm
from sklearn_sparseeval.estimator_checks import check_anchor_selector
from sklearn_sparseeval.numerics.ridge import RELATIVE_ALPHAS

CRITERIA = ["ridge", "mean"]


def scores(n_models=25, n_items=8, seed=0):
    rng = np.random.default_rng(seed)
    ability, easiness = rng.normal(size=(n_models, 1)), rng.normal(size=n_items)
    return 1 / (1 + np.exp(rng.normal(size=(n_models, n_items)) - ability - easiness))


def search(n_anchors=3, **params):
    return RandomSearchSelector(n_anchors, **{"n_candidates": 50, "random_state": 0, **params})


def generalised_error(X, y, items, criterion):
    """Return the least leave-one-out error of scikit-learn's ridge regression."""
    results = X[:, items]
    alphas = RELATIVE_ALPHAS * results.var(axis=0).sum() * len(X) / len(items)
    if criterion == "mean":
        results, alphas = np.vander(results.mean(axis=1), 4)[:, :3], [1e-12]
    model = RidgeCV(alphas, scoring="neg_mean_squared_error").fit(results, y)
    return np.sqrt(-model.best_score_)


@pytest.mark.slow
@pytest.mark.parametrize("criterion", CRITERIA)
def test_the_contract_of_selectors(criterion):
    check_anchor_selector(RandomSearchSelector(criterion=criterion, n_candidates=20))


@pytest.mark.slow
@pytest.mark.parametrize("criterion", CRITERIA)
def test_with_enough_draws_it_is_the_best_of_all_sets(criterion):
    X = scores()
    y = X[:, :5].mean(axis=1)
    selector = search(2, n_candidates=400, criterion=criterion).fit(X, y)
    errors = {
        items: generalised_error(X, y, list(items), criterion)
        for items in combinations(range(8), 2)
    }
    best = min(errors, key=errors.get)
    assert_array_equal(np.sort(selector.anchors_), best)
    assert_allclose(selector.best_error_, errors[best], rtol=1e-4)
    assert_allclose(selector.errors_.max(), max(errors.values()), rtol=1e-4)


@pytest.mark.parametrize("criterion", CRITERIA)
class TestDraws:
    def test_the_chosen_set_has_the_least_error(self, criterion):
        selector = search(criterion=criterion).fit(scores())
        assert len(selector.errors_) == 50
        assert selector.best_error_ == pytest.approx(selector.errors_.min(), rel=1e-9)

    def test_more_sets_are_the_same_and_others(self, criterion, monkeypatch):
        few, many = (search(criterion=criterion, n_candidates=n).fit(scores()) for n in (30, 130))
        assert_allclose(many.errors_[:30], few.errors_)
        assert many.best_error_ <= few.best_error_ * (1 + 1e-9)
        monkeypatch.setattr("sklearn_sparseeval.selectors.predictive._random_search._TOGETHER", 7)
        again = search(criterion=criterion, n_candidates=130).fit(scores())
        assert_allclose(again.errors_, many.errors_)
        assert_array_equal(again.anchors_, many.anchors_)

    def test_seeds_draw_other_sets(self, criterion):
        one, two = (search(criterion=criterion, random_state=s).fit(scores()) for s in (0, 1))
        assert (one.errors_ != two.errors_).any()

    def test_the_first_of_sets_that_are_as_good(self, criterion):
        X = np.random.default_rng(0).random((2, 9))
        first = search(criterion=criterion, n_candidates=1).fit(X)
        assert_array_equal(search(criterion=criterion).fit(X).anchors_, first.anchors_)
        constant = np.full((6, 9), 0.3)
        selector = search(criterion=criterion).fit(constant)
        assert_array_equal(selector.anchors_, first.anchors_)
        assert selector.best_error_ == pytest.approx(0, abs=1e-12)

    def test_a_single_model(self, criterion):
        selector = search(criterion=criterion).fit(scores(1))
        assert len(set(selector.anchors_)) == 3
        assert selector.best_error_ == 0

    def test_errors_are_in_the_units_of_the_scores(self, criterion):
        X = scores()
        one = search(criterion=criterion).fit(X)
        percent = search(criterion=criterion).fit(X, 100 * X.mean(axis=1))
        assert_allclose(percent.errors_, 100 * one.errors_, rtol=1e-6)

    @pytest.mark.slow
    def test_all_tasks_count(self, criterion):
        X = scores(40)
        tasks = np.column_stack([X[:, 0], X[:, 6]])
        selector = search(2, criterion="ridge", n_candidates=300).fit(X, tasks)
        assert set(selector.anchors_) == {0, 6}
        both = search(2, criterion=criterion).fit(X, tasks).errors_
        each = [search(2, criterion=criterion).fit(X, task).errors_ for task in tasks.T]
        assert_allclose(both, np.sqrt(np.mean(np.square(each), axis=0)))


@pytest.mark.parametrize("criterion", CRITERIA)
def test_missing_results_count_as_the_items_mean(criterion):
    X = scores()
    y = X.mean(axis=1)
    X[np.random.default_rng(0).random(X.shape) < 0.2] = np.nan
    filled = np.where(np.isnan(X), np.nanmean(X, axis=0), X)
    got, expected = (search(criterion=criterion).fit(rows, y) for rows in (X, filled))
    assert_allclose(got.errors_, expected.errors_)
    assert_array_equal(got.anchors_, expected.anchors_)


def test_items_without_results_are_never_drawn():
    X = scores()
    X[:, [1, 4]] = np.nan
    assert_array_equal(np.sort(search(6).fit(X).anchors_), [0, 2, 3, 5, 6, 7])


@pytest.mark.slow
def test_it_beats_one_random_set_on_real_data():
    X, y = load_open_llm(task="arc_challenge", return_X_y=True)

    def error(**params):
        anchors = search(30, **params).fit(X[::2], y[::2]).anchors_
        fitted = ResidualRidgeRegressor().fit(X[::2][:, anchors], y[::2])
        return abs(fitted.predict(X[1::2][:, anchors]) - y[1::2]).mean()

    one = np.mean([error(n_candidates=1, random_state=seed) for seed in range(5)])
    for criterion in CRITERIA:
        best = np.mean(
            [error(n_candidates=300, criterion=criterion, random_state=s) for s in (0, 1)]
        )
        assert best < 0.9 * one


@pytest.mark.slow
def test_real_data_with_missing_results_and_no_look_at_the_targets():
    data = load_zeroeval_gsm()
    selector = search(40, n_candidates=100).fit(data.data, data.target)
    weight = np.ones(44)
    weight[::4] = 0
    held_out = search(40, n_candidates=100).fit(data.data, data.target, sample_weight=weight)
    changed = data.data.copy()
    changed[::4] = 1 - changed[::4]
    again = search(40, n_candidates=100).fit(changed, data.target, sample_weight=weight)
    assert_array_equal(held_out.errors_, again.errors_)
    assert (selector.errors_ != held_out.errors_).any()


@pytest.mark.parametrize("params", [{"n_candidates": 0}, {"criterion": "gam"}])
def test_invalid_parameters_are_refused(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        search(**params).fit(scores())


class Recorder:
    """A callback that looks at the half-fitted selector, and stops when it has seen enough."""

    def __init__(self, stop_after):
        self.stop_after = stop_after
        self.widths = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name == "sets":
            self.widths.append(fitted_estimator.transform(X).shape[1])
            return len(self.widths) == self.stop_after
        return False


def test_a_callback_sees_the_best_set_so_far_and_can_stop_the_search(monkeypatch):
    monkeypatch.setattr("sklearn_sparseeval.selectors.predictive._random_search._TOGETHER", 10)
    recorder = Recorder(stop_after=3)
    selector = search().set_callbacks(recorder).fit(scores())
    assert recorder.widths == [3, 3, 3]
    assert_allclose(selector.errors_, search(n_candidates=30).fit(scores()).errors_)
