"""IRTImputer: observed results stay, missing ones become what the abilities lead to expect."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_sparseeval import ImputedScoreRegressor, IRTImputer, ItemResponseModel, PIRTRegressor
from sklearn_sparseeval.datasets import load_helm_lite, load_zeroeval_gsm, make_score_matrix

NAN = np.nan
X = make_score_matrix(50, 40, random_state=0).data
TARGETS = make_score_matrix(56, 40, random_state=0).data[50:]
ONE = ItemResponseModel(n_dimensions=1)


def partial(rows, share=0.3, seed=0):
    kept = np.random.default_rng(seed).random(rows.shape) < share
    kept[:, 0] = True
    return np.where(kept, rows, NAN)


def test_expected_scores_of_the_model_fill_the_gaps():
    imputer, rows = IRTImputer(item_response_model=ONE).fit(X), partial(TARGETS)
    model = ItemResponseModel(n_dimensions=1).fit(X)
    completed = imputer.transform(rows)
    known = ~np.isnan(rows)
    assert_array_equal(completed[known], rows[known])
    assert_allclose(completed[~known], model.inverse_transform(model.transform(rows))[~known])
    assert ((completed[~known] > 0) & (completed[~known] < 1)).all()


def test_the_number_of_abilities_is_chosen_by_default():
    imputer = IRTImputer().fit(X)
    assert imputer.item_response_model_.n_dimensions == "auto"
    assert imputer.item_response_model is None


def test_complete_rows_come_back_as_a_copy():
    imputer = IRTImputer(item_response_model=ONE).fit(X)
    completed = imputer.transform(TARGETS)
    assert_array_equal(completed, TARGETS)
    assert completed is not TARGETS


def test_each_target_is_completed_on_its_own():
    imputer, rows = IRTImputer(item_response_model=ONE).fit(X), partial(TARGETS)
    together = imputer.transform(rows)
    alone = np.vstack([imputer.transform(row[np.newaxis]) for row in rows])
    assert_allclose(together, alone, rtol=1e-9)


@pytest.mark.parametrize(("low", "high"), [(0, 100), (-1, 1)])
def test_scores_in_other_units_are_filled_in_these_units(low, high):
    rows = partial(TARGETS)
    expected = IRTImputer(item_response_model=ONE).fit(X).transform(rows)
    model = ItemResponseModel(n_dimensions=1, score_range=(low, high))
    imputer = IRTImputer(item_response_model=model).fit(low + (high - low) * X)
    completed = imputer.transform(low + (high - low) * rows)
    assert_allclose(completed, low + (high - low) * expected)


def test_an_item_without_source_results_is_an_average_item():
    gaps = X.copy()
    gaps[:, 7] = NAN
    imputer = IRTImputer(item_response_model=ONE).fit(gaps)
    rows = partial(TARGETS)
    rows[:, 7] = NAN
    filled = imputer.transform(rows)[:, 7]
    model = imputer.item_response_model_
    abilities = model.transform(rows)[:, 0]
    others = np.delete(np.arange(40), 7)
    mean = (model.discriminations_[others, 0].mean(), model.difficulties_[others].mean())
    assert_allclose(filled, 1 / (1 + np.exp(mean[1] - mean[0] * abilities)), atol=0.03)


def test_weights_count_models():
    weight = np.arange(50) % 3
    weighted = IRTImputer(item_response_model=ONE).fit(X, sample_weight=weight)
    repeated = IRTImputer(item_response_model=ONE).fit(np.repeat(X, weight, axis=0))
    assert_array_equal(weighted.transform(partial(TARGETS)), repeated.transform(partial(TARGETS)))


def test_single_precision_is_kept():
    imputer = IRTImputer(item_response_model=ONE).fit(X.astype(np.float32))
    completed = imputer.transform(partial(TARGETS).astype(np.float32))
    assert completed.dtype == np.float32
    expected = IRTImputer(item_response_model=ONE).fit(X).transform(partial(TARGETS))
    assert_allclose(completed, expected, atol=1e-6)


def test_a_target_without_results_is_named():
    rows = partial(TARGETS)
    rows[[1, 4]] = NAN
    with pytest.raises(ValueError, match=r"2 models have no result .* rows 1, 4 of X"):
        IRTImputer(item_response_model=ONE).fit(X).transform(rows)


@pytest.mark.slow
def test_real_targets_are_completed_better_than_by_item_means():
    scores, y = load_helm_lite(task="commonsense", return_X_y=True)
    rows = partial(scores[1::2], share=0.2)
    completed = IRTImputer().fit(scores[::2]).transform(rows)
    means = np.where(np.isnan(rows), scores[::2].mean(axis=0), rows)
    missing, truth = np.isnan(rows), scores[1::2]
    assert ((completed - truth)[missing] ** 2).mean() < 0.8 * ((means - truth)[missing] ** 2).mean()
    assert np.abs(completed.mean(axis=1) - y[1::2]).mean() < 0.03


@pytest.mark.slow
def test_gaps_in_the_sources_are_no_obstacle():
    scores = load_zeroeval_gsm().data[:, ::8]
    gaps = np.isnan(scores).any(axis=1)
    assert gaps.any()
    sources, targets = scores[gaps | (np.arange(44) < 20)], scores[~gaps & (np.arange(44) >= 20)]
    completed = IRTImputer().fit(sources).transform(partial(targets))
    assert not np.isnan(completed).any()


def test_it_serves_any_regressor_that_takes_an_imputer():
    y, rows = X.mean(axis=1), partial(TARGETS)
    through = ImputedScoreRegressor(IRTImputer(item_response_model=ONE)).fit(X, y)
    assert_allclose(through.predict(rows), PIRTRegressor(ONE).fit(X, y).predict(rows))
