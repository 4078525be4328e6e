"""SparseEvalSelector: its bookkeeping, its options, and that nothing but the data matters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.linear_model import Lasso, Ridge
from sklearn.neighbors import KNeighborsRegressor

from sklearn_sparseeval import SparseEvalSelector
from sklearn_sparseeval.numerics.ridge import leave_one_out_error
from sklearn_sparseeval.selectors import RefinementStep


def _scores(n_models=40, n_items=25, seed=0):
    rng = np.random.default_rng(seed)
    ability, difficulty = rng.normal(size=(n_models, 1)), rng.normal(size=n_items)
    probability = 1 / (1 + np.exp(difficulty - 2 * ability))
    return (rng.random((n_models, n_items)) < probability).astype(float)


def _selector(n_anchors=5, **params):
    return SparseEvalSelector(
        n_anchors, **{"proxy": Ridge(), "n_init": 2, "random_state": 0, **params}
    )


X = _scores()
Y = X.mean(axis=1)


def _residual(anchors, weight):
    """Fit the proxy; return its errors and coefficients."""
    proxy = Ridge().fit(X[:, anchors], Y, sample_weight=weight)
    return proxy.predict(X[:, anchors]) - Y, proxy.coef_


class TestRefinement:
    @pytest.mark.parametrize("score", ["published", "corrected"])
    def test_each_step_swaps_the_weakest_anchor_for_the_strongest_item(self, score):
        selector = _selector(importance=score, n_refinements=6).fit(X)
        assert len(selector.refinement_) == 6
        anchors = selector.initial_anchors_
        taken = []
        for step in selector.refinement_:
            np.testing.assert_array_equal(step.anchors, anchors)
            assert step.removed == anchors[np.argmin(step.anchor_importance)]
            assert step.added == np.argmax(step.candidate_importance)
            assert np.flatnonzero(np.isneginf(step.candidate_importance)).tolist() == sorted(
                anchors
            )
            assert np.isnan(step.validation_error)
            assert step.kept
            anchors = np.where(anchors == step.removed, step.added, anchors)
            taken = [item for item in taken if item != step.removed] + [step.added]
        # What is left of the starting set in its order, then the items swapped in, in theirs.
        left = [item for item in selector.initial_anchors_ if item in anchors and item not in taken]
        assert selector.anchors_.tolist() == left + taken

    @pytest.mark.parametrize("weighted", [False, True])
    def test_published_scores_come_from_the_proxy_fitted_on_the_anchors(self, weighted):
        weight = 1.0 + np.arange(40) % 3 if weighted else np.ones(40)
        for step in _selector(n_refinements=3).fit(X, Y, weight).refinement_:
            error, coef = _residual(step.anchors, weight)
            slopes = np.abs(2 * error[:, np.newaxis] * coef)
            importance = np.average(slopes, axis=0, weights=weight)
            np.testing.assert_allclose(step.anchor_importance, importance)
            free = np.delete(np.arange(25), step.anchors)
            expected = np.abs((weight * error) @ (X - 0.5))
            np.testing.assert_allclose(step.candidate_importance[free], expected[free])
            assert step.proxy_loss == pytest.approx(np.average(error**2, weights=weight))

    def test_corrected_scores_take_the_error_out_and_scale_by_what_is_unexplained(self):
        for step in _selector(importance="corrected", n_refinements=3).fit(X, Y).refinement_:
            error, coef = _residual(step.anchors, np.ones(40))
            centred = X - X.mean(axis=0)
            ridge = 0.01 * (centred**2).sum(axis=0).mean()

            def unexplained(item, others, centred=centred, ridge=ridge):
                model = Ridge(alpha=ridge, fit_intercept=False)
                model.fit(centred[:, others], centred[:, item])
                left = centred[:, item] - model.predict(centred[:, others])
                return np.sqrt(centred[:, item] @ left + ridge)

            expected = [
                abs(slope) * unexplained(anchor, step.anchors[step.anchors != anchor])
                for anchor, slope in zip(step.anchors, coef, strict=True)
            ]
            np.testing.assert_allclose(step.anchor_importance, expected)
            for item in np.delete(np.arange(25), step.anchors):
                product = abs(centred[:, item] @ (error - error.mean()))
                expected = product / unexplained(item, step.anchors)
                assert step.candidate_importance[item] == pytest.approx(expected)

    def test_no_refinements(self):
        selector = _selector(n_refinements=0).fit(X)
        assert selector.refinement_ == []
        np.testing.assert_array_equal(selector.anchors_, selector.initial_anchors_)

    def test_all_items_chosen_leave_nothing_to_swap(self):
        selector = _selector(25).fit(X)
        assert selector.refinement_ == []
        np.testing.assert_array_equal(np.sort(selector.anchors_), np.arange(25))

    @pytest.mark.slow
    @given(seed=st.integers(0, 99), score=st.sampled_from(["published", "corrected"]))
    @settings(max_examples=15, deadline=None)
    def test_keep_best_never_ends_worse_than_it_started(self, seed, score):
        scores = _scores(30, 20, seed)
        target = scores.mean(axis=1, keepdims=True)
        weight = np.ones(30)
        selector = _selector(4, keep="best", importance=score, n_refinements=5).fit(scores)
        error = leave_one_out_error(scores[:, selector.initial_anchors_], target, weight)
        for step in selector.refinement_:
            swapped = np.where(step.anchors == step.removed, step.added, step.anchors)
            got = leave_one_out_error(scores[:, swapped], target, weight)
            assert step.validation_error == pytest.approx(got)
            assert step.kept == (step.validation_error < error)
            error = min(error, step.validation_error)
        end = leave_one_out_error(scores[:, selector.anchors_], target, weight)
        assert end == pytest.approx(error)

    @pytest.mark.slow
    @pytest.mark.parametrize("n_anchors", [3, 6, 12])
    def test_keep_best_tries_the_forty_likeliest_swaps(self, n_anchors):
        """The 4 weakest anchors times the 10 strongest items, then the anchors next in line."""
        selector = _selector(n_anchors, keep="best", n_refinements=20).fit(X)
        target, weight = Y[:, np.newaxis], np.ones(40)
        refused, failures = [], 0
        for step in selector.refinement_:
            weakest = step.anchors[np.argsort(step.anchor_importance, kind="stable")]
            weakest = [anchor for anchor in weakest if anchor not in refused][:4]
            errors = {
                (anchor, item): leave_one_out_error(
                    X[:, np.where(step.anchors == anchor, item, step.anchors)], target, weight
                )
                for anchor in weakest
                for item in np.argsort(-step.candidate_importance, kind="stable")[:10]
            }
            assert step.validation_error == pytest.approx(min(errors.values()))
            assert errors[step.removed, step.added] == pytest.approx(min(errors.values()))
            refused, failures = ([], 0) if step.kept else (refused + weakest, failures + 1)
        everything_tried = len(refused) == n_anchors
        assert everything_tried or failures == 3 or len(selector.refinement_) == 20

    def test_default_number_of_refinements(self):
        assert len(_selector(n_refinements=None).fit(X).refinement_) == 10
        recorder = _Recorder()
        _selector(n_refinements=None, keep="best").set_callbacks(recorder).fit(X)
        assert recorder.max_subtasks == 30

    def test_keep_best_with_few_items(self):
        scores = _scores(30, 4)
        selector = _selector(3, keep="best", n_refinements=3).fit(scores)
        assert len(np.unique(selector.anchors_)) == 3

    def test_a_step_is_a_named_tuple(self):
        step = _selector(n_refinements=1).fit(X).refinement_[0]
        assert isinstance(step, RefinementStep)
        assert isinstance(step.removed, int)
        assert isinstance(step.added, int)


class TestStart:
    def test_random(self):
        starts = {
            tuple(_selector(init="random", random_state=seed).fit(X).initial_anchors_)
            for seed in range(4)
        }
        assert len(starts) == 4

    @pytest.mark.parametrize("kind", [list, tuple, np.array])
    def test_given_items(self, kind):
        selector = _selector(3, init=kind([7, 2, 11]), n_refinements=1).fit(X)
        np.testing.assert_array_equal(selector.initial_anchors_, [7, 2, 11])

    @pytest.mark.parametrize(
        ("init", "message"),
        [
            ([1, 2], r"init has shape \(2,\), but n_anchors=3 asks for 3 column indices"),
            ([[1, 2, 3]], r"init has shape \(1, 3\), but n_anchors=3"),
            ([1, 2, 1], r"init=\[1, 2, 1\] names an item twice. Give 3 different indices"),
            ([1, 2, 25], r"names columns without results or out of range: \[25\]"),
            ([1, 2, -1], r"without results or out of range: \[-1\]"),
            ([1, 2, 4], r"without results or out of range: \[4\]. Give indices of evaluated"),
        ],
    )
    def test_bad_items(self, init, message):
        scores = X.copy()
        scores[:, 4] = np.nan
        with pytest.raises(ValueError, match=message):
            _selector(3, init=init).fit(scores)


class TestProxy:
    @pytest.mark.slow
    @pytest.mark.parametrize("proxy", ["linear", "mlp"])
    def test_network(self, proxy):
        selector = _selector(proxy=proxy, n_refinements=2).fit(X)
        first, second = selector.refinement_
        assert max(first.proxy_loss, second.proxy_loss) < Y.var()  # it has learnt something
        assert first.anchor_importance.shape == (5,)
        np.testing.assert_array_equal(clone(selector).fit(X).anchors_, selector.anchors_)

    def test_regressor_is_not_changed_and_gets_a_seed(self):
        proxy = Lasso(alpha=1e-3, selection="random")
        selector = _selector(proxy=proxy, n_refinements=3).fit(X)
        assert not hasattr(proxy, "coef_")
        assert proxy.random_state is None
        np.testing.assert_array_equal(clone(selector).fit(X).anchors_, selector.anchors_)

    def test_regressor_without_gradient(self):
        message = r"proxy=KNeighborsRegressor\(\) has neither a method input_gradient"
        with pytest.raises(TypeError, match=message):
            _selector(proxy=KNeighborsRegressor()).fit(X)

    @pytest.mark.parametrize("proxy", ["forest", 3, None])
    def test_no_regressor(self, proxy):
        with pytest.raises(ValueError, match="The 'proxy' parameter of SparseEvalSelector"):
            _selector(proxy=proxy).fit(X)


class _Recorder:
    """A callback after sklearn's FitCallback protocol, which can stop the refinement."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.begun, self.anchors, self.shapes = [], [], []

    def setup(self, estimator, context):
        self.max_subtasks = context.max_subtasks

    def teardown(self, estimator, context):
        self.torn_down = True

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(context.task_name)

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name == "refinement":
            self.anchors.append(fitted_estimator.anchors_)
            self.shapes.append(fitted_estimator.transform(X).shape)
            return len(self.anchors) == self.stop_after
        return False


