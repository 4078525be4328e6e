"""ItemResponseModel: what it recovers, what it must not depend on, and that nothing diverges."""

import pickle

import numpy as np
import pandas as pd
import pytest
from girth import ability_map, twopl_mml
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import orthogonal_procrustes
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sklearn_sparseeval import ItemResponseModel
from sklearn_sparseeval.datasets import load_helm_lite, load_zeroeval_gsm, make_score_matrix

NAN = np.nan


def simulated(n_models, n_items, n_dimensions, seed=0):
    """Return results and true discriminations and difficulties, on independent abilities."""
    rng = np.random.default_rng(seed)
    discriminations = rng.normal(size=(n_items, n_dimensions))
    difficulties = rng.normal(size=n_items)
    abilities = rng.normal(size=(n_models, n_dimensions))
    right = expit(abilities @ discriminations.T - difficulties)
    return (rng.random(right.shape) < right).astype(float), discriminations, difficulties


def correlation(a, b):
    return np.corrcoef(np.ravel(a), np.ravel(b))[0, 1]


X = make_score_matrix(60, 40, random_state=0).data


# ---- recovery ----


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_simulated_items_are_recovered(missing):
    scores, discriminations, difficulties = simulated(500, 300, 2)
    scores[np.random.default_rng(1).random(scores.shape) < missing] = NAN
    model = ItemResponseModel(n_dimensions=2).fit(scores)
    rotation, _ = orthogonal_procrustes(model.discriminations_, discriminations)
    found = model.discriminations_ @ rotation
    assert correlation(model.difficulties_, difficulties) > 0.975
    for dimension in range(2):
        assert correlation(found[:, dimension], discriminations[:, dimension]) > 0.975
    assert_allclose(np.std(found), np.std(discriminations), rtol=0.1)


@pytest.mark.slow
def test_girth_finds_the_same_items():
    """Marginal maximum likelihood (Bock and Aitkin's EM) with the same normal ability."""
    rng = np.random.default_rng(0)
    discriminations, difficulties = np.exp(rng.normal(0, 0.4, 50)), rng.normal(size=50)
    right = expit(np.outer(rng.normal(size=300), discriminations) - difficulties)
    scores = (rng.random(right.shape) < right).astype(int)
    theirs = twopl_mml(scores.T, options={"quadrature_n": 21})
    ours = ItemResponseModel(n_dimensions=1).fit(scores)
    their_discriminations = theirs["Discrimination"]  # girth: a * (theta - b)
    assert correlation(ours.discriminations_, their_discriminations) > 0.97
    their_difficulties = their_discriminations * theirs["Difficulty"]
    assert correlation(ours.difficulties_, their_difficulties) > 0.995
    assert np.abs(ours.difficulties_ - their_difficulties).mean() < 0.08

    def error(found, truth):
        return np.sqrt(np.mean((np.ravel(found) - truth) ** 2))

    assert error(ours.discriminations_, discriminations) < 1.2 * error(
        their_discriminations, discriminations
    )
    assert error(ours.difficulties_, difficulties) < 1.1 * error(their_difficulties, difficulties)


def test_abilities_of_new_models_are_recovered():
    matrix = make_score_matrix(300, 200, n_dimensions=1, random_state=0)
    model = ItemResponseModel(n_dimensions=1).fit(matrix.data[:200])
    assert correlation(model.transform(matrix.data[200:]), matrix.abilities[200:]) > 0.97


def test_graded_scores_tell_more_than_their_thresholds():
    """The released code turns scores into 0 and 1, which throws most of them away."""
    matrix = make_score_matrix(60, 150, n_dimensions=1, graded=True, random_state=0)

    def recovered(scores):
        model = ItemResponseModel(n_dimensions=1).fit(scores)
        return correlation(model.discriminations_, matrix.discriminations)

    mean = matrix.data.mean()
    thresholds = np.linspace(0.05, 0.95, 10)
    gaps = [abs((matrix.data > threshold).mean() - mean) for threshold in thresholds]
    binary = (matrix.data > thresholds[np.argmin(gaps)]).astype(float)
    assert recovered(matrix.data) > recovered(binary) + 0.05


