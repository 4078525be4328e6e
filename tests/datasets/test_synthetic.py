"""The synthetic score matrices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import spearmanr
from sklearn.utils import Bunch

from sklearn_sparseeval.datasets import make_score_matrix

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 15))


def test_shapes_and_types():
    scores = make_score_matrix(7, 12, n_dimensions=3, n_families=2, random_state=0)
    assert isinstance(scores, Bunch)
    assert scores.data.shape == (7, 12)
    assert scores.target.shape == scores.full_score.shape == (7,)
    assert scores.abilities.shape == (7, 3)
    assert scores.difficulties.shape == (12,)
    assert scores.discriminations.shape == (12, 3)
    assert scores.model_names.tolist()[:2] == ["model_0", "model_1"]
    assert scores.feature_names.tolist()[::11] == ["item_00", "item_11"]
    assert set(scores.families) == {"family_0", "family_1"}


def test_defaults():
    scores = make_score_matrix(random_state=0)
    assert scores.data.shape == (100, 200)
    assert scores.data.dtype == np.float64
    assert scores.abilities.shape == (100, 2)
    assert len(set(scores.families)) == 100
    assert set(np.unique(scores.data)) == {0.0, 1.0}
    np.testing.assert_allclose(scores.target, scores.data.mean(axis=1))
    np.testing.assert_array_equal(scores.target, scores.full_score)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    shape=SHAPES,
    n_dimensions=st.integers(1, 4),
    missing=st.floats(0, 0.99),
    graded=st.booleans(),
    seed=st.integers(0, 1000),
    data=st.data(),
)
def test_any_matrix_is_valid(shape, n_dimensions, missing, graded, seed, data):
    families = data.draw(st.none() | st.integers(1, shape[0]))
    scores = make_score_matrix(
        *shape,
        n_dimensions=n_dimensions,
        n_families=families,
        missing=missing,
        graded=graded,
        random_state=seed,
    )
    evaluated = ~np.isnan(scores.data)
    assert scores.data.shape == shape
    assert evaluated.any(axis=0).all()
    assert evaluated.any(axis=1).all()
    assert ((scores.data[evaluated] >= 0) & (scores.data[evaluated] <= 1)).all()
    np.testing.assert_allclose(scores.target, np.nanmean(scores.data, axis=1))
    assert np.unique(scores.families).size == (shape[0] if families is None else families)
    assert len(set(scores.model_names)) == shape[0]
    assert len(set(scores.feature_names)) == shape[1]
    assert (scores.discriminations >= 0).all()


@settings(max_examples=20, deadline=None)
@given(shape=SHAPES, graded=st.booleans(), seed=st.integers(0, 1000))
def test_scores_do_not_depend_on_missing(shape, graded, seed):
    full = make_score_matrix(*shape, graded=graded, random_state=seed)
    holed = make_score_matrix(*shape, graded=graded, missing=0.6, random_state=seed)
    evaluated = ~np.isnan(holed.data)
    np.testing.assert_array_equal(holed.data[evaluated], full.data[evaluated])
    np.testing.assert_array_equal(holed.full_score, full.target)


@pytest.mark.parametrize("options", [{}, {"graded": True}, {"missing": 0.3, "n_families": 4}])
def test_same_seed_same_matrix(options):
    first = make_score_matrix(20, 30, random_state=5, **options)
    again = make_score_matrix(20, 30, random_state=np.random.RandomState(5), **options)
    other = make_score_matrix(20, 30, random_state=6, **options)
    assert first.keys() == again.keys()
    for key in first:
        np.testing.assert_array_equal(first[key], again[key])
    assert not np.array_equal(first.data, other.data, equal_nan=True)


def test_global_random_state_is_left_alone():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    make_score_matrix(5, 6, missing=0.2, random_state=0)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


@pytest.mark.parametrize("options", [{}, {"graded": True}, {"missing": 0.9, "n_families": 3}])
def test_blocks_do_not_change_the_matrix(monkeypatch, options):
    whole = make_score_matrix(23, 17, random_state=0, **options)
    monkeypatch.setattr("sklearn_sparseeval.datasets._synthetic._BLOCK_CELLS", 40)
    blocks = make_score_matrix(23, 17, random_state=0, **options)
    np.testing.assert_array_equal(blocks.data, whole.data)
    np.testing.assert_allclose(blocks.target, whole.target)


def test_means_follow_the_model():
    scores = make_score_matrix(400, 500, n_dimensions=3, random_state=0)
    logits = scores.abilities @ scores.discriminations.T - scores.difficulties
    probability = expit(logits)
    # Standard errors: below 0.5 / sqrt(500) for a row and 0.5 / sqrt(400) for a column.
    assert np.abs(scores.target - probability.mean(axis=1)).max() < 5 * 0.5 / np.sqrt(500)
    assert np.abs(scores.data.mean(axis=0) - probability.mean(axis=0)).max() < 5 * 0.5 / 20
    surprise = (scores.data - probability) / np.sqrt(probability * (1 - probability))
    assert abs(surprise.mean()) < 0.02


def test_row_means_rank_models_by_ability_and_column_means_items_by_difficulty():
    scores = make_score_matrix(300, 400, random_state=1)
    assert spearmanr(scores.abilities.mean(axis=1), scores.target).statistic > 0.95
    assert spearmanr(scores.difficulties, scores.data.mean(axis=0)).statistic < -0.9


def test_more_items_separate_one_ability_better():
    few = make_score_matrix(300, 20, n_dimensions=1, random_state=0)
    many = make_score_matrix(300, 500, n_dimensions=1, random_state=0)
    strength = [spearmanr(s.abilities[:, 0], s.target).statistic for s in (few, many)]
    assert strength[0] < strength[1]
    assert strength[1] > 0.98


def test_abilities_are_standard_and_positively_related():
    abilities = make_score_matrix(20_000, 1, n_dimensions=3, random_state=0).abilities
    np.testing.assert_allclose(abilities.mean(axis=0), 0, atol=0.05)
    correlated = np.where(np.eye(3), 1.0, 0.5)
    np.testing.assert_allclose(np.cov(abilities.T), correlated, atol=0.05)


def test_scores_spread_like_real_benchmarks():
    spread = [make_score_matrix(random_state=seed).target.std() for seed in range(5)]
    assert 0.12 < np.mean(spread) < 0.28


@pytest.mark.parametrize("missing", [0.01, 0.3, 0.9])
def test_missing_share(missing):
    data = make_score_matrix(200, 300, missing=missing, random_state=0).data
    share = np.isnan(data).mean()
    assert abs(share - missing) < 5 * np.sqrt(missing * (1 - missing) / data.size)


def test_missing_is_completely_at_random():
    scores = make_score_matrix(300, 300, missing=0.5, random_state=0)
    share_by_model = np.isnan(scores.data).mean(axis=1)
    assert abs(np.corrcoef(share_by_model, scores.full_score)[0, 1]) < 0.2
    assert np.abs(scores.target - scores.full_score).max() < 5 * 0.5 / np.sqrt(300)


@pytest.mark.parametrize("shape", [(1, 40), (40, 1)])
def test_single_row_or_column_keeps_every_model_and_item(shape):
    assert not np.isnan(make_score_matrix(*shape, missing=0.9, random_state=0).data).any()


def test_graded_scores_are_means_of_ten_draws():
    graded = make_score_matrix(60, 80, graded=True, random_state=0)
    np.testing.assert_allclose(graded.data * 10, np.round(graded.data * 10))
    assert np.unique(graded.data).size == 11
    probability = expit(graded.abilities @ graded.discriminations.T - graded.difficulties)
    noise = np.mean((graded.data - probability) ** 2)
    np.testing.assert_allclose(noise, np.mean(probability * (1 - probability)) / 10, rtol=0.1)


def agreement(scores):
    """Mean agreement of rows within a family, and across families."""
    data, families = scores.data, scores.families
    agree = data @ data.T + (1 - data) @ (1 - data).T
    agree /= data.shape[1]
    same = families[:, None] == families
    distinct = ~np.eye(len(data), dtype=bool)
    return agree[same & distinct].mean(), agree[~same].mean()


def test_models_of_a_family_are_alike():
    within, across = agreement(make_score_matrix(120, 300, n_families=12, random_state=0))
    assert within > across + 0.05


def test_families_share_the_documented_variance():
    scores = make_score_matrix(6000, 1, n_families=2000, random_state=0)
    _, family, size = np.unique(scores.families, return_inverse=True, return_counts=True)
    ability = scores.abilities[:, 0]
    mean = np.bincount(family, ability) / size
    degrees = size.sum() - size.size
    within = np.sum((ability - mean[family]) ** 2) / degrees
    np.testing.assert_allclose(within, 0.3, atol=0.03)
    np.testing.assert_allclose(ability.var(), 1, atol=0.08)


def test_families_that_are_all_singletons():
    by_number = make_score_matrix(8, 9, n_families=8, random_state=0)
    by_default = make_score_matrix(8, 9, random_state=0)
    np.testing.assert_array_equal(by_number.data, by_default.data)
    np.testing.assert_array_equal(by_number.families, by_default.families)


@pytest.mark.parametrize("dtype", [np.float32, "float32"], ids=["type", "name"])
def test_float32(dtype):
    single = make_score_matrix(30, 40, missing=0.2, graded=True, dtype=dtype, random_state=0)
    double = make_score_matrix(30, 40, missing=0.2, graded=True, random_state=0)
    assert single.data.dtype == np.float32
    assert single.target.dtype == np.float64
    np.testing.assert_allclose(single.data, double.data, rtol=1e-6)
    np.testing.assert_allclose(single.target, double.target, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_models", 0),
        ("n_models", 2.5),
        ("n_items", 0),
        ("n_dimensions", 0),
        ("n_families", 0),
        ("n_families", "many"),
        ("missing", -0.1),
        ("missing", 1.0),
        ("missing", None),
        ("graded", "no"),
        ("random_state", "seed"),
    ],
)
def test_bad_parameters_are_named(name, value):
    with pytest.raises(ValueError, match=f"'{name}' parameter of make_score_matrix"):
        make_score_matrix(**{name: value})


def test_more_families_than_models():
    with pytest.raises(ValueError, match=r"n_families=6 .*\(n_models=5\).*Lower n_families"):
        make_score_matrix(5, 6, n_families=6)


@pytest.mark.parametrize("dtype", [np.int64, np.float16, bool])
def test_dtype_without_nan_or_precision(dtype):
    with pytest.raises(ValueError, match=r"dtype=.*use numpy\.float64 or numpy\.float32"):
        make_score_matrix(5, 6, dtype=dtype)