class TestCallbacks:
    def test_one_task_per_refinement(self):
        recorder = _Recorder()
        selector = _selector(n_refinements=4).set_callbacks(recorder).fit(X)
        assert recorder.begun == ["fit"] + ["refinement"] * 4
        assert recorder.max_subtasks == 4
        assert recorder.torn_down
        assert recorder.shapes == [(40, 5)] * 4
        for anchors, step in zip(recorder.anchors[:-1], selector.refinement_[1:], strict=True):
            assert set(anchors) == set(step.anchors)
        np.testing.assert_array_equal(recorder.anchors[-1], selector.anchors_)

    def test_early_stop(self):
        selector = _selector(n_refinements=9).set_callbacks(_Recorder(stop_after=2)).fit(X)
        expected = _selector(n_refinements=2).fit(X)
        assert len(selector.refinement_) == 2
        np.testing.assert_array_equal(selector.anchors_, expected.anchors_)

    def test_progress_bar(self, capsys):
        _selector(n_refinements=2).set_callbacks(ProgressBar()).fit(X)
        assert "SparseEvalSelector" in capsys.readouterr().out


class TestScores:
    def test_missing_results_count_as_the_mean_of_their_item(self):
        scores = X.copy()
        scores[np.random.default_rng(0).random(X.shape) < 0.2] = np.nan
        filled = np.where(np.isnan(scores), np.nanmean(scores, axis=0), scores)
        init = [3, 9, 12, 20, 1]
        got = _selector(init=init, n_refinements=4).fit(scores, Y)
        expected = _selector(init=init, n_refinements=4).fit(filled, Y)
        np.testing.assert_array_equal(got.anchors_, expected.anchors_)

    def test_missing_results_count_as_the_weighted_mean(self):
        scores = X.copy()
        scores[0, :20] = np.nan
        weight = 1.0 + np.arange(40) % 4
        mean = np.average(scores[1:], axis=0, weights=weight[1:])
        filled = np.where(np.isnan(scores), mean, scores)
        got = _selector(init=[1, 2, 3, 4, 5]).fit(scores, Y, weight)
        expected = _selector(init=[1, 2, 3, 4, 5]).fit(filled, Y, weight)
        np.testing.assert_array_equal(got.anchors_, expected.anchors_)

    @pytest.mark.parametrize("fill", [np.nan, 0.0])
    def test_items_without_results_or_information_change_nothing(self, fill):
        """Items without any result are never chosen, however many there are."""
        padded = np.column_stack([X, np.full((40, 5), np.nan)])
        padded[:, 26] = fill
        selector = _selector(n_refinements=8).fit(padded, Y)
        assert not set(selector.anchors_) & {25, 27, 28, 29}

    @pytest.mark.parametrize(("low", "high"), [(0, 100), (-1, 1), (0, 4)])
    def test_other_ranges_are_mapped_to_the_unit_range(self, low, high):
        target = (Y - Y.min()) / (Y.max() - Y.min())  # reaches 0 and 1
        got = _selector(n_refinements=5).fit(low + (high - low) * X, low + (high - low) * target)
        expected = _selector(n_refinements=5).fit(X, target)
        np.testing.assert_array_equal(got.anchors_, expected.anchors_)
        assert got.refinement_[0].proxy_loss == pytest.approx(expected.refinement_[0].proxy_loss)

    @pytest.mark.parametrize("score", ["published", "corrected"])
    @pytest.mark.parametrize("value", [0.0, 0.1, 7.0])
    def test_constant_matrix(self, score, value):
        selector = _selector(3, importance=score).fit(np.full((6, 8), value))
        assert len(np.unique(selector.anchors_)) == 3

    def test_two_tasks(self):
        tasks = np.column_stack([X[:, :12].mean(axis=1), X[:, 12:].mean(axis=1)])
        selector = _selector(n_refinements=2).fit(X, tasks)
        step = selector.refinement_[0]
        proxy = Ridge().fit(X[:, step.anchors], tasks)
        error = proxy.predict(X[:, step.anchors]) - tasks
        assert step.proxy_loss == pytest.approx((error**2).mean())