@pytest.mark.slow
def test_held_out_results_of_real_models_are_predicted():
    scores = load_helm_lite(task="mmlu").data[:, ::3]
    held_out = np.random.default_rng(0).random(scores.shape) < 0.2
    partial = np.where(held_out, NAN, scores)
    model = ItemResponseModel().fit(partial)
    expected = model.inverse_transform(model.transform(partial))

    def loss(probability):
        return -np.log(np.where(scores == 1, probability, 1 - probability))[held_out].mean()

    share = (np.nansum(partial, axis=0) + 1) / ((~held_out).sum(axis=0) + 2)
    assert loss(expected) < 0.85 * loss(np.broadcast_to(share, scores.shape))


# ---- traps of the released code ----


@pytest.mark.parametrize("n_dimensions", [1, 3])
def test_the_difficulty_is_subtracted_once(n_dimensions):
    """The fork of py-irt subtracts it in every dimension."""
    model = ItemResponseModel(n_dimensions=n_dimensions).fit(X)
    abilities = np.random.default_rng(0).normal(size=(4, n_dimensions))
    expected = [
        [
            1 / (1 + np.exp(b - sum(a[d] * ability[d] for d in range(n_dimensions))))
            for a, b in zip(model.discriminations_, model.difficulties_, strict=True)
        ]
        for ability in abilities
    ]
    assert_allclose(model.inverse_transform(abilities), expected)
    # An average model solves as many items as the average model.
    average = model.inverse_transform(np.zeros((1, n_dimensions))).mean()
    assert abs(average - X.mean()) < 0.05


@pytest.mark.parametrize("n_anchors", [1, 10, 40])
def test_models_with_every_anchor_right_or_wrong_have_finite_abilities(n_anchors):
    model = ItemResponseModel(n_dimensions=3).fit(X)
    rows = np.full((2, 40), NAN)
    rows[0, :n_anchors], rows[1, :n_anchors] = 1, 0
    abilities = model.transform(rows)
    assert np.abs(abilities).max() < 6
    scores = model.inverse_transform(abilities)
    assert ((scores > 0) & (scores < 1)).all()
    assert scores[0].mean() > scores[1].mean()


@pytest.mark.slow
@pytest.mark.parametrize("n_models", [1, 2, 4, 12])
def test_parameters_stay_moderate_with_a_handful_of_models(n_models):
    """Maximum likelihood gives discriminations of 68 with 4 models and 78 with 12 (ATLAS, mirt)."""
    scores = load_helm_lite(task="gsm").data[5 : 5 + n_models]
    model = ItemResponseModel(n_dimensions=2).fit(scores)
    assert np.abs(model.discriminations_).max() < 4
    assert np.abs(model.difficulties_).max() < 8


def test_nothing_overflows():
    model = ItemResponseModel(n_dimensions=2).fit(X)
    for ability in (1e4, 1e150):
        scores = model.inverse_transform(np.array([[ability, ability], [-ability, -ability]]))
        assert np.isin(scores.round(12), [0, 1]).mean() > 0.8
        assert np.isfinite(model.item_information(np.array([[ability, 0]]))).all()


@pytest.mark.slow
@given(
    scores=hnp.arrays(
        float, (6, 5), elements=st.one_of(st.sampled_from([0.0, 1.0, NAN]), st.floats(0, 1))
    )
)
@settings(max_examples=20, deadline=None)
def test_whatever_the_matrix_all_is_finite(scores):
    if np.isnan(scores).all():
        scores[0, 0] = 1.0
    model = ItemResponseModel(n_dimensions=2).fit(scores)
    abilities = model.transform(scores)
    for values in (model.discriminations_, model.difficulties_, abilities):
        assert np.isfinite(values).all()
    expected = model.inverse_transform(abilities)
    assert ((expected >= 0) & (expected <= 1)).all()


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_constant_scores_are_expected(value):
    model = ItemResponseModel().fit(np.full((12, 10), value))
    expected = model.inverse_transform(model.transform(np.full((1, 10), value)))
    assert_allclose(expected, value, atol=0.06)


def test_constant_items_among_others_are_hard_or_easy():
    scores = X.copy()
    scores[:, 0], scores[:, 1] = 0, 1
    model = ItemResponseModel(n_dimensions=1).fit(scores)
    others = np.delete(model.difficulties_, [0, 1])
    assert model.difficulties_[0] > np.quantile(others, 0.9)
    assert model.difficulties_[1] < np.quantile(others, 0.1)


