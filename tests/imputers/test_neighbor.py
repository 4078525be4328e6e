"""Neighbours by hand and by brute force, TailoredBench's traps, real models."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_sparseeval import ImputedScoreRegressor, NeighborImputer
from sklearn_sparseeval.datasets import load_helm_lite

NAN = np.nan


def plain(n_neighbors=1, weights="uniform", **params):
    return NeighborImputer(n_neighbors, weights=weights, calibration=None, **params)


def test_a_small_case_computed_by_hand():
    # On the two items of the target the sources differ from it by 0, 0.5, 1 and 1 in the mean.
    sources = np.array([[1, 0, 0.8, 0.0], [1, 1, 0.4, 1.0], [0, 1, 0.2, 1.0], [0, 1, 0.6, 0.0]])
    row = np.array([[1.0, 0.0, NAN, NAN]])
    assert_allclose(plain(1).fit(sources).transform(row), [[1, 0, 0.8, 0.0]])
    assert_allclose(plain(2).fit(sources).transform(row), [[1, 0, 0.6, 0.5]])
    # The third place is shared by two: half of each.
    assert_allclose(plain(3).fit(sources).transform(row), [[1, 0, 1.6 / 3, 1.5 / 3]])
    assert_allclose(plain(9).fit(sources).transform(row), [[1, 0, 0.5, 0.5]])
    # A perfect match outweighs all others.
    assert_allclose(plain(3, "distance").fit(sources).transform(row), [[1, 0, 0.8, 0]], atol=1e-6)
    # Distances 0.5 and 1, 1: weights 2, 1, 1.
    expected = [[1, 0, (2 * 0.4 + 0.2 + 0.6) / 4, 3 / 4]]
    assert_allclose(plain(3, "distance").fit(sources[1:]).transform(row), expected)


def test_the_difference_moves_the_neighbours_to_the_targets_level():
    sources = np.array([[0.2, 0.4, 0.6, 0.1], [0.9, 0.1, 0.5, 0.5]])
    row = np.array([[0.5, 0.6, NAN, NAN]])  # 0.25 above the nearest source on average
    imputer = NeighborImputer(1).fit(sources)
    assert_allclose(imputer.transform(row), [[0.5, 0.6, 0.85, 0.35]])


def test_the_ratio_is_that_of_tailored_bench():
    # Neighbours are both sources. Item 2 is nearest to item 0, item 3 to item 1.
    sources = np.array([[0.2, 0.8, 0.3, 0.7], [0.4, 0.9, 0.4, 0.8]])
    row = np.array([[0.5, 0.6, NAN, NAN]])
    imputer = NeighborImputer(2, weights="uniform", calibration="ratio").fit(sources)
    third = (0.35 + 0.5) * (0.5 + 0.5) / (0.3 + 0.5) - 0.5
    fourth = (0.75 + 0.5) * (0.6 + 0.5) / (0.85 + 0.5) - 0.5
    assert_allclose(imputer.transform(row), [[0.5, 0.6, third, fourth]])


def test_the_ratio_is_clipped_on_both_sides():
    """The released code clips at the upper bound only: results fall to a third below the range."""
    sources = np.array([[1.0, 0.0, 1.0, 0.1], [1.0, 0.1, 1.0, 0.0]])
    rows = np.array([[0.0, 0.0, NAN, NAN], [1.0, 1.0, NAN, NAN]])
    imputer = NeighborImputer(2, weights="uniform", calibration="ratio").fit(sources)
    unclipped = (0.05 + 0.5) * 0.5 / (0.05 + 0.5) - 0.5
    assert_allclose(imputer.transform(rows)[0], [0, 0, (1.5 * 0.5 / 1.5) - 0.5, unclipped])
    low = np.array([[0.9, 0.2, 0.1], [0.9, 0.2, 0.1]])
    below = (0.1 + 0.5) * (0.0 + 0.5) / (0.9 + 0.5) - 0.5
    assert below < -0.25
    got = NeighborImputer(2, calibration="ratio").fit(low).transform([[0.0, NAN, NAN]])
    assert_array_equal(got, [[0, 0, 0]])
    assert imputer.transform(rows)[1].max() == 1


@pytest.mark.parametrize("unit", [1.0, 10.0])
def test_auto_takes_the_sources_nearer_than_sources_are_to_each_other(unit):
    rng = np.random.default_rng(0)
    sources = rng.integers(0, 2, (9, 14)).astype(float)
    row = rng.integers(0, 2, (1, 14)).astype(float)
    row[0, 8:] = NAN
    distance = np.abs(sources[:, :8] - row[0, :8]).mean(axis=1)
    pairs = np.abs(sources[:, np.newaxis, :8] - sources[:, :8]).mean()
    near = distance < pairs
    assert 1 < near.sum() < 9
    expected = np.where(np.isnan(row), sources[near].mean(axis=0), row)
    completed = plain("auto").fit(unit * sources).transform(unit * row)
    assert_allclose(completed, unit * expected)


def test_auto_takes_at_least_the_nearest():
    sources = np.array([[1.0, 1, 0.3], [1, 1, 0.5], [1, 0, 0.9]])
    got = plain("auto").fit(sources).transform([[0.0, 1.0, NAN]])
    assert_allclose(got, [[0, 1, 0.4]])  # both at distance 0.5, as near as two sources are or not


def test_the_number_of_neighbours_does_not_depend_on_the_other_targets():
    """The released code takes one number for all targets, the mean over those in the call."""
    rng = np.random.default_rng(0)
    sources = rng.integers(0, 2, (20, 30)).astype(float)
    row = np.where(np.arange(30) < 10, sources[:1], NAN)
    far = np.where(np.arange(30) < 10, 1 - sources[:1], NAN)
    for imputer in (plain("auto"), NeighborImputer("auto", calibration="ratio")):
        model = imputer.fit(sources)
        alone = model.transform(row)
        assert_array_equal(model.transform(np.vstack([row, far, far, far]))[:1], alone)


def brute_force(sources, weight, row, n_neighbors):
    """Return each item's mean over the copies of the nearest models that have it."""
    common = ~np.isnan(row) & ~np.isnan(sources)
    distance = np.full(len(sources), np.inf)
    some = common.any(axis=1)
    distance[some] = [
        np.abs(source - row)[both].mean()
        for source, both in zip(sources[some], common[some], strict=True)
    ]
    answer = row.copy()
    for item in np.flatnonzero(np.isnan(row)):
        left, total = n_neighbors, 0.0
        have = ~np.isnan(sources[:, item])
        for level in np.unique(np.round(distance[have], 9)):
            tied = have & (np.round(distance, 9) == level)
            taken = min(left, weight[tied].sum())
            total += taken * np.average(sources[tied, item], weights=weight[tied])
            left -= taken
        answer[item] = total / (n_neighbors - left)
    return answer


