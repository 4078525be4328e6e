"""FisherInformationSelector: the greedy choice by definition, and items that measure ability."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_sparseeval import FisherInformationSelector, ItemResponseModel, RandomSelector
from sklearn_sparseeval.datasets import load_open_llm, make_score_matrix

X = make_score_matrix(60, 40, n_dimensions=1, random_state=0).data


def by_definition(X, n_anchors, n_bins, n_dimensions):
    """Choose one item after the other, with loops; models are all of weight one."""
    model = ItemResponseModel(n_dimensions=n_dimensions).fit(X)
    abilities = model.transform(X)
    ranked = sorted(abilities.tolist(), key=lambda ability: ability[0])
    anchors = []
    while len(anchors) < n_anchors:
        for number in range(n_bins):
            if len(anchors) == n_anchors:
                break
            middle = ranked[int(np.ceil((number + 0.5) / n_bins * len(X) - 1e-9)) - 1]
            best, most = None, -1.0
            for item, (a, b) in enumerate(
                zip(model.discriminations_, model.difficulties_, strict=True)
            ):
                probability = 1 / (1 + np.exp(b - a @ np.array(middle)))
                information = probability * (1 - probability) * (a @ a)
                if item not in anchors and information > most:
                    best, most = item, information
            anchors.append(best)
    return anchors


@pytest.mark.parametrize("n_dimensions", [1, 2])
@pytest.mark.parametrize(("n_anchors", "n_bins"), [(7, None), (7, 3), (7, 1), (7, 100), (40, 9)])
def test_every_bin_takes_the_most_informative_free_item(n_anchors, n_bins, n_dimensions):
    model = ItemResponseModel(n_dimensions=n_dimensions)
    selector = FisherInformationSelector(n_anchors, item_response_model=model, n_bins=n_bins).fit(X)
    used = min(n_bins or n_anchors, n_anchors)
    assert_array_equal(selector.anchors_, by_definition(X, n_anchors, used, n_dimensions))
    assert selector.bin_abilities_.shape == (used, n_dimensions)
    expected = selector.item_response_model_.item_information(selector.bin_abilities_)
    for position, anchor in enumerate(selector.anchors_):
        assert_allclose(selector.information_[position], expected[position % used, anchor])


def test_one_ability_is_the_default():
    selector = FisherInformationSelector(5).fit(X)
    assert selector.item_response_model_.n_dimensions_ == 1


def test_rounds_are_nested_while_the_bins_stay():
    few, many = (FisherInformationSelector(k, n_bins=4).fit(X).anchors_ for k in (8, 20))
    assert_array_equal(many[:8], few)


@pytest.mark.parametrize("n_bins", [1, 2, 3, 5, 8])
def test_a_weight_of_two_is_two_models_in_the_bins(n_bins):
    weight = np.random.default_rng(0).integers(1, 4, len(X))
    selector = FisherInformationSelector(8, n_bins=n_bins).fit(X, sample_weight=weight)
    abilities = selector.item_response_model_.transform(X)[:, 0]
    ranked = np.sort(np.repeat(abilities, weight))
    places = np.ceil((np.arange(n_bins) + 0.5) / n_bins * len(ranked) - 1e-9).astype(int) - 1
    assert_allclose(selector.bin_abilities_[:, 0], ranked[places])


def test_anchors_are_as_hard_as_the_models_are_able():
    matrix = make_score_matrix(150, 300, n_dimensions=1, random_state=0)
    selector = FisherInformationSelector(12).fit(matrix.data)
    model = selector.item_response_model_
    middle = model.difficulties_ / model.discriminations_[:, 0]
    chosen = middle[selector.anchors_]
    assert np.corrcoef(chosen, selector.bin_abilities_[:, 0])[0, 1] > 0.8
    length = np.abs(model.discriminations_[:, 0])
    assert length[selector.anchors_].min() > np.median(length)


def test_items_that_tell_nothing_are_passed_over():
    scores = X.copy()
    scores[:, :5], scores[:, 5:10] = 0, 1
    scores[:, 10:15] = np.random.default_rng(0).random((60, 5)) < 0.5  # a coin
    scores[:, 15] = np.nan
    assert FisherInformationSelector(20).fit(scores).anchors_.min() > 15


@pytest.mark.slow
def test_anchors_measure_real_ability_better_than_random_ones():
    scores = load_open_llm(task="ifeval").data
    train, test = scores[::4], scores[1::4]

    def error(anchors, model):
        rows = np.full_like(test, np.nan)
        rows[:, anchors] = test[:, anchors]
        return np.abs(model.transform(rows) - model.transform(test)).mean()

    selector = FisherInformationSelector(30).fit(train)
    model = selector.item_response_model_
    drawn = [
        error(RandomSelector(30, random_state=seed).fit(train).anchors_, model)
        for seed in range(10)
    ]
    assert error(selector.anchors_, model) < np.min(drawn)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_bins": 0}, "'n_bins' parameter"),
        ({"item_response_model": "2PL"}, "'item_response_model' parameter"),
    ],
)
def test_wrong_parameters_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        FisherInformationSelector(5, **params).fit(X)
