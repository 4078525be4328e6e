"""Items by how much the source models disagree on them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import CalibratedMeanRegressor, DisagreementSelector
from sklearn_sparseeval.datasets import load_open_llm, load_zeroeval_gsm
from sklearn_sparseeval.estimator_checks import check_anchor_selector

MEASURES = ["jensen-shannon", "entropy", "variance", "pds"]
NAN = np.nan


def binary(n_models=20, n_items=15, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.random((n_models, n_items)) < rng.random(n_items)).astype(float)


def disagreement(X, measure, sample_weight=None, **params):
    selector = DisagreementSelector(1, measure=measure, **params)
    return selector.fit(X, sample_weight=sample_weight).disagreement_


def entropy(shares):
    return -sum(p * np.log2(p) for p in shares if p > 0)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_contract_of_selectors(measure):
    check_anchor_selector(DisagreementSelector(measure=measure))


class TestMeasures:
    def test_by_hand_on_scores_of_zero_and_one(self):
        X = np.array([[1, 1, 0, 1], [1, 0, 0, 1], [1, 1, 0, 0], [1, 0, 0, 1]])
        three_to_one = entropy([0.25, 0.75])
        assert_allclose(disagreement(X, "jensen-shannon"), [0, 1, 0, three_to_one])
        assert_allclose(disagreement(X, "entropy"), [0, 1, 0, three_to_one])
        assert_allclose(disagreement(X, "variance"), [0, 0.25, 0, 3 / 16])
        assert_allclose(disagreement(X, "pds"), [0.5, 1, 0.5, 1])

    def test_by_hand_on_probabilities(self):
        X = np.array([[0.5, 0.9, 0.0], [0.5, 0.1, 1.0]])
        own = entropy([0.9, 0.1])
        assert_allclose(disagreement(X, "jensen-shannon"), [0, 1 - own, 1], atol=1e-15)
        assert_allclose(disagreement(X, "pds"), [0.5, 0.9, 1])

    def test_graded_scores_are_binned_between_their_extremes(self):
        X = np.array([[0.0, 3.9], [4.0, 4.1], [8.0, 4.2], [8.0, 3.8]])
        expected = [entropy([0.25, 0.25, 0.5]), 0]
        assert_allclose(disagreement(X, "entropy", n_bins=4)[0], expected[0])
        assert_allclose(disagreement(X, "entropy", n_bins=3), [expected[0], 0], atol=1e-15)
        # The upper half begins in the middle, at 4.
        assert_allclose(disagreement(X, "entropy", n_bins=2), [entropy([0.25, 0.75]), 1])

    def test_scores_of_zero_and_one_do_not_depend_on_the_number_of_bins(self):
        X = binary()
        for n_bins in (3, 17):
            assert_allclose(disagreement(X, "entropy", n_bins=n_bins), disagreement(X, "entropy"))

    @pytest.mark.parametrize("measure", ["jensen-shannon", "entropy", "variance"])
    def test_three_measures_rank_scores_of_zero_and_one_alike(self, measure):
        X = binary(seed=3)
        expected = np.argsort(np.abs(X.mean(axis=0) - 0.5).round(9), kind="stable")
        assert_array_equal(DisagreementSelector(15, measure=measure).fit(X).anchors_, expected)

    def test_the_predictive_diversity_of_items_that_are_not_unanimous_is_the_same(self):
        X = binary(seed=3)
        split = X.min(axis=0) < X.max(axis=0)
        assert_array_equal(disagreement(X, "pds"), np.where(split, 1, 0.5))
        # Ties are broken by the variance, not by where an item happens to be listed.
        got = DisagreementSelector(15, measure="pds").fit(X).anchors_
        assert_array_equal(got, DisagreementSelector(15, measure="variance").fit(X).anchors_)

    @given(st.integers(0, 999))
    @settings(max_examples=30, deadline=None)
    def test_the_divergence_lies_between_the_bounds_of_proposition_2(self, seed):
        rng = np.random.default_rng(seed)
        X = rng.random((rng.integers(2, 9), 6))
        divergence, diversity = disagreement(X, "jensen-shannon"), disagreement(X, "pds")
        # With two outcomes the sum of the largest probabilities is 2 * pds, one where all agree.
        extra = 2 * diversity - 1
        assert (divergence >= -1e-15).all()
        assert (divergence <= extra + 1e-12).all()

    @pytest.mark.parametrize("measure", MEASURES)
    def test_a_scale_of_percent_changes_nothing_but_the_units(self, measure):
        X = np.round(np.random.default_rng(0).random((12, 8)), 3)
        X[0, 0], X[1, 0] = 0, 1  # the extremes, so that the mapping is the identity
        percent, one = (DisagreementSelector(8, measure=measure).fit(s * X) for s in (100, 1))
        assert_array_equal(percent.anchors_, one.anchors_)
        factor = 1e4 if measure == "variance" else 1
        assert_allclose(percent.disagreement_, factor * one.disagreement_, rtol=1e-9)


class TestMissingResults:
    def test_a_missing_result_is_no_disagreement(self):
        X = np.array([[1, 1, NAN], [0, NAN, NAN], [1, 0, NAN], [0, NAN, NAN]])
        for measure in ("jensen-shannon", "entropy"):
            assert_allclose(disagreement(X, measure), [1, 0.5, NAN])
        assert_allclose(disagreement(X, "variance"), [0.25, 0.125, NAN])
        assert_allclose(disagreement(X, "pds"), [1, 1, NAN])

    @pytest.mark.parametrize("measure", ["jensen-shannon", "variance"])
    def test_it_counts_as_the_items_mean(self, measure):
        X = np.random.default_rng(0).random((12, 6))
        X[0, 0], X[1, 0] = 0, 1
        X[3:6, 2], X[7:, 4] = NAN, NAN
        filled = np.where(np.isnan(X), np.nanmean(X, axis=0), X)
        assert_allclose(disagreement(X, measure), disagreement(filled, measure))

    def test_items_without_results_are_never_chosen(self):
        X = binary()
        X[:, [2, 7]] = NAN
        assert not {2, 7} & set(DisagreementSelector(13).fit(X).anchors_)

    def test_real_data_with_missing_results(self):
        data = load_zeroeval_gsm()
        selector = DisagreementSelector(50).fit(data.data)
        assert np.isfinite(selector.disagreement_[selector.anchors_]).all()
        means = np.nanmean(data.data[:, selector.anchors_], axis=0)
        assert abs(means - 0.5).max() < 0.12


class TestOrder:
    def test_anchors_are_nested_and_the_greatest_disagreement_comes_first(self):
        X = np.random.default_rng(1).random((30, 12))
        whole = DisagreementSelector(12).fit(X)
        assert (np.diff(whole.disagreement_[whole.anchors_]) <= 1e-9).all()
        assert_array_equal(DisagreementSelector(5).fit(X).anchors_, whole.anchors_[:5])

    def test_items_that_are_as_good_are_taken_in_the_order_of_the_columns(self):
        X = np.tile([[1.0], [0.0]], (4, 6))
        X[:, [2, 4]] = 1 - X[:, [2, 4]]
        assert_array_equal(DisagreementSelector(6).fit(X).anchors_, range(6))

    def test_copies_are_all_taken(self):
        X = np.hstack([np.tile([[1.0], [0.0]], (4, 3)), np.tile([[1.0], [1], [1], [0]], (2, 3))])
        assert_array_equal(DisagreementSelector(3).fit(X).anchors_, [0, 1, 2])

    @pytest.mark.parametrize("measure", MEASURES)
    @pytest.mark.parametrize("value", [0.3, 0.1 + 0.2, -7.7])
    def test_constant_scores_disagree_nowhere_whatever_rounding_says(self, measure, value):
        X = np.full((7, 6), value)
        selector = DisagreementSelector(6, measure=measure).fit(X)
        assert_array_equal(selector.anchors_, range(6))

    @pytest.mark.parametrize("measure", MEASURES)
    def test_blocks_of_items_change_nothing(self, measure, monkeypatch):
        X = np.random.default_rng(1).random((20, 30))
        X[3, 5] = NAN
        expected = disagreement(X, measure)
        monkeypatch.setattr(
            "sklearn_sparseeval.selectors.informative._disagreement._BLOCK_CELLS", 60
        )
        assert_array_equal(disagreement(X, measure), expected)


class TestWeights:
    def test_one_voice_per_family(self):
        # Five copies of one model drown two others; with one voice they are outvoted.
        copies = np.tile([[1.0, 0.0, 1.0]], (5, 1))
        others = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
        X = np.vstack([copies, others])
        weight = np.array([0.2] * 5 + [1, 1])
        assert_allclose(disagreement(X, "variance"), [10 / 49, 6 / 49, 0])
        assert_allclose(disagreement(X, "variance", weight), [2 / 9, 2 / 9, 0], atol=1e-15)

    @pytest.mark.parametrize("measure", MEASURES)
    def test_the_scale_of_the_weights_does_not_matter(self, measure):
        X, weight = binary(), np.random.default_rng(0).random(20)
        assert_allclose(disagreement(X, measure, weight), disagreement(X, measure, 1e-3 * weight))


def test_the_benchmark_scores_play_no_part():
    X = binary()
    y = np.random.default_rng(0).random((20, 2))
    assert_array_equal(
        DisagreementSelector(5).fit(X, y).anchors_, DisagreementSelector(5).fit(X).anchors_
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, bool, np.float32])
def test_small_types_are_welcome(dtype):
    X = binary()
    got = DisagreementSelector(5).fit(X.astype(dtype))
    assert_allclose(got.disagreement_, DisagreementSelector(5).fit(X).disagreement_)


@pytest.mark.parametrize(
    "params", [{"measure": "js"}, {"n_bins": 1}, {"n_bins": 2.5}, {"missing_anchors": "drop"}]
)
def test_invalid_parameters_are_refused(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        DisagreementSelector(5, **params).fit(binary())


def test_on_real_data_it_beats_unanimous_items_and_keeps_names():
    data = load_open_llm(task="arc_challenge", as_frame=True)
    X, y = data.data, data.target
    model = make_pipeline(DisagreementSelector(50), CalibratedMeanRegressor())
    error = abs(model.fit(X[::2], y[::2]).predict(X[1::2]) - y[1::2]).mean()
    order = np.argsort(model[0].disagreement_)
    unanimous = X.columns[order[:50]]
    worse = CalibratedMeanRegressor().fit(X[::2][unanimous], y[::2])
    assert error < 0.04 < abs(worse.predict(X[1::2][unanimous]) - y[1::2]).mean()
    assert isinstance(model[:-1].set_output(transform="pandas").transform(X), pd.DataFrame)
