import numpy as np
import pytest
from scipy.stats import chisquare

from sklearn_sparseeval import RandomSelector
from sklearn_sparseeval.datasets import load_helm_lite
from sklearn_sparseeval.estimator_checks import check_anchor_selector


def fitted(X, n_anchors=4, **params):
    return RandomSelector(n_anchors, **{"random_state": 0, **params}).fit(X)


def test_the_contract_of_selectors():
    check_anchor_selector(RandomSelector())


def test_fewer_anchors_are_a_prefix():
    X = np.zeros((2, 30))
    most = fitted(X, 30).anchors_
    assert sorted(most) == list(range(30))
    for n_anchors in range(1, 30):
        np.testing.assert_array_equal(fitted(X, n_anchors).anchors_, most[:n_anchors])


def test_the_scores_do_not_matter():
    rng = np.random.default_rng(0)
    expected = fitted(np.zeros((2, 20))).anchors_
    for n_models in (1, 5, 40):
        X = rng.random((n_models, 20))
        weight = rng.random(n_models)
        got = RandomSelector(4, random_state=0).fit(X, rng.random(n_models), sample_weight=weight)
        np.testing.assert_array_equal(got.anchors_, expected)


def test_items_without_results_are_not_chosen():
    X = np.zeros((3, 9))
    X[:, [1, 4, 8]] = np.nan
    X[0, 2] = np.nan  # others have a result
    assert set(fitted(X, 6).anchors_) == {0, 2, 3, 5, 6, 7}


def test_weights_are_equal_and_sum_to_one():
    np.testing.assert_array_equal(fitted(np.zeros((2, 20)), 5).anchor_weights_, np.full(5, 0.2))


@pytest.mark.slow
def test_every_pair_of_items_is_drawn_as_often():
    rng = np.random.RandomState(0)
    selector = RandomSelector(2, random_state=rng)
    X = np.zeros((1, 5))
    pairs = [tuple(sorted(selector.fit(X).anchors_.tolist())) for _ in range(2000)]
    _, counts = np.unique(pairs, axis=0, return_counts=True)
    assert len(counts) == 10
    assert chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.bool_, np.float32])
def test_small_dtypes_give_the_same_anchors_and_keep_theirs(dtype):
    X, _ = load_helm_lite(task="math", return_X_y=True)
    selector = fitted(X.astype(dtype), 20)
    np.testing.assert_array_equal(selector.anchors_, fitted(X, 20).anchors_)
    assert selector.transform(X.astype(dtype)).dtype == dtype


def test_seeds_differ():
    X = np.zeros((2, 1000))
    assert set(fitted(X, 10).anchors_) != set(fitted(X, 10, random_state=1).anchors_)
