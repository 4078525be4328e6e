"""Probes for all targets, further anchors for each on its own."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.exceptions import NotFittedError

from sklearn_sparseeval import TailoredSelector
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm, load_zeroeval_gsm
from sklearn_sparseeval.estimator_checks import check_anchor_selector

NAN = np.nan
MOST_ITEMS = "sklearn_sparseeval.selectors.representative._tailored._MOST_ITEMS"


def scores(n_models=24, n_items=30, seed=0):
    rng = np.random.default_rng(seed)
    ability, easiness = rng.normal(size=(n_models, 2)), rng.normal(size=n_items)
    skills = rng.random((2, n_items)) * 2
    return 1 / (1 + np.exp(rng.normal(size=(n_models, n_items)) - ability @ skills - easiness))


def fitted(X=None, n_anchors=8, sample_weight=None, **params):
    X = scores() if X is None else X
    return TailoredSelector(n_anchors, **params).fit(X, sample_weight=sample_weight)


def standardised(X):
    spread = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)


def item_distances(z):
    """Return the sums of absolute differences of the models' results, so rounded that ties tie."""
    distances = cdist(z.T, z.T, "cityblock")
    return np.rint(distances / (distances.max() / 2**24))


def with_more_medoids(distances, given_items, n_medoids):
    """Try every item at every step."""
    medoids = list(given_items)
    while len(medoids) < n_medoids:
        costs = np.minimum(distances[medoids].min(axis=0), distances).sum(axis=1)
        costs[medoids] = np.inf
        medoids.append(int(costs.argmin()))
    return medoids


def by_hand(X, target, selector):
    """Return a target's anchors by the description in the docstring."""
    z = standardised(X)
    probes = selector.probes_
    own = (target - X.mean(axis=0)) / X.std(axis=0)
    have = ~np.isnan(target[probes])
    distance = np.abs(z[:, probes] - own[probes])[:, have].mean(axis=1)
    nearest = np.sort(distance)[int(np.ceil(selector.n_neighbors_)) - 1]
    natives = distance <= nearest
    return with_more_medoids(item_distances(z[natives]), probes, len(selector.anchors_))


@pytest.mark.slow
@pytest.mark.parametrize("params", [{}, {"n_probes": 1, "n_neighbors": 3}])
def test_the_contract_of_selectors(params):
    check_anchor_selector(TailoredSelector(**params))


class TestProbes:
    @pytest.mark.parametrize(
        ("n_anchors", "n_probes"), [(1, 1), (4, 2), (7, 4), (19, 10), (20, 10), (30, 10)]
    )
    def test_ten_but_no_more_than_half_the_anchors(self, n_anchors, n_probes):
        assert len(fitted(n_anchors=n_anchors).probes_) == n_probes

    def test_they_are_the_first_anchors(self):
        selector = fitted(n_probes=3)
        assert_array_equal(selector.probes_, selector.anchors_[:3])
        assert_array_equal(fitted(n_anchors=12, n_probes=3).anchors_[:8], selector.anchors_)

    def test_no_swap_brings_the_items_nearer_to_them(self):
        X = scores()
        distances = item_distances(standardised(X))
        probes = fitted(X, n_probes=3).probes_

        def cost(medoids):
            return distances[medoids].min(axis=0).sum()

        for position in range(3):
            for item in range(30):
                swapped = probes.copy()
                swapped[position] = item
                assert cost(swapped) >= cost(probes)

    def test_they_are_part_of_the_budget(self):
        selector = fitted(n_probes=8)
        anchors = selector.anchors_for(scores(5, seed=1))
        assert_array_equal(anchors, np.tile(selector.probes_, (5, 1)))
        with pytest.raises(ValueError, match=r"n_probes=9 is more than n_anchors=8, which"):
            fitted(n_probes=9)

    def test_further_anchors_represent_the_items_to_all_source_models(self):
        X = scores()
        selector = fitted(X, n_probes=3)
        distances = item_distances(standardised(X))
        assert_array_equal(selector.anchors_, with_more_medoids(distances, selector.probes_, 8))

    def test_weights_are_the_shares_of_the_items_nearest_to_each_anchor(self):
        X = scores()
        selector = fitted(X)
        distances = item_distances(standardised(X))
        nearest = distances[selector.anchors_].argmin(axis=0)
        assert_allclose(selector.anchor_weights_, np.bincount(nearest, minlength=8) / 30)