# ---- what the fit means ----


def test_axes_are_standardised():
    scores, _, _ = simulated(400, 200, 3)
    model = ItemResponseModel(n_dimensions=3).fit(scores)
    products = model.discriminations_.T @ model.discriminations_
    assert_allclose(products, np.diag(np.diag(products)), atol=1e-8 * products[0, 0])
    assert (np.diff(np.diag(products)) < 0).all()
    assert (model.discriminations_.sum(axis=0) > 0).all()
    abilities = model.transform(scores)
    assert_allclose(abilities.mean(axis=0), 0, atol=0.05)
    assert_allclose(np.cov(abilities.T), np.eye(3), atol=0.12)


def test_an_item_without_results_is_an_average_item():
    gaps = np.column_stack([X, np.full(60, NAN)])
    model = ItemResponseModel(n_dimensions=1, tol=1e-8).fit(gaps)
    # The mean counts one more item, of parameters 0 (less the shift to mean ability 0).
    assert_allclose(model.discriminations_[40], model.discriminations_[:40].mean(), rtol=0.06)
    assert_allclose(model.difficulties_[40], model.difficulties_[:40].mean(), atol=0.06)


@pytest.mark.slow
def test_the_number_of_abilities_is_chosen_where_it_is_left_open():
    scores, _, _ = simulated(250, 120, 2)
    model = ItemResponseModel().fit(scores)
    assert (model.n_dimensions_, list(model.held_out_losses_)) == (2, [1, 2, 3])
    assert model.transform(scores).shape == (250, 2)
    fixed = ItemResponseModel(n_dimensions=2).fit(scores)
    assert_array_equal(fixed.discriminations_, model.discriminations_)
    assert not hasattr(fixed, "held_out_losses_")
    assert not hasattr(model.set_params(n_dimensions=1).fit(scores), "held_out_losses_")


@pytest.mark.slow
@pytest.mark.parametrize("n_dimensions", [2, "auto"])
def test_the_order_of_the_models_does_not_matter(n_dimensions):
    scores = load_zeroeval_gsm().data[:, ::10]
    order = np.random.default_rng(0).permutation(len(scores))
    first, second = (
        ItemResponseModel(n_dimensions=n_dimensions).fit(rows) for rows in (scores, scores[order])
    )
    assert_array_equal(first.discriminations_, second.discriminations_)
    assert_array_equal(first.difficulties_, second.difficulties_)


@pytest.mark.slow
@pytest.mark.parametrize("n_dimensions", [2, "auto"])
def test_a_weight_of_two_is_two_models_and_zero_is_none(n_dimensions):
    weight = np.arange(60) % 3
    weighted = ItemResponseModel(n_dimensions=n_dimensions).fit(X, sample_weight=weight)
    repeated = ItemResponseModel(n_dimensions=n_dimensions).fit(np.repeat(X, weight, axis=0))
    assert_array_equal(weighted.discriminations_, repeated.discriminations_)
    assert weighted.lower_bound_ == repeated.lower_bound_
    unweighted = ItemResponseModel(n_dimensions=n_dimensions).fit(X[weight > 0])
    assert correlation(unweighted.difficulties_, weighted.difficulties_) < 1 - 1e-6


def test_small_weights_are_shares_of_the_models():
    model = ItemResponseModel(n_dimensions=1).fit(X)
    shares = ItemResponseModel(n_dimensions=1).fit(X, sample_weight=np.full(60, 1 / 60))
    assert_allclose(shares.discriminations_, model.discriminations_)


def test_models_without_results_are_left_out():
    gaps = np.vstack([X, np.full((3, 40), NAN)])
    model, without = (ItemResponseModel(n_dimensions=1).fit(rows) for rows in (gaps, X))
    assert_array_equal(model.discriminations_, without.discriminations_)


