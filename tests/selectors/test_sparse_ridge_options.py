"""SparseRidgeSelector: included and excluded items, several tasks, and callbacks."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.linear_model import Ridge

from sklearn_sparseeval import SparseRidgeSelector

# Ridge regression and nothing else.
PLAIN = {"alpha": 1.0, "shrink_to_mean": 0.0, "n_components": 0, "exchange": False}

# What alpha="auto" tries, by the docstring.
RELATIVE_ALPHAS = np.array([0.1, 0.3, 1, 3, 10])


def _scores(n_models=40, n_items=25, seed=0, graded=False):
    rng = np.random.default_rng(seed)
    ability, difficulty = rng.normal(size=(n_models, 1)), rng.normal(size=n_items)
    probability = 1 / (1 + np.exp(difficulty - 2 * ability))
    if graded:
        return np.clip(probability + 0.2 * rng.normal(size=probability.shape), 0, 1)
    return (rng.random((n_models, n_items)) < probability).astype(float)


def _target(X, seed=0):
    """A weighted mean of the items: unlike the plain one it makes no two of them equal."""
    return X @ np.random.default_rng(seed).dirichlet(np.ones(X.shape[1]))


def _fit(n_anchors=5, X=None, y=None, weight=None, **params):
    return SparseRidgeSelector(n_anchors, **params).fit(X, y, sample_weight=weight)


def _anchors(*args, **params):
    return _fit(*args, **params).anchors_.tolist()


def _objective(X, y, items, alpha, shrink_to_mean=0.0, weight=None):
    """What the docstring says: squared errors plus the distance to equal weights, by Ridge.

    Ridge on the target less the prior's prediction finds the distance of the weights to it.
    """
    results = X[:, items]
    target = y - shrink_to_mean * results.mean(axis=1)
    model = Ridge(alpha=alpha).fit(results, target, sample_weight=weight)
    errors = (target - model.predict(results)) ** 2
    return np.sum(errors if weight is None else weight * errors) + alpha * model.coef_ @ model.coef_


def _greedy(n_items, n_anchors, objective, start=()):
    items = list(start)
    while len(items) < n_anchors:
        objectives = [
            np.inf if item in items else objective([*items, item]) for item in range(n_items)
        ]
        items.append(int(np.argmin(objectives)))
    return items


X = _scores()


Y = _target(X)


def _penalties(scores, n_anchors):
    unit = n_anchors * (scores - scores.mean(axis=0)).var(axis=0).mean()
    return RELATIVE_ALPHAS * unit


class TestListsOfItems:
    @pytest.mark.parametrize("exchange", [False, True])
    @pytest.mark.parametrize("included", [[3], [19, 4, 11], (2, 7, 9, 1, 0)])
    def test_included_items_come_first_and_stay(self, exchange, included):
        selector = _fit(5, X, Y, must_include=included, exchange=exchange)
        assert selector.anchors_[: len(included)].tolist() == list(included)
        assert selector.path_[: len(included)].tolist() == list(included)
        assert len(np.unique(selector.anchors_)) == 5

    @pytest.mark.slow
    def test_the_rest_makes_the_best_of_those_included(self):
        expected = _greedy(25, 6, lambda items: _objective(X, Y, items, 1.0), start=[19, 4])
        assert _anchors(6, X, Y, must_include=[19, 4], **PLAIN) == expected

    @pytest.mark.parametrize("exchange", [False, True])
    def test_excluded_items_are_never_chosen(self, exchange):
        excluded = _anchors(5, X, Y, exchange=exchange)
        for n_anchors in (5, 20):
            got = _anchors(n_anchors, X, Y, exclude=excluded, exchange=exchange)
            assert len(set(got)) == n_anchors
            assert not set(got) & set(excluded)

    def test_excluding_an_item_is_as_good_as_its_absence(self):
        excluded, rest = [0, 7, 8], np.delete(np.arange(25), [0, 7, 8])
        params = {"alpha": 1.0, "shrink_to_mean": 0.5, "n_components": 0}
        got = _anchors(5, X, Y, exclude=excluded, **params)
        assert got == rest[_anchors(5, X[:, rest], Y, **params)].tolist()

    def test_excluding_what_would_not_be_chosen_changes_nothing(self):
        selector = _fit(5, X, Y, alpha=1.0)
        spare = sorted(set(range(25)) - set(selector.anchors_) - set(selector.path_))
        got = _fit(5, X, Y, alpha=1.0, exclude=spare[:4])
        np.testing.assert_array_equal(got.anchors_, selector.anchors_)

    def test_items_go_by_name_in_data_frames(self):
        frame = pd.DataFrame(X, columns=[f"item {i}" for i in range(25)])
        by_index = _fit(5, X, Y, must_include=[3, 1], exclude=[4, 5])
        by_name = _fit(
            5, frame, Y, must_include=["item 3", "item 1"], exclude=pd.Index(["item 4", "item 5"])
        )
        mixed = _fit(5, frame, Y, must_include=["item 3", "item 1"], exclude=np.array([4, 5]))
        np.testing.assert_array_equal(by_name.anchors_, by_index.anchors_)
        np.testing.assert_array_equal(mixed.anchors_, by_index.anchors_)

    def test_they_may_settle_everything(self):
        assert _anchors(3, X, Y, must_include=[9, 2, 5]) == [9, 2, 5]
        got = _anchors(3, X, Y, exclude=np.setdiff1d(np.arange(25), [9, 2, 5]))
        assert sorted(got) == [2, 5, 9]

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"must_include": [1, 2, 3, 5, 6, 7]}, "must_include holds 6 items, more than n_anch"),
            ({"must_include": [1, 2], "exclude": [7, 2]}, "Item 2 is in must_include and in excl"),
            ({"must_include": [1, 4]}, "must_include holds item 4, for which no source model"),
            ({"exclude": range(5, 25)}, r"n_anchors=5 is more than the 4 items that are"),
            ({"must_include": ["a"]}, r"must_include=\['a'\] must be a list of column indices"),
            ({"exclude": [25]}, "exclude holds 25 to 25, but X has 25 items"),
            ({"must_include": 3}, "The 'must_include' parameter of SparseRidgeSelector"),
        ],
    )
    def test_errors(self, params, message):
        scores = X.copy()
        scores[:, 4] = np.nan
        with pytest.raises(ValueError, match=message):
            _fit(5, scores, Y, **params)


FOUR = X[:, :4]
NAMED = pd.DataFrame(FOUR, columns=list("abcd"))


class TestFormsOfLists:
    """Items by index or by name, in any container, and errors that show what the user gave."""

    @pytest.mark.parametrize("scores", [FOUR, NAMED], ids=["array", "names"])
    @pytest.mark.parametrize("items", [[], (), np.array([]), np.array([], dtype=int)])
    def test_an_empty_list_is_none(self, scores, items):
        expected = SparseRidgeSelector(2).fit(FOUR).anchors_
        got = SparseRidgeSelector(2, must_include=items, exclude=items).fit(scores).anchors_
        np.testing.assert_array_equal(got, expected)

    @pytest.mark.parametrize("scores", [FOUR, NAMED], ids=["array", "names"])
    @pytest.mark.parametrize("kind", [list, tuple, np.uint8, pd.Index, pd.Series])
    def test_indices_in_their_order(self, scores, kind):
        selector = SparseRidgeSelector(3, must_include=kind([3, 0])).fit(scores)
        assert selector.path_[:2].tolist() == [3, 0]
        assert selector.anchors_.dtype == np.intp

    @pytest.mark.parametrize(
        "kind", [list, tuple, np.array, lambda n: np.array(n, dtype=object), pd.Index, pd.Series]
    )
    def test_names_in_their_order(self, kind):
        selector = SparseRidgeSelector(3, must_include=kind(["d", "a"])).fit(NAMED)
        assert selector.path_[:2].tolist() == [3, 0]

    @pytest.mark.parametrize("parameter", ["exclude", "must_include"])
    @pytest.mark.parametrize(
        ("items", "scores", "message"),
        [
            (["b", "x"], NAMED, r" names 'x', which is not among the 4 items of X \('a', ...\)"),
            (["b", "x"], FOUR, r"=\['b', 'x'\] must be a list of column indices, or of item"),
            ([1, "b"], NAMED, r" names '1', which is not among the 4 items of X"),
            ([1.0, 2.0], FOUR, r"=\[1.0, 2.0\] must be a list of column indices"),
            ([True, False], FOUR, r"=\[True, False\] must be a list"),
            ([[1, 2]], FOUR, r"=\[\[1, 2\]\] must be a list"),
            ([["a", "b"]], NAMED, r"=\[\['a', 'b'\]\] must be a list"),
            ([0, 4], FOUR, r" holds 0 to 4, but X has 4 items: .* indices from 0 to 3"),
            ([-1, 2], FOUR, r" holds -1 to 2, but X has 4 items"),
            ([2, 1, 2], FOUR, r" names an item twice: \[2, 1, 2\]. Name each once"),
            (["b", "a", "b"], NAMED, r" names an item twice: \['b', 'a', 'b'\]. Name each"),
        ],
    )
    def test_errors_show_what_was_given(self, parameter, items, scores, message):
        with pytest.raises(ValueError, match=parameter + message):
            SparseRidgeSelector(1, **{parameter: items}).fit(scores)


class TestTasks:
    tasks = np.column_stack([X[:, :12].mean(axis=1), 3 * _target(X, 1), X[:, 5:].mean(axis=1)])

    def _expected(self, weights, shrink_to_mean=0.0):
        return _greedy(
            25,
            5,
            lambda items: sum(
                weight * _objective(X, task, items, 1.0, shrink_to_mean)
                for weight, task in zip(weights, self.tasks.T, strict=True)
            ),
        )

    @pytest.mark.slow
    @pytest.mark.parametrize("shrink_to_mean", [0.0, 0.5])
    @pytest.mark.parametrize("weights", [None, [1, 1, 1], [0.2, 5, 1], (0, 1, 0)])
    def test_objective_is_the_weighted_sum_over_tasks(self, weights, shrink_to_mean):
        params = {**PLAIN, "shrink_to_mean": shrink_to_mean, "target_weights": weights}
        got = _anchors(5, X, self.tasks, **params)
        assert got == self._expected(weights or [1, 1, 1], shrink_to_mean)

    @pytest.mark.slow
    def test_weights_make_a_difference(self):
        assert self._expected([1, 1, 1]) != self._expected([100, 0, 1])

    @pytest.mark.parametrize("n_anchors", [3, 8])
    def test_a_task_without_weight_is_ignored(self, n_anchors):
        noise = np.random.default_rng(0).normal(size=(40, 1))
        tasks = np.hstack([self.tasks[:, :2], 100 * noise])
        got = _fit(n_anchors, X, tasks, target_weights=[2, 0.5, 0])
        expected = _fit(n_anchors, X, tasks[:, :2], target_weights=[2, 0.5])
        np.testing.assert_array_equal(got.anchors_, expected.anchors_)
        assert got.alpha_ == expected.alpha_

    @pytest.mark.parametrize("n_anchors", [3, 8])
    def test_a_task_with_weight_three_is_three_tasks(self, n_anchors):
        got = _fit(n_anchors, X, self.tasks, target_weights=[3, 1, 1])
        expected = _fit(n_anchors, X, self.tasks[:, [0, 0, 0, 1, 2]])
        np.testing.assert_array_equal(got.anchors_, expected.anchors_)
        assert got.alpha_ == expected.alpha_

    def test_one_column_is_one_task(self):
        np.testing.assert_array_equal(_anchors(5, X, Y[:, np.newaxis]), _anchors(5, X, Y))
        assert _anchors(5, X, Y, target_weights=[2.0]) == _anchors(5, X, Y, target_weights=[1.0])

    def test_tasks_on_one_scale_weigh_as_their_squares(self):
        """Without a prior a task times ten is a task of weight one hundred."""
        params = {"shrink_to_mean": 0.0, "alpha": 1.0}
        scaled = _anchors(5, X, self.tasks * [10, 1, 1], **params)
        assert scaled == _anchors(5, X, self.tasks, target_weights=[100, 1, 1], **params)

    @pytest.mark.parametrize("weights", [[1, 2], [1, -1, 2], [0, 0, 0], [[1, 2, 3]]])
    def test_bad_weights(self, weights):
        with pytest.raises(ValueError, match=r"target_weights=\[.* must be 3 numbers, one for"):
            _fit(5, X, self.tasks, target_weights=weights)

    def test_weights_that_are_not_finite(self):
        with pytest.raises(ValueError, match="target_weights contains NaN"):
            _fit(5, X, self.tasks, target_weights=[1, np.nan, 2])

    def test_the_default_target_is_the_mean(self):
        np.testing.assert_array_equal(_anchors(5, X), _anchors(5, X, X.mean(axis=1)))


class _Recorder:
    """A callback after sklearn's FitCallback protocol, which can stop one kind of task."""

    def __init__(self, stop=None, after=1):
        self.stop, self.after = stop, after
        self.begun, self.anchors = [], {}

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        self.torn_down = True

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(context.task_name)

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        seen = self.anchors.setdefault(context.task_name, [])
        if context.task_name in ("penalty", "swap"):
            assert fitted_estimator.transform(X).shape == (40, 6)
            seen.append(fitted_estimator.anchors_.tolist())
        return context.task_name == self.stop and len(seen) == self.after


