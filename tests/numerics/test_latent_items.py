import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_sparseeval.datasets import load_helm_lite, load_zeroeval_gsm
from sklearn_sparseeval.numerics import latent_items as _latent_items
from sklearn_sparseeval.numerics.latent_items import latent_item_features


def by_svd(X, weight, n_components):
    """Return the features of complete scores by the definition, up to sign."""
    mean = np.average(X, axis=0, weights=weight)
    centred = np.sqrt(weight)[:, np.newaxis] * (X - mean)
    _, singular, right = np.linalg.svd(centred, full_matrices=False)
    loadings = (right[:n_components].T * singular[:n_components]) / np.sqrt(weight.sum())
    return np.column_stack([mean, loadings])


def scores(n_models, n_items, seed=0):
    return np.random.default_rng(seed).random((n_models, n_items))


def test_two_models_by_hand():
    # Deviations from the means are (-0.1, 0.2) and its opposite: of root mean square (0.1, 0.2).
    X = np.array([[0.2, 0.8], [0.4, 0.4]])
    expected = [[0.3, -0.1], [0.6, 0.2]]
    np.testing.assert_allclose(latent_item_features(X, np.ones(2), 1), expected)


def test_weights_by_hand():
    # The mean is 0.75; deviations of -0.75 (weight 1) and 0.25 (weight 3) have variance 0.1875.
    X = np.array([[0.0], [1.0]])
    features = latent_item_features(X, np.array([1.0, 3.0]), 1)
    np.testing.assert_allclose(features, [[0.75, np.sqrt(0.1875)]])


@pytest.mark.parametrize("shape", [(12, 30), (30, 12), (9, 9)])
def test_the_features_are_those_of_a_singular_value_decomposition(shape):
    X = scores(*shape)
    weight = np.random.default_rng(1).uniform(0.2, 3, len(X))
    features = latent_item_features(X, weight, 4)
    np.testing.assert_allclose(np.abs(features), np.abs(by_svd(X, weight, 4)), atol=1e-12)


@pytest.mark.parametrize("shape", [(12, 30), (30, 12)])
def test_small_blocks_give_the_same_features(shape, monkeypatch):
    X = scores(*shape)
    whole = latent_item_features(X, np.ones(len(X)), 3)
    monkeypatch.setattr(_latent_items, "_BLOCK_CELLS", 100)
    blocks = latent_item_features(X, np.ones(len(X)), 3)
    np.testing.assert_allclose(blocks, whole, atol=1e-13)


def test_the_largest_loading_is_positive():
    features = latent_item_features(scores(20, 15), np.ones(20), 5)
    loadings = features[:, 1:]
    largest = np.abs(loadings).argmax(axis=0)
    assert (loadings[largest, np.arange(5)] > 0).all()


@pytest.mark.parametrize("n_copies", [1, 3])
def test_of_two_loadings_as_large_the_first_is_positive(n_copies):
    X = np.tile([[0.1, 0.7], [0.7, 0.1]], (n_copies, 1))
    features = latent_item_features(X, np.ones(len(X)), 1)
    np.testing.assert_allclose(features, [[0.4, 0.3], [0.4, -0.3]])


def test_rounding_does_not_decide_which_loading_is_positive():
    loadings = np.array([[-0.3], [0.3 + 1e-12], [0.1]])
    assert _latent_items._signs(loadings).tolist() == [-1]


@pytest.mark.parametrize("shape", [(12, 30), (40, 12)])
def test_the_order_of_the_models_does_not_matter_to_the_last_bit(shape):
    X = scores(*shape)
    weight = np.random.default_rng(1).uniform(0.2, 3, len(X))
    order = np.random.default_rng(2).permutation(len(X))
    np.testing.assert_array_equal(
        latent_item_features(X[order], weight[order], 3), latent_item_features(X, weight, 3)
    )


@pytest.mark.parametrize("shape", [(12, 30), (30, 12)])
def test_a_weight_of_two_is_two_rows_to_the_last_bit(shape):
    X = scores(*shape)
    weight = np.random.default_rng(1).integers(1, 4, len(X))
    repeated = np.repeat(X, weight, axis=0)
    np.testing.assert_array_equal(
        latent_item_features(X, weight.astype(float), 3),
        latent_item_features(repeated, np.ones(len(repeated)), 3),
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.bool_, np.float32])
def test_the_dtype_of_the_scores_does_not_matter(dtype):
    X, _ = load_helm_lite(task="math", return_X_y=True)
    features = latent_item_features(X.astype(dtype), np.ones(len(X), dtype=np.float32), 3)
    assert features.dtype == np.float64
    np.testing.assert_array_equal(features, latent_item_features(X, np.ones(len(X)), 3))