@pytest.mark.parametrize(
    ("low", "high", "given_range"),
    [(0, 100, (0, 100)), (-1, 1, (-1, 1)), (1, 5, [1, 5]), (0, 100, None), (-3, 2, None)],
)
def test_other_units_give_the_same_items(low, high, given_range):
    model = ItemResponseModel(n_dimensions=1).fit(X)
    scaled = low + (high - low) * X
    other = ItemResponseModel(n_dimensions=1, score_range=given_range).fit(scaled)
    assert other.score_range_ == (low, high)
    assert_allclose(other.discriminations_, model.discriminations_)
    abilities = other.transform(scaled)
    assert_allclose(abilities, model.transform(X))
    expected = low + (high - low) * model.inverse_transform(abilities)
    assert_allclose(other.inverse_transform(abilities), expected)


def test_the_range_of_scores_decides_what_they_are_worth():
    half = ItemResponseModel(n_dimensions=1, score_range=(0, 2)).fit(X)
    assert half.inverse_transform(np.full((1, 1), 8.0)).max() < 2
    assert (half.difficulties_ > 0).all()  # no item has a mean of more than half the range


def test_scores_beyond_a_range_read_off_the_sources_count_as_its_end():
    scores = 10 + 80 * make_score_matrix(30, 20, graded=True, random_state=0).data
    model = ItemResponseModel(n_dimensions=1).fit(scores)
    low, high = model.score_range_
    beyond = np.where(np.arange(20) % 2, low - 5, high + 5)[np.newaxis]
    assert_array_equal(model.transform(beyond), model.transform(np.clip(beyond, low, high)))


def test_each_model_is_estimated_on_its_own():
    model = ItemResponseModel(n_dimensions=2).fit(X[:40])
    together = model.transform(X[40:])
    alone = np.vstack([model.transform(row[np.newaxis]) for row in X[40:]])
    assert_allclose(together, alone, rtol=1e-9)


@pytest.mark.parametrize("n_dimensions", [1, 2])
def test_information_is_the_curvature_of_the_likelihood(n_dimensions):
    model = ItemResponseModel(n_dimensions=n_dimensions).fit(X)
    abilities = np.random.default_rng(0).normal(size=(3, n_dimensions))
    length = np.linalg.norm(model.discriminations_, axis=1)
    direction, step = model.discriminations_ / length[:, np.newaxis], 1e-4

    def log_likelihood(item, ability, right):
        probability = model.inverse_transform(ability[np.newaxis])[0, item]
        return np.log(probability if right else 1 - probability)

    for row, ability in zip(model.item_information(abilities), abilities, strict=True):
        for item in range(0, 40, 7):
            probability = model.inverse_transform(ability[np.newaxis])[0, item]
            curvature = 0.0
            for right, share in ((True, probability), (False, 1 - probability)):
                values = [
                    log_likelihood(item, ability + s * step * direction[item], right)
                    for s in (-1, 0, 1)
                ]
                curvature -= share * (values[0] - 2 * values[1] + values[2]) / step**2
            assert_allclose(row[item], curvature, rtol=1e-3)


def test_an_item_tells_most_where_it_is_as_likely_right_as_wrong():
    model = ItemResponseModel(n_dimensions=1).fit(X)
    abilities = np.linspace(-8, 8, 3201)[:, np.newaxis]
    peak = abilities[model.item_information(abilities).argmax(axis=0), 0]
    middle = model.difficulties_ / model.discriminations_[:, 0]
    inside = np.abs(middle) < 8
    assert inside.sum() > 30
    assert_allclose(peak[inside], middle[inside], atol=0.005)


# ---- the estimator ----


def test_too_few_sweeps_are_warned_of():
    with pytest.warns(ConvergenceWarning, match=r"max_iter=3 sweeps. Raise max_iter, or tol=1e-05"):
        model = ItemResponseModel(n_dimensions=1, max_iter=3).fit(X)
    assert model.n_iter_ == 3


def test_data_frames_keep_the_models_names():
    frame = pd.DataFrame(X, index=[f"model-{i}" for i in range(60)]).add_prefix("item-")
    model = ItemResponseModel(n_dimensions=2).set_output(transform="pandas").fit(frame)
    abilities = model.transform(frame)
    assert list(abilities.columns) == ["itemresponsemodel0", "itemresponsemodel1"]
    assert list(abilities.index) == list(frame.index)
    assert_allclose(model.inverse_transform(abilities), model.inverse_transform(abilities.values))


