"""Second moments: equal to numpy's, exact for zeros and ones, each column computed once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval.numerics import gram as _gram
from sklearn_sparseeval.numerics.gram import GramColumns

DTYPES = [np.uint8, np.int8, np.bool_, np.float32, np.float64]
KINDS = ["binary", "graded", "missing"]


def _panel(kind, dtype=np.float64, n_models=30, n_items=12, seed=0):
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.2, 0.8, n_items)
    X = (rng.random((n_models, n_items)) < share).astype(dtype)
    if kind == "binary" or dtype == np.bool_:
        return X
    integer = np.dtype(dtype).kind in "iu"
    X = (rng.integers(0, 11, X.shape) if integer else rng.random(X.shape)).astype(dtype)
    if kind == "missing" and not integer:
        X[rng.random(X.shape) < 0.3] = np.nan
        X[:, 3] = np.nan
    return X


def _weight(kind, n_models=30, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "equal": np.ones(n_models),
        "counts": rng.integers(1, 5, n_models).astype(float),
        "sum to one": rng.dirichlet(np.ones(n_models)),
        "any": 0.1 + 3 * rng.random(n_models),
    }[kind]


def _centred(X, weight):
    """Centre by the mean of those evaluated; what is missing is then zero."""
    X = X.astype(np.float64)
    missing = np.isnan(X)
    counted = weight @ ~missing
    mean = weight @ np.where(missing, 0, X) / np.where(counted > 0, counted, 1)
    return np.where(missing, 0, X - mean), mean


def _moments(X, weight):
    centred, _ = _centred(X, weight)
    return centred.T @ (weight[:, np.newaxis] * centred)


def _counted(gram, monkeypatch):
    """Record the items of every product that is computed from now on."""
    batches, products = [], gram._products

    def recorded(items):
        batches.append(items.tolist())
        return products(items)

    monkeypatch.setattr(gram, "_products", recorded)
    return batches


class TestMoments:
    @pytest.mark.parametrize("weighting", ["equal", "counts", "sum to one", "any"])
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("kind", KINDS)
    def test_all_at_once_they_equal_those_of_numpy(self, kind, dtype, weighting):
        X, weight = _panel(kind, dtype), _weight(weighting)
        gram = GramColumns(X, weight)
        expected = _moments(X, weight)
        tolerance = {"rtol": 1e-12, "atol": 1e-12 * weight.sum() * np.nanmax(X.astype(float)) ** 2}
        np.testing.assert_allclose(gram.mean, _centred(X, weight)[1], rtol=1e-12)
        np.testing.assert_allclose(gram.diagonal, np.diag(expected), **tolerance)
        np.testing.assert_allclose(gram.rows(np.arange(12)), expected, **tolerance)
        np.testing.assert_allclose(gram.column(5, np.zeros(12)), expected[5], **tolerance)
        assert gram.complete

    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("kind", KINDS)
    def test_one_by_one_they_equal_those_of_numpy(self, kind, dtype):
        n_items = _gram._ALL_AT_ONCE + 80
        X, weight = _panel(kind, dtype, n_items=n_items), _weight("counts")
        gram = GramColumns(X, weight)
        assert not gram.complete
        expected = _moments(X, weight)
        scale = 1e-12 * weight.sum() * np.nanmax(X.astype(float)) ** 2
        items = np.array([n_items - 1, 0, 700])
        np.testing.assert_allclose(gram.rows(items), expected[items], atol=scale)
        for item in (3, 700, n_items - 2):
            column = gram.column(item, np.arange(n_items, dtype=float))
            np.testing.assert_allclose(column, expected[item], atol=scale)
            assert column.dtype == np.float64
        np.testing.assert_allclose(gram.diagonal, np.diag(expected), atol=scale)

    @given(st.integers(0, 10_000), st.booleans(), st.booleans())
    @settings(max_examples=40, deadline=None)
    def test_a_weight_is_so_many_rows(self, seed, graded, missing):
        rng = np.random.default_rng(seed)
        n_models, n_items = rng.integers(1, 9), rng.integers(1, 9)
        X = rng.random((n_models, n_items)) if graded else rng.integers(0, 2, (n_models, n_items))
        X = X.astype(float)
        if missing:
            X[rng.random(X.shape) < 0.3] = np.nan
        weight = rng.integers(1, 4, n_models)
        weighted = GramColumns(X, weight.astype(float))
        repeated = GramColumns(np.repeat(X, weight, axis=0), np.ones(weight.sum()))
        items = np.arange(n_items)
        np.testing.assert_allclose(weighted.rows(items), repeated.rows(items), atol=1e-13)
        np.testing.assert_allclose(weighted.diagonal, repeated.diagonal, atol=1e-13)
        np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-13)

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_of_zeros_and_ones_are_the_same_in_any_order_to_the_last_bit(self, dtype):
        X, weight = _panel("binary", dtype, n_models=997), _weight("counts", 997)
        items = np.arange(12)
        gram = GramColumns(X, weight)
        # In units of 1 / total they are integers, which numpy sums without rounding.
        counts = X.astype(np.int64)
        total = int(weight.sum())
        sums = weight.astype(np.int64) @ counts
        products = (counts * weight.astype(np.int64)[:, np.newaxis]).T @ counts
        numerators = total * products - np.outer(sums, sums)
        np.testing.assert_allclose(gram.rows(items) * total, numerators, rtol=1e-11, atol=1e-9)
        order = np.random.default_rng(1).permutation(997)
        permuted = GramColumns(X[order], weight[order])
        np.testing.assert_array_equal(permuted.rows(items), gram.rows(items))
        np.testing.assert_array_equal(permuted.diagonal, gram.diagonal)
        np.testing.assert_array_equal(gram.rows(items), gram.rows(items).T)

    def test_counts_that_single_precision_cannot_hold_are_still_right(self):
        X = _panel("binary")
        weight = np.full(30, 2.0**24)
        weight[:7] += 1
        expected = _moments(X, weight)
        got = GramColumns(X, weight).rows(np.arange(12))
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12 * weight.sum())

    @pytest.mark.parametrize("n_models", [49, 20_000])
    @pytest.mark.parametrize("value", [0.0, 1.0, 0.1, 0.3, 7.7])
    @pytest.mark.parametrize("missing", [False, True])
    def test_of_constants_are_exactly_zero(self, n_models, value, missing):
        X = _panel("binary", n_models=n_models, n_items=6)
        X[:, 2] = value
        if missing:
            X[::3, 2] = np.nan
        gram = GramColumns(X, np.ones(n_models))
        assert gram.diagonal[2] == 0
        np.testing.assert_array_equal(gram.rows(np.arange(6))[2], np.zeros(6))
        np.testing.assert_array_equal(gram.rows(np.arange(6))[:, 2], np.zeros(6))
        assert (np.delete(gram.diagonal, 2) > 0).all()

    def test_small_differences_are_no_rounding(self):
        X = 1 + 1e-8 * _panel("binary")
        expected = 1e-16 * _moments(_panel("binary"), np.ones(30))
        got = GramColumns(X, np.ones(30)).rows(np.arange(12))
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-21)

    def test_an_item_without_results_has_none(self):
        X = _panel("missing")
        gram = GramColumns(X, np.ones(30))
        assert gram.mean[3] == 0
        np.testing.assert_array_equal(gram.rows(np.array([3])), np.zeros((1, 12)))

    def test_missing_results_shrink_those_of_the_models_that_have_both(self):
        """Two thirds of the models miss an item: a third of its products is left."""
        rng = np.random.default_rng(0)
        once = rng.random((10, 2))
        X = np.tile(once, (3, 1))
        X[10:, 0] = np.nan
        full = GramColumns(np.tile(once, (3, 1)), np.ones(30)).rows(np.arange(2))
        part = GramColumns(X, np.ones(30)).rows(np.arange(2))
        np.testing.assert_allclose(part[0], full[0] / 3)
        np.testing.assert_allclose(part[1, 1], full[1, 1])

    def test_large_panels_of_single_precision_stay_in_it(self, monkeypatch):
        X = _panel("missing", np.float32, n_models=200, n_items=40)
        weight = _weight("any", 200)
        small = GramColumns(X, weight)
        monkeypatch.setattr(_gram, "_LARGE", X.size - 1)
        large = GramColumns(X, weight)
        assert small._scores.dtype == np.float64
        assert large._scores.dtype == np.float32
        assert GramColumns(X.astype(np.float64), weight)._scores.dtype == np.float64
        expected = _moments(X, weight)
        np.testing.assert_allclose(large.rows(np.arange(40)), expected, atol=1e-5 * weight.sum())
        np.testing.assert_allclose(large.diagonal, np.diag(expected), rtol=1e-12)
        assert large.rows(np.arange(40)).dtype == np.float64
        y = np.random.default_rng(1).random((200, 1))
        np.testing.assert_allclose(
            large.products_with(y)[0], small.products_with(y)[0], atol=1e-6 * weight.sum()
        )

    def test_scores_are_not_changed(self):
        X = _panel("missing")
        before = X.copy()
        gram = GramColumns(X, _weight("any"))
        gram.products_with(np.ones((30, 1)))
        gram.leading_components(2)
        np.testing.assert_array_equal(X, before)


class TestColumns:
    n_items = _gram._ALL_AT_ONCE + 200

    def _gram(self, monkeypatch):
        gram = GramColumns(_panel("binary", n_items=self.n_items), np.ones(30))
        return gram, _counted(gram, monkeypatch)

    def test_nothing_is_computed_before_it_is_asked_for(self, monkeypatch):
        assert GramColumns(_panel("binary", n_items=self.n_items), np.ones(30))._columns == {}

    def test_a_column_comes_with_those_of_the_highest_priority(self, monkeypatch):
        gram, batches = self._gram(monkeypatch)
        priority = np.random.default_rng(0).permutation(self.n_items).astype(float)
        item = int(np.argmin(priority))
        gram.column(item, priority)
        likely = np.argsort(-priority)[: _gram._TOGETHER]
        assert len(batches) == 1
        assert batches[0][0] == item
        assert len(batches[0]) == _gram._TOGETHER
        assert set(batches[0][1:]) < set(likely.tolist())
        for other in batches[0]:
            gram.column(other, priority)
        assert len(batches) == 1

    def test_each_is_computed_once(self, monkeypatch):
        gram, batches = self._gram(monkeypatch)
        rng = np.random.default_rng(1)
        for _ in range(30):
            n_batches = len(batches)
            gram.column(int(rng.integers(self.n_items)), rng.random(self.n_items))
            assert len(batches) <= n_batches + 1
            assert len(batches[-1]) <= _gram._TOGETHER
            gram.rows(rng.choice(self.n_items, 5, replace=False))
        computed = [item for batch in batches for item in batch]
        assert len(computed) == len(set(computed)) > 100

    def test_rows_are_computed_without_any_others(self, monkeypatch):
        gram, batches = self._gram(monkeypatch)
        gram.rows(np.array([5, 900, 17]))
        gram.rows(np.array([17, 6, 900]))
        assert batches == [[5, 900, 17], [6]]

    def test_rows_come_in_the_order_asked_for(self, monkeypatch):
        gram, _ = self._gram(monkeypatch)
        items = np.array([900, 3, 41])
        np.testing.assert_array_equal(gram.rows(items), gram.rows(items[::-1])[::-1])

    def test_all_at_once_nothing_is_computed_later(self, monkeypatch):
        gram = GramColumns(_panel("binary"), np.ones(30))
        batches = _counted(gram, monkeypatch)
        gram.rows(np.arange(12))
        gram.column(3, np.zeros(12))
        assert batches == []


class TestProductsWithTargets:
    @pytest.mark.slow
    @pytest.mark.parametrize("weighting", ["equal", "counts", "sum to one", "any"])
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("n_items", [12, 1100])
    def test_equal_those_of_numpy(self, kind, dtype, weighting, n_items):
        X, weight = _panel(kind, dtype, n_items=n_items), _weight(weighting)
        y = np.random.default_rng(2).normal(size=(30, 3))
        products, squares = GramColumns(X, weight).products_with(y)
        centred, target = _centred(X, weight)[0], _centred(y, weight)[0]
        expected = (weight[:, np.newaxis] * target).T @ centred
        scale = 1e-12 * weight.sum() * np.nanmax(X.astype(float))
        np.testing.assert_allclose(products, expected, atol=scale)
        np.testing.assert_allclose(squares, weight @ target**2, rtol=1e-12)

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_constant_target_has_none_to_the_last_bit(self, kind):
        constants = [0.1, 0.3, 1 / 3, 0.7, 5.3]
        y = np.column_stack([*np.repeat([constants], 30, axis=0).T, np.arange(30.0)])
        products, squares = GramColumns(_panel(kind), _weight("any")).products_with(y)
        np.testing.assert_array_equal(squares[:5], np.zeros(5))
        np.testing.assert_array_equal(products[:5], np.zeros((5, 12)))
        assert squares[5] > 0

    def test_single_precision_targets_are_summed_in_double(self):
        y = np.random.default_rng(2).random((30, 1)).astype(np.float32)
        X = _panel("binary")
        got = GramColumns(X, np.ones(30)).products_with(y)
        expected = GramColumns(X, np.ones(30)).products_with(y.astype(np.float64))
        np.testing.assert_array_equal(got[0], expected[0])
        np.testing.assert_array_equal(got[1], expected[1])


class TestLeadingComponents:
    @pytest.mark.parametrize("weighting", ["equal", "counts", "any"])
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("n_items", [12, 1100])
    def test_equal_those_of_a_singular_value_decomposition(self, kind, weighting, n_items):
        X, weight = _panel(kind, n_items=n_items), _weight(weighting)
        root = np.sqrt(weight)[:, np.newaxis]
        left, singular, _ = np.linalg.svd(root * _centred(X, weight)[0], full_matrices=False)
        expected = (left * singular / root)[:, :4]
        got = GramColumns(X, weight).leading_components(4)
        assert got.shape == (30, 4)
        for component in expected.T:
            errors = [
                min(abs(sign * component - other).max() for sign in (1, -1)) for other in got.T
            ]
            assert min(errors) < 1e-8 * singular[0]

    def test_their_sums_of_squares_are_the_eigenvalues(self):
        X, weight = _panel("graded"), _weight("any")
        components = GramColumns(X, weight).leading_components(12)
        between = components.T @ (weight[:, np.newaxis] * components)
        expected = np.diag(np.linalg.eigvalsh(_moments(X, weight)))
        np.testing.assert_allclose(between, expected, atol=1e-10)

    @pytest.mark.parametrize(("n_models", "n_items"), [(3, 12), (30, 2), (1, 5)])
    def test_there_are_no_more_than_models_and_items(self, n_models, n_items):
        X = _panel("graded", n_models=n_models, n_items=n_items)
        components = GramColumns(X, np.ones(n_models)).leading_components(5)
        assert components.shape == (n_models, min(n_models, n_items))
        assert np.isfinite(components).all()