@pytest.mark.slow
@pytest.mark.parametrize("n_neighbors", [1, 2, 4, 50])
@given(
    sources=hnp.arrays(float, (6, 5), elements=st.sampled_from([0.0, 0.5, 1.0, NAN])),
    weight=hnp.arrays(float, 6, elements=st.sampled_from([0.5, 1.0, 2.0])),
    row=hnp.arrays(float, 5, elements=st.sampled_from([0.0, 0.4, 1.0, NAN])),
)
def test_missing_results_and_ties_by_brute_force(n_neighbors, sources, weight, row):
    row[0] = 0.4
    sources[:, 0], sources[0] = [0, 1, 0, 1, NAN, 0.5], [0, 1, 0, 1, 0.5]
    sources[4, np.isnan(sources[4]).all() * 1] = 1.0
    imputer = plain(n_neighbors).fit(sources, sample_weight=weight)
    expected = brute_force(sources, weight, row, n_neighbors)
    assert_allclose(imputer.transform(row[np.newaxis])[0], expected, atol=1e-9)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("calibration", [None, "difference", "ratio"])
def test_an_item_of_which_only_strangers_have_a_result(weights, calibration):
    """Sources without a common item answer where nobody else can, and only there."""
    sources = np.array([[1.0, 0.0, NAN, 0.5], [NAN, NAN, 0.25, 0.9]])
    imputer = NeighborImputer(1, weights=weights, calibration=calibration).fit(sources)
    completed = imputer.transform([[1.0, 0.0, NAN, NAN]])
    assert_allclose(completed[0, 3], 0.5)
    assert 0 <= completed[0, 2] <= 1
    if calibration is None:
        assert completed[0, 2] == 0.25


@pytest.mark.parametrize(
    ("n_neighbors", "shares"), [(3, [0.5, 1, 1.5]), (1, [0, 1, 0]), (9, [1, 1, 3])]
)
def test_models_at_one_distance_are_taken_in_part_all_alike(n_neighbors, shares):
    sources = np.array([[0.7, 0.1], [0.6, 0.2], [0.3, 0.9]])  # 0.2, 0.1 and 0.2 from the target
    imputer = plain(n_neighbors).fit(sources, sample_weight=[1.0, 1.0, 3.0])
    expected = np.average([0.1, 0.2, 0.9], weights=shares)
    assert_allclose(imputer.transform([[0.5, NAN]]), [[0.5, expected]])


def error(imputer, *, strong):
    X, y = load_helm_lite(task="mmlu", return_X_y=True)
    order = np.argsort(y, kind="stable")
    errors = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        shuffled = order if strong else rng.permutation(len(y))
        sources, targets = shuffled[: len(y) // 2], shuffled[-(len(y) // 4) :]
        anchors = rng.choice(X.shape[1], 50, replace=False)
        model = ImputedScoreRegressor(imputer).fit(X[sources], y[sources], anchors=anchors)
        errors.append(np.abs(model.predict(X[targets]) - y[targets]).mean())
    return np.mean(errors)


@pytest.mark.slow
@pytest.mark.parametrize("strong", [False, True], ids=["interpolation", "extrapolation"])
def test_the_difference_beats_tailored_bench_on_real_models(strong):
    by_difference = error(NeighborImputer(), strong=strong)
    assert by_difference < 0.045
    published = NeighborImputer("auto", weights="uniform", calibration="ratio")
    assert error(published, strong=strong) > 1.1 * by_difference
    if strong:
        assert error(plain(20), strong=True) > 0.1