def test_clones_and_pickles_are_alike():
    model = ItemResponseModel().fit(X)
    for twin in (pickle.loads(pickle.dumps(model)), clone(model).fit(X)):
        assert_array_equal(twin.transform(X), model.transform(X))


@pytest.mark.parametrize(
    ("params", "scores", "message"),
    [
        ({}, np.full((2, 3), NAN), "no result to learn from"),
        ({"score_range": (0, 1)}, [[0, 2], [1, 0]], r"from 0 to 2, 1 of them outside .*\(0, 1\)"),
        ({"score_range": (1, 0)}, X, r"score_range=\(1, 0\) must be two numbers"),
        ({"score_range": (0, 1, 2)}, X, "must be two numbers"),
        ({"n_dimensions": 0}, X, "'n_dimensions' parameter"),
        ({"n_dimensions": "many"}, X, "'n_dimensions' parameter"),
    ],
)
def test_wrong_input_is_refused_with_its_value(params, scores, message):
    with pytest.raises(ValueError, match=message):
        ItemResponseModel(**params).fit(scores)


def test_all_weights_zero_are_refused():
    with pytest.raises(ValueError, match=r"(?i)(sample.weight|no result).*(zero|0)"):
        ItemResponseModel().fit(X, sample_weight=np.zeros(60))


def test_targets_in_other_units_than_the_sources_are_refused():
    model = ItemResponseModel(n_dimensions=1).fit(X)
    with pytest.raises(ValueError, match=r"from 0 to 100, .*units of the source models"):
        model.transform(100 * X)


def test_abilities_of_another_number_are_refused():
    model = ItemResponseModel(n_dimensions=2).fit(X)
    for method in (model.inverse_transform, model.item_information):
        with pytest.raises(ValueError, match="X has 3 columns, but the model has 2 abilities"):
            method(np.zeros((1, 3)))


# ---- abilities, against general optimisers and girth ----


def items_and_results(n_models=20, n_items=30, n_dimensions=2, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    discriminations = scale * rng.normal(size=(n_items, n_dimensions))
    difficulties = rng.normal(size=n_items)
    abilities = rng.normal(size=(n_models, n_dimensions))
    right = expit(abilities @ discriminations.T - difficulties)
    X = (rng.random(right.shape) < right).astype(float)
    X[rng.random(X.shape) < 0.2] = np.nan
    return X, discriminations, difficulties


def abilities_of(rows, discriminations, difficulties):
    """Estimate with items that are known."""
    n_items, n_dimensions = discriminations.shape
    model = ItemResponseModel(n_dimensions=n_dimensions, score_range=(0, 1), max_iter=2, tol=1e9)
    model.fit(np.eye(2, n_items))
    model.discriminations_, model.difficulties_ = discriminations, difficulties
    return model.transform(rows)


def by_general_optimiser(row, discriminations, difficulties):
    """Maximise likelihood times prior for one model, term by term."""
    known = ~np.isnan(row)

    def loss(ability):
        total = ability @ ability / 2
        for result, a, b in zip(
            row[known], discriminations[known], difficulties[known], strict=True
        ):
            logit = ability @ a - b
            total -= result * -np.logaddexp(0, -logit) + (1 - result) * -np.logaddexp(0, logit)
        return total

    start = np.zeros(discriminations.shape[1])
    return minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-12}).x


@pytest.mark.parametrize("n_dimensions", [1, 2, 3])
def test_a_general_optimiser_finds_the_same(n_dimensions):
    X, a, b = items_and_results(6, 15, n_dimensions)
    expected = [by_general_optimiser(row, a, b) for row in X]
    assert_allclose(abilities_of(X, a, b), expected, atol=1e-5)


def test_girth_finds_the_same_with_one_ability():
    X, a, b = items_and_results(40, 25, 1)
    X, a = np.nan_to_num(X), np.abs(a)
    expected = ability_map(X.T.astype(int), b / a[:, 0], a[:, 0])  # girth: a * (theta - b)
    assert_allclose(abilities_of(X, a, b)[:, 0], expected, atol=1e-4)