def test_a_missing_result_counts_as_the_mean_of_its_item():
    X = scores(15, 25)
    X[np.random.default_rng(1).random(X.shape) < 0.3] = np.nan
    weight = np.random.default_rng(2).uniform(0.5, 2, 15)
    present = ~np.isnan(X)
    mean = weight @ np.nan_to_num(X) / (weight @ present)
    expected = latent_item_features(np.where(present, X, mean), weight, 3)
    np.testing.assert_allclose(latent_item_features(X, weight, 3), expected, atol=1e-12)


def test_items_without_any_result_are_zeros_and_change_nothing():
    X = scores(10, 8)
    with_empty = np.insert(X, [0, 5], np.nan, axis=1)
    features = latent_item_features(with_empty, np.ones(10), 2)
    np.testing.assert_array_equal(features[[0, 6]], 0)
    others = np.delete(features, [0, 6], axis=0)
    np.testing.assert_allclose(others, latent_item_features(X, np.ones(10), 2), atol=1e-13)


@pytest.mark.parametrize("shape", [(6, 20), (20, 6)])
def test_columns_beyond_the_rank_are_zero(shape):
    X = 0.1 + 0.5 * np.outer(*(scores(1, n, seed=n)[0] for n in shape))
    features = latent_item_features(X, np.ones(len(X)), 9)
    assert features.shape == (shape[1], 10)
    assert features[:, 1].any()
    np.testing.assert_array_equal(features[:, 2:], 0)


@pytest.mark.parametrize("value", [0.0, 0.1, 0.3, 1.0, 77.7])
@pytest.mark.parametrize("shape", [(7, 30), (30, 7)])
def test_constant_scores_have_no_loadings(value, shape):
    X = np.full(shape, value)
    X[::2, ::3] = np.nan
    weight = np.linspace(0.1, 2, len(X))
    features = latent_item_features(X, weight, 2)
    np.testing.assert_allclose(features[:, 0], value)
    np.testing.assert_array_equal(features[:, 1:], 0)


def test_a_single_model_tells_difficulties_alone():
    X = scores(1, 9)
    np.testing.assert_allclose(
        latent_item_features(X, np.array([0.3]), 3), np.column_stack([X[0], np.zeros((9, 3))])
    )


def test_no_components_leave_the_difficulty():
    X = scores(5, 4)
    np.testing.assert_allclose(latent_item_features(X, np.ones(5), 0), X.mean(axis=0)[:, None])


def test_the_scores_are_left_as_they_are():
    X = scores(5, 8)
    X[0, 0] = np.nan
    before = X.copy()
    latent_item_features(X, np.ones(5), 2)
    np.testing.assert_array_equal(X, before)


def test_one_thread_computes_whatever_the_caller_allows(monkeypatch):
    seen = []

    def recorded(*args, **kwargs):
        seen.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
        return eigh(*args, **kwargs)

    eigh = _latent_items.eigh
    monkeypatch.setattr(_latent_items, "eigh", recorded)
    with threadpool_limits(2):
        latent_item_features(scores(5, 8), np.ones(5), 2)
    assert set(seen) == {1}


def test_real_scores_with_missing_results():
    X, _ = load_zeroeval_gsm(return_X_y=True)
    features = latent_item_features(X, np.ones(len(X)), 3)
    np.testing.assert_allclose(features[:, 0], np.nanmean(X, axis=0))
    sizes = np.linalg.norm(features[:, 1:], axis=0)
    assert (np.diff(sizes) < 0).all()
    assert sizes[-1] > 0


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(
    arrays(np.int8, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.integers(0, 3)),
    st.integers(0, 10),
)
def test_all_loadings_together_make_the_covariance_of_the_items(X, seed):
    weight = np.random.default_rng(seed).uniform(0.5, 2, len(X))
    loadings = latent_item_features(X, weight, 8)[:, 1:]
    centred = X - np.average(X, axis=0, weights=weight)
    covariance = (centred.T * weight) @ centred / weight.sum()
    np.testing.assert_allclose(loadings @ loadings.T, covariance, atol=1e-9)