class TestAnchorsFor:
    @pytest.mark.slow
    @given(st.integers(0, 999), st.integers(1, 20), st.booleans())
    @settings(max_examples=25, deadline=None)
    def test_by_hand(self, seed, n_neighbors, some_missing):
        X, targets = scores(seed=seed), scores(4, seed=seed + 1)
        if some_missing:
            targets[np.random.default_rng(seed).random(targets.shape) < 0.3] = NAN
        selector = fitted(X, 9, n_probes=4, n_neighbors=n_neighbors)
        known = ~np.isnan(targets[:, selector.probes_]).all(axis=1)
        for target, anchors in zip(
            targets[known], selector.anchors_for(targets)[known], strict=True
        ):
            assert_array_equal(anchors, by_hand(X, target, selector))

    def test_probes_first_and_no_item_twice(self):
        selector = fitted(n_probes=3)
        anchors = selector.anchors_for(scores(6, seed=1))
        assert anchors.shape == (6, 8)
        assert anchors.dtype == np.intp
        assert_array_equal(anchors[:, :3], np.tile(selector.probes_, (6, 1)))
        assert all(len(set(row)) == 8 for row in anchors)

    def test_models_of_two_kinds_get_items_of_their_own(self):
        # To one kind the items are copies of six others, to the other kind of six other ones.
        rng = np.random.default_rng(0)
        X = np.vstack(
            [
                np.repeat(rng.normal(size=(20, 6)), 5, axis=1) + 4,
                np.tile(rng.normal(size=(20, 6)), (1, 5)) - 4,
            ]
        )
        X += 0.01 * rng.normal(size=X.shape)
        selector = fitted(X, 7, n_probes=1)
        assert selector.n_neighbors_ == 20
        strong, weak = selector.anchors_for(X[[3, 30]])
        assert set(strong // 5) == set(range(6))
        assert set(weak % 6) == set(range(6))
        assert set(strong) != set(weak)

    @pytest.mark.parametrize("n_anchors", [8, 24])
    def test_rows_do_not_influence_each_other(self, n_anchors):
        # In the released code the scaling and the number of native sources depend on the batch.
        selector = fitted(n_anchors=n_anchors)
        targets = scores(12, seed=3)
        together = selector.anchors_for(targets)
        for row, anchors in zip(targets, together, strict=True):
            assert_array_equal(selector.anchors_for(row[np.newaxis])[0], anchors)
        extreme = np.vstack([targets[:1], 1e6 + np.zeros((50, 30))])
        assert_array_equal(selector.anchors_for(extreme)[0], together[0])

    def test_only_the_probes_are_read(self):
        selector = fitted(n_probes=3)
        targets = scores(6, seed=1)
        expected = selector.anchors_for(targets)
        for junk in (NAN, np.inf, "not run", None):
            table = targets.astype(object)
            table[:, np.setdiff1d(np.arange(30), selector.probes_)] = junk
            assert_array_equal(selector.anchors_for(table), expected)
            assert_array_equal(selector.anchors_for(table.tolist()), expected)

    def test_results_on_the_probes_alone_in_the_order_of_the_items(self):
        X = scores()
        selector = fitted(X, n_probes=5)
        assert (np.diff(selector.probes_) < 0).any()
        targets = scores(6, seed=1)
        results = targets[:, np.sort(selector.probes_)]
        assert_array_equal(selector.anchors_for(results), selector.anchors_for(targets))

    def test_a_target_of_which_nothing_is_known_gets_the_default_anchors(self):
        selector = fitted()
        targets = scores(3, seed=1)
        targets[1] = NAN
        anchors = selector.anchors_for(targets)
        assert_array_equal(anchors[1], selector.anchors_)
        assert (anchors[[0, 2]] != selector.anchors_).any()

    def test_all_source_models_choose_as_for_the_default(self):
        for n_neighbors in (24, 1000):
            selector = fitted(n_neighbors=n_neighbors)
            anchors = selector.anchors_for(scores(3, seed=1))
            assert_array_equal(anchors, np.tile(selector.anchors_, (3, 1)))

    def test_a_source_model_alone(self):
        X = scores()
        selector = fitted(X, n_neighbors=1)
        for row in (0, 7):
            assert_array_equal(selector.anchors_for(X[[row]])[0], by_hand(X, X[row], selector))

    def test_before_fit_it_says_so(self):
        with pytest.raises(NotFittedError):
            TailoredSelector(3).anchors_for(scores())

    def test_after_pickle(self):
        selector = fitted()
        again = pickle.loads(pickle.dumps(selector))
        assert_array_equal(
            again.anchors_for(scores(4, seed=1)), selector.anchors_for(scores(4, seed=1))
        )


class TestDataFrames:
    names = [f"item{i}" for i in range(30)]

    @pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
    def test_rows_or_probes_with_names(self, make):
        def frame(values, names):
            return make(dict(zip(names, values.T, strict=True)))

        selector, targets = fitted(frame(scores(), self.names), n_probes=3), scores(4, seed=1)
        expected = fitted(n_probes=3).anchors_for(targets)
        assert_array_equal(selector.anchors_for(frame(targets, self.names)), expected)
        probes = np.sort(selector.probes_)
        names = [self.names[item] for item in probes]
        assert_array_equal(selector.anchors_for(frame(targets[:, probes], names)), expected)
        assert_array_equal(selector.anchors_for(targets), expected)

    def test_other_names_are_refused(self):
        selector = fitted(pd.DataFrame(scores(), columns=self.names), n_probes=3)
        rows = pd.DataFrame(scores(4, seed=1), columns=self.names)
        with pytest.raises(ValueError, match=r"columns of X are 'item29', .* expected are 'item0'"):
            selector.anchors_for(rows[self.names[::-1]])
        with pytest.raises(ValueError, match=r"Give the items, or the probes, in item order"):
            selector.anchors_for(rows[["item1", "item2", "item3"]])

    @pytest.mark.parametrize("width", [2, 29, 31])
    def test_other_widths_are_refused(self, width):
        with pytest.raises(ValueError, match=rf"X has {width} columns.* 30 items, .* 3 probes"):
            fitted(n_probes=3).anchors_for(np.zeros((2, width)))


class TestSourceModels:
    def test_the_number_of_neighbours_is_the_mean_number_of_models_that_are_near(self):
        X = scores()
        selector = fitted(X, n_probes=3)
        probed = standardised(X)[:, selector.probes_]
        distance = np.abs(probed[:, None] - probed[None]).mean(axis=2)
        assert selector.n_neighbors_ == pytest.approx(
            (distance < distance.mean()).sum(axis=1).mean()
        )
        assert fitted(n_neighbors=5).n_neighbors_ == 5

    def test_ties_share_the_last_place(self):
        X = np.repeat(scores(6), 4, axis=0)
        selector = fitted(X, n_neighbors=2)
        four = fitted(X, n_neighbors=4)
        targets = scores(5, seed=1)
        assert_array_equal(selector.anchors_for(targets), four.anchors_for(targets))

    @pytest.mark.parametrize("n_neighbors", ["auto", 5])
    def test_a_weight_of_two_is_two_models_and_their_order_is_none(self, n_neighbors):
        X, targets = (scores() > 0.5).astype(float), (scores(6, seed=1) > 0.5).astype(float)
        weight = np.random.default_rng(0).integers(0, 4, 24)
        rows = np.random.default_rng(1).permutation(np.repeat(np.arange(24), weight))
        weighted = fitted(X, sample_weight=weight, n_neighbors=n_neighbors)
        repeated = fitted(X[rows], n_neighbors=n_neighbors)
        assert weighted.n_neighbors_ == pytest.approx(repeated.n_neighbors_)
        assert_array_equal(weighted.anchors_for(targets), repeated.anchors_for(targets))

    def test_missing_results_count_as_the_items_mean(self):
        X = scores()
        X[np.random.default_rng(0).random(X.shape) < 0.2] = NAN
        filled = np.where(np.isnan(X), np.nanmean(X, axis=0), X)
        targets = scores(4, seed=1)
        assert_array_equal(fitted(X).anchors_for(targets), fitted(filled).anchors_for(targets))

    def test_items_without_results_are_never_chosen(self):
        X = scores()
        X[:, [0, 3, 29]] = NAN
        anchors = fitted(X, 27).anchors_for(scores(4, seed=1))
        assert_array_equal(
            np.sort(anchors), np.tile(np.setdiff1d(np.arange(30), [0, 3, 29]), (4, 1))
        )

    def test_units_do_not_matter(self):
        X, targets = scores(), scores(4, seed=1)
        expected = fitted(X).anchors_for(targets)
        assert_array_equal(fitted(100 * X - 7).anchors_for(100 * targets - 7), expected)


class TestManyItems:
    def test_items_at_equal_steps_of_difficulty_are_considered(self, monkeypatch):
        monkeypatch.setattr(MOST_ITEMS, 10)
        X = np.linspace(0, 1, 40)[np.random.default_rng(0).permutation(40)] * np.ones((5, 1))
        X += 1e-3 * np.random.default_rng(1).random(X.shape)
        selector = fitted(X, 10)
        rank = np.argsort(np.argsort(X.mean(axis=0)))
        assert_array_equal(np.sort(rank[selector.anchors_]), np.linspace(0, 39, 10).round())
        assert_array_equal(
            np.sort(selector.anchors_for(X)), np.tile(np.sort(selector.anchors_), (5, 1))
        )

    def test_there_are_always_enough_for_the_anchors(self, monkeypatch):
        monkeypatch.setattr(MOST_ITEMS, 10)
        assert len(set(fitted(n_anchors=20).anchors_)) == 20


@pytest.mark.parametrize(
    "params", [{"n_probes": 0}, {"n_probes": "ten"}, {"n_neighbors": 0}, {"n_neighbors": 1.5}]
)
def test_invalid_parameters_are_refused(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        fitted(**params)


class TestRealData:
    @pytest.mark.slow
    def test_own_anchors_represent_the_benchmark_better_to_models_like_the_target(self):
        X = load_open_llm(task="ifeval").data
        sources, targets = X[::2], X[1:40:2]
        selector = TailoredSelector(30).fit(sources)
        z = standardised(sources)
        own, default = [], []
        for target, anchors in zip(targets, selector.anchors_for(targets), strict=True):
            like = np.argsort(np.abs(sources - target).mean(axis=1))[:30]  # on all items
            distances = item_distances(z[like])
            own.append(distances[anchors].min(axis=0).sum())
            default.append(distances[selector.anchors_].min(axis=0).sum())
        assert np.mean(own) < np.mean(default)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "load",
        [load_zeroeval_gsm, lambda: load_helm_lite(task="math")],
        ids=["zeroeval_gsm", "helm_lite_math"],
    )
    def test_every_target_gets_anchors(self, load):
        X = load().data
        anchors = TailoredSelector(25).fit(X[:-8]).anchors_for(X[-8:])
        assert all(len(set(row)) == 25 for row in anchors)
