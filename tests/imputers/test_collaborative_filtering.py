"""Collaborative filtering by hand and by definition, tasks that help each other, real suites."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_sparseeval import CollaborativeFilteringImputer, ImputedScoreRegressor
from sklearn_sparseeval.datasets import load_helm_lite

NAN = np.nan
RNG = np.random.default_rng(0)
SOURCES = RNG.integers(0, 2, (15, 20)).astype(float)
TARGETS = np.where(RNG.random((4, 20)) < 0.5, NAN, RNG.integers(0, 2, (4, 20)).astype(float))


def test_a_small_case_computed_by_hand():
    # Agreements 1 and 0.5: weights in the ratio exp(0.5 / 0.25) = e squared.
    sources = np.array([[1.0, 0.0, 0.8], [1.0, 1.0, 0.2]])
    row = [[1.0, 0.0, NAN]]
    first = np.exp(2) / (1 + np.exp(2))
    imputer = CollaborativeFilteringImputer(temperature=0.25, center=False).fit(sources)
    mean = first * 0.8 + (1 - first) * 0.2
    assert_allclose(imputer.transform(row), [[1, 0, mean]])
    # On its items the weighted mean is 1 and 1 - first: the target is (1 - first) / 2 below.
    centred = CollaborativeFilteringImputer(temperature=0.25).fit(sources).transform(row)
    assert_allclose(centred, [[1, 0, mean - (1 - first) / 2]])


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("temperature", [0.02, 0.3])
@pytest.mark.parametrize("incomplete", [True, False])
def test_every_item_by_definition(center, temperature, incomplete):
    history = SOURCES.copy()
    if incomplete:
        history[RNG.random(SOURCES.shape) < 0.3] = NAN
    weight = RNG.integers(1, 4, 15).astype(float)
    imputer = CollaborativeFilteringImputer(temperature=temperature, center=center)
    completed = imputer.fit(history, sample_weight=weight).transform(TARGETS)
    for row, got in zip(TARGETS, completed, strict=True):
        observed = np.flatnonzero(~np.isnan(row))
        agreement = 1 - np.nanmean(np.abs(history[:, observed] - row[observed]), axis=1)
        influence = weight * np.exp(agreement / temperature)
        have = ~np.isnan(history)
        mean = np.array(
            [
                np.average(history[have[:, item], item], weights=influence[have[:, item]])
                for item in range(20)
            ]
        )
        level = (row - mean)[observed].mean() if center else 0
        assert_allclose(got, np.where(np.isnan(row), mean + level, row))


def test_a_cold_softmax_asks_the_most_similar_model_only():
    sources = np.vstack([SOURCES, np.where(np.isnan(TARGETS[0]), 0.25, TARGETS[0])])
    imputer = CollaborativeFilteringImputer(temperature=1e-6).fit(sources)
    assert_allclose(imputer.transform(TARGETS[:1]), sources[-1:])


@pytest.mark.parametrize("temperature", [1e-12, 0.1])
def test_an_item_of_which_only_dissimilar_models_have_a_result(temperature):
    sources = np.array([[1.0, 0.0, NAN, 0.5], [0.0, 1.0, 0.3, 0.9], [NAN, NAN, NAN, 0.1]])
    imputer = CollaborativeFilteringImputer(temperature=temperature, center=False).fit(sources)
    assert_allclose(imputer.transform([[1.0, 0.0, NAN, NAN]])[0, 2], 0.3)


def by_task(groups, n_virtual, **params):
    return CollaborativeFilteringImputer(groups=groups, n_virtual=n_virtual, **params)


def test_the_level_is_that_of_the_task_or_of_all_items_where_the_task_has_none():
    groups = np.repeat(["a", "b", "c"], [8, 7, 5])
    row = TARGETS[:1].copy()
    row[0, :3], row[0, 15:] = [1, 1, 0], NAN  # no result on task c
    mean = CollaborativeFilteringImputer(center=False).fit(SOURCES).transform(row)
    completed = by_task(groups, 0).fit(SOURCES).transform(row)
    every = weighted_means(row, temperature=0.1)
    for label in "abc":
        items = groups == label
        observed = ~np.isnan(row[0]) & (items if label != "c" else True)
        level = (row[0] - every)[observed].mean()
        hidden = items & np.isnan(row[0])
        assert_allclose(completed[0, hidden], mean[0, hidden] + level)


def weighted_means(row, temperature):
    """Return what the source models answer on all items, those of the target too."""
    observed = ~np.isnan(row[0])
    agreement = 1 - np.abs(SOURCES[:, observed] - row[0, observed]).mean(axis=1)
    influence = np.exp(agreement / temperature)
    return influence @ SOURCES / influence.sum()


def test_scores_on_other_tasks_are_transported_by_hand():
    """All sources count alike; a target at the median of one task is drawn to that of the other."""
    easy = np.array([0.2, 0.4, 0.6])  # the sources' score on task a, on each of its two items
    hard = np.array([0.1, 0.2, 0.6])
    sources = np.column_stack([easy, easy, hard, hard])
    row = [[0.4, 0.4, NAN, NAN]]
    groups = ["a", "a", "b", "b"]
    options = {"temperature": 1e9}
    # No result on task b: its score is the transported one alone, the median of the hard scores.
    got = by_task(groups, 5.0, **options).fit(sources).transform(row)
    assert_allclose(got, [[0.4, 0.4, 0.2, 0.2]])
    # At 0.8, it is 0.2 beyond the best of task a: as far beyond the best of task b.
    strong = by_task(groups, 5.0, **options).fit(sources).transform([[0.8, 0.8, NAN, NAN]])
    assert_allclose(strong, [[0.8, 0.8, 0.8, 0.8]])


@pytest.mark.parametrize("n_virtual", [0.0, 1.0, 3.0])
def test_results_on_the_task_and_those_of_other_tasks_are_weighed(n_virtual):
    easy, hard = np.array([0.2, 0.4, 0.6]), np.array([0.1, 0.2, 0.6])
    sources = np.column_stack([easy, easy, hard, hard])
    groups = ["a", "a", "b", "b"]
    row = [[0.4, 0.4, 0.5, NAN]]
    imputer = by_task(groups, n_virtual, temperature=1e9).fit(sources)
    # Own estimate of task b: the mean 0.3 of its second item, raised by 0.2 as on the first.
    share = n_virtual / (n_virtual + 1)
    assert_allclose(imputer.transform(row)[0, 3], 0.5 + share * (0.2 - 0.5))


def test_a_single_task_or_results_on_one_task_change_nothing():
    expected = CollaborativeFilteringImputer().fit(SOURCES).transform(TARGETS)
    one = by_task(["only"] * 20, 10.0).fit(SOURCES).transform(TARGETS)
    assert_array_equal(one, expected)
    row = np.where(np.arange(20) < 6, SOURCES[:1], NAN)
    row[0, 5] = NAN
    groups = np.arange(20) >= 10  # all its results are on the first task
    alone = by_task(groups, 10.0).fit(SOURCES).transform(row)
    without = by_task(groups, 0.0).fit(SOURCES).transform(row)
    assert_allclose(alone[0, :10], without[0, :10])
    assert np.abs(alone[0, 10:] - without[0, 10:]).max() > 1e-3


def test_a_task_without_source_results_plays_no_part():
    wide = np.column_stack([SOURCES, np.full((15, 2), NAN)])
    rows = np.column_stack([TARGETS, np.full((4, 2), NAN)])
    groups = np.repeat(["a", "b", "empty"], [10, 10, 2])
    got = by_task(groups, 10.0).fit(wide).transform(rows)
    expected = by_task(groups[:20], 10.0).fit(SOURCES).transform(TARGETS)
    assert_allclose(got[:, :20], expected)
    assert_allclose(got[:, 20], expected.mean(axis=1))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["a"] * 19, "groups has 19 labels, but X has 20 items"),
        ([None, *["a"] * 19], r"groups has no label .* for 1 of 20 items"),
    ],
)
def test_labels_that_do_not_fit_the_items_are_refused(groups, message):
    with pytest.raises(ValueError, match=message):
        CollaborativeFilteringImputer(groups=groups).fit(SOURCES)


@pytest.fixture(scope="module")
def suite():
    tasks = ["gsm", "mmlu", "commonsense", "math", "med_qa"]
    scores = [load_helm_lite(task=task).data for task in tasks]
    labels = np.repeat(tasks, [task.shape[1] for task in scores])
    members = np.stack([labels == task for task in tasks]).astype(float)
    return np.hstack(scores), np.stack([task.mean(axis=1) for task in scores], axis=1), members


@pytest.mark.slow
@pytest.mark.parametrize("strong", [False, True], ids=["interpolation", "extrapolation"])
def test_other_tasks_help_on_a_real_suite(suite, strong):
    X, y, members = suite
    labels = members.argmax(axis=0)
    errors = {0.0: [], 10.0: []}
    for seed in range(4):
        rng = np.random.default_rng(seed)
        order = np.argsort(y.mean(axis=1)) if strong else rng.permutation(83)
        sources, targets = (
            order[:41] if strong else order[20:],
            order[-20:] if strong else order[:20],
        )
        anchors = np.concatenate(
            [rng.choice(np.flatnonzero(labels == task), 20, replace=False) for task in range(5)]
        )
        for n_virtual, found in errors.items():
            imputer = by_task(labels, n_virtual)
            model = ImputedScoreRegressor(imputer, item_weights=members)
            model.fit(X[sources], y[sources], anchors=anchors)
            found.append(np.abs(model.predict(X[targets]) - y[targets]).mean())
    assert np.mean(errors[10.0]) < 0.052
    assert np.mean(errors[10.0]) < 0.87 * np.mean(errors[0.0])


@pytest.mark.parametrize(
    ("value", "level", "beyond"),
    [
        (0.1, 0.125, 0.0),  # half of its quarter
        (0.2, 0.5, 0.0),
        (0.5, 0.875, 0.0),
        (0.15, 0.3125, 0.0),  # half-way between the points is half-way between the levels
        (0.7, 0.875, 0.2),
        (0.0, 0.125, -0.1),
    ],
)
def test_a_score_is_transported_by_its_rank_among_the_weighted_sources(value, level, beyond):
    here, there = np.array([0.5, 0.1, 0.2]), np.array([0.9, 0.2, 0.4])
    imputer = by_task(["a", "b"], 5.0, temperature=1e9)
    imputer.fit(np.column_stack([here, there]), sample_weight=[1.0, 1.0, 2.0])
    expected = np.interp(level, [0.125, 0.5, 0.875], [0.2, 0.4, 0.9]) + beyond
    assert_allclose(imputer.transform([[value, NAN]]), [[value, expected]], atol=1e-9)


@given(
    scores=st.lists(st.floats(0, 1), min_size=2, max_size=6, unique=True),
    value=st.floats(0, 1),
)
def test_between_equal_tasks_scores_are_transported_unchanged(scores, value):
    scores = np.round(scores, 3)
    imputer = by_task(["a", "b"], 5.0, temperature=1e9).fit(np.column_stack([scores, scores]))
    assert_allclose(imputer.transform([[value, NAN]]), [[value, value]], atol=1e-6)