def _anchors(seed, proxy):
    return _selector(proxy=proxy, n_refinements=2, random_state=seed).fit(X).anchors_


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_same_anchors_in_threads_and_processes(backend):
    jobs = [(0, "linear"), (1, "linear"), (0, Ridge()), (1, Ridge())]
    expected = [_anchors(*job) for job in jobs]
    got = Parallel(n_jobs=2, backend=backend)(delayed(_anchors)(*job) for job in jobs)
    np.testing.assert_array_equal(got, expected)


def test_random_state_instance_moves_on():
    rng = np.random.RandomState(0)
    starts = [
        tuple(_selector(init="random", n_init=1, random_state=rng).fit(X).initial_anchors_)
        for _ in range(2)
    ]
    assert starts[0] != starts[1]


def test_pitfall_clustering_sees_no_rows_but_those_passed():
    """methods.md 1.2 a: the released code clusters on the rows it later tests on."""
    rng = np.random.default_rng(0)
    everyone = np.vstack([X, 1 - X[rng.permutation(40)]])
    weight = np.repeat([1, 0], 40)
    got = _selector(n_init=1).fit(everyone, np.r_[Y, 1 - Y], weight)
    expected = _selector(n_init=1).fit(X, Y)
    np.testing.assert_array_equal(got.initial_anchors_, expected.initial_anchors_)
    np.testing.assert_array_equal(got.anchors_, expected.anchors_)


def test_pitfall_constant_items_are_not_attractive_with_corrected_scores():
    """methods.md 1.2 c: with a biased proxy the published score fills up with constant items."""
    padded = np.column_stack([X, np.ones((40, 5))])
    proxy = Ridge(fit_intercept=False, alpha=1e-3)  # an error of non-zero mean
    target = 0.2 + 0.6 * Y
    chosen = {
        score: _selector(init=[0, 1, 2, 3, 4], proxy=proxy, importance=score).fit(padded, target)
        for score in ("published", "corrected")
    }
    assert set(chosen["published"].refinement_[0].anchors) == {0, 1, 2, 3, 4}
    assert chosen["published"].refinement_[0].added >= 25
    assert all(step.added < 25 for step in chosen["corrected"].refinement_)