@pytest.mark.parametrize("n_dimensions", [1, 5, 10])
@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0, 1e4])
def test_all_right_and_all_wrong_stay_finite(n_dimensions, scale):
    """The maximum-likelihood ability of the released code is infinite here."""
    _, a, b = items_and_results(1, 100, n_dimensions, scale=scale)
    a = np.abs(a)
    abilities = abilities_of(np.array([[1.0] * 100, [0.0] * 100]), a, b)
    assert np.isfinite(abilities).all()
    assert (abilities[0] > abilities[1]).all()
    assert np.abs(abilities).max() < 10


def test_without_a_prior_the_same_results_diverge():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0.5, 2, 50), rng.normal(size=50)

    def unpenalised(ability):
        return np.logaddexp(0, -(ability[0] * a - b)).sum()

    likeliest = minimize(unpenalised, [0.0], method="BFGS").x[0]
    ours = abilities_of(np.ones((1, 50)), a[:, np.newaxis], b)[0, 0]
    assert likeliest > 10 > 4 > ours > 1


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.01, 1.0, 20.0]))
@settings(max_examples=40, deadline=None)
def test_the_slope_vanishes_whatever_the_results(seed, scale):
    X, a, b = items_and_results(5, 12, 2, seed=seed, scale=scale)
    X[0] = np.random.default_rng(seed).random(12)  # graded
    abilities = abilities_of(X, a, b)
    residual = np.nan_to_num(X - expit(abilities @ a.T - b))
    assert_allclose(residual @ a - abilities, 0, atol=1e-7 * (1 + scale))


def test_a_step_too_long_is_halved():
    """From 0 the likelihood of a hard, sharp item is flat: Newton's first step overshoots."""
    a, b = np.full((1, 1), 40.0), np.array([10.0])
    expected = by_general_optimiser(np.array([1.0]), a, b)
    assert_allclose(abilities_of(np.ones((1, 1)), a, b)[0], expected, atol=1e-6)


def test_a_model_without_results_is_average_and_changes_nothing():
    X, a, b = items_and_results()
    alone = abilities_of(X, a, b)
    with_empty = abilities_of(np.vstack([np.full((1, 30), np.nan), X]), a, b)
    assert_array_equal(with_empty[0], [0, 0])
    assert_allclose(with_empty[1:], alone, rtol=1e-12)


def test_the_other_models_do_not_matter():
    X, a, b = items_and_results(30, 40)
    together = abilities_of(X, a, b)
    for row, expected in zip(X, together, strict=True):
        assert_allclose(abilities_of(row[np.newaxis], a, b)[0], expected, rtol=1e-10)


def test_blocks_of_models_give_the_same(monkeypatch):
    X, a, b = items_and_results(30, 40)
    expected = abilities_of(X, a, b)
    monkeypatch.setattr("sklearn_sparseeval.numerics.latent_items._BLOCK_CELLS", 3 * 40)
    assert_allclose(abilities_of(X, a, b), expected, rtol=1e-10)


# ---- how many abilities ----


def standardly_hard(n_dimensions, n_models=250, n_items=120, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n_models, n_dimensions)) @ rng.normal(size=(n_dimensions, n_items))
    right = expit(1.5 * logits + rng.normal(size=n_items))
    return (rng.random(right.shape) < right).astype(float)


@pytest.mark.parametrize("n_dimensions", [1, 2, 3])
def test_as_many_as_there_are(n_dimensions):
    model = ItemResponseModel(max_iter=300).fit(standardly_hard(n_dimensions))
    assert model.n_dimensions_ == n_dimensions
    assert list(model.held_out_losses_) == [1, 2, 3, 5][: n_dimensions + 1]
    gains = -np.diff(list(model.held_out_losses_.values()))
    assert (gains[:-1] > 0.01).all()
    assert gains[-1] < 0.002


def test_candidates_run_out(monkeypatch):
    monkeypatch.setattr("sklearn_sparseeval.item_response._model._CANDIDATES", (1, 2))
    model = ItemResponseModel(max_iter=300).fit(standardly_hard(3))
    assert model.n_dimensions_ == 2
    assert list(model.held_out_losses_) == [1, 2]


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 1), (2, 1)])
def test_with_too_little_to_hold_out_there_is_one(shape):
    model = ItemResponseModel().fit(np.ones(shape))
    assert (model.n_dimensions_, model.held_out_losses_) == (1, {})