def _swapping():
    """A panel on which several swaps follow the path, whatever the penalty."""
    scores = _scores(seed=20)
    target, selector = _target(scores, 20), SparseRidgeSelector(6, alpha=0.5)
    assert clone(selector).fit(scores, target).n_swaps_ >= 2
    return selector, scores, target


class TestCallbacks:
    def test_a_task_for_each_penalty_anchor_and_swap(self):
        recorder, n_penalties = _Recorder(), len(RELATIVE_ALPHAS)
        selector = SparseRidgeSelector(6).set_callbacks(recorder).fit(X, Y)
        assert recorder.begun[0] == "fit"
        assert recorder.begun.count("penalty") == n_penalties
        assert recorder.begun.count("anchor") == 6 * n_penalties
        assert recorder.begun.count("swap") >= selector.n_swaps_
        assert recorder.torn_down
        assert selector.anchors_.tolist() in recorder.anchors["penalty"]
        expected = [_anchors(6, X, Y, alpha=alpha) for alpha in _penalties(X, 6)]
        assert recorder.anchors["penalty"] == expected

    def test_included_items_are_no_tasks(self):
        recorder = _Recorder()
        SparseRidgeSelector(6, alpha=1.0, must_include=[1, 2]).set_callbacks(recorder).fit(X, Y)
        assert recorder.begun.count("anchor") == 4

    def test_each_swap_shows_its_anchors(self):
        selector, scores, target = _swapping()
        recorder = _Recorder()
        selector.set_callbacks(recorder).fit(scores, target)
        assert recorder.begun == ["fit", "penalty"] + ["anchor"] * 6 + ["swap"] * selector.n_swaps_
        assert recorder.anchors["swap"][-1] == selector.anchors_.tolist()
        before = selector.path_
        for after in recorder.anchors["swap"]:
            assert len(set(before) - set(after)) == 1
            before = after

    @pytest.mark.parametrize("after", [1, 2])
    def test_stop_during_the_exchange(self, after):
        selector, scores, target = _swapping()
        unstopped = _Recorder()
        clone(selector).set_callbacks(unstopped).fit(scores, target)
        stopped = clone(selector).set_callbacks(_Recorder("swap", after)).fit(scores, target)
        assert stopped.n_swaps_ == after
        assert stopped.anchors_.tolist() == unstopped.anchors["swap"][after - 1]

    @pytest.mark.parametrize("after", [1, 2])
    def test_stop_after_a_penalty(self, after):
        recorder = _Recorder("penalty", after)
        selector = SparseRidgeSelector(6).set_callbacks(recorder).fit(X, Y)
        tried = _penalties(X, 6)[:after]
        assert recorder.begun.count("penalty") == after
        assert np.isclose(tried, selector.alpha_).any()
        assert selector.anchors_.tolist() == _anchors(6, X, Y, alpha=selector.alpha_)

    def test_with_many_items_swaps_follow_the_penalties(self, monkeypatch):
        monkeypatch.setattr("sklearn_sparseeval.numerics.gram._ALL_AT_ONCE", 0)
        _, scores, target = _swapping()
        recorder = _Recorder()
        selector = SparseRidgeSelector(6).set_callbacks(recorder).fit(scores, target)
        last_penalty = len(recorder.begun) - recorder.begun[::-1].index("penalty")
        assert "swap" not in recorder.begun[:last_penalty]
        assert recorder.begun.count("swap") == selector.n_swaps_

    def test_progress_bar(self, capsys):
        SparseRidgeSelector(3).set_callbacks(ProgressBar()).fit(X, Y)
        assert "SparseRidgeSelector" in capsys.readouterr().out
