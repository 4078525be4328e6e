"""AnchoredRegressor in grid searches, in several processes, and with a cache."""

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold

from sklearn_sparseeval import (
    AnchorSelector,
    DifferenceRegressor,
    RandomSelector,
    StratifiedSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval.anchored import AnchoredRegressor
from sklearn_sparseeval.datasets import load_helm_lite

RNG = np.random.default_rng(0)
X = RNG.random((20, 8))
Y = X @ RNG.random(8)


class CountingSelector(AnchorSelector):
    """Chooses given items and counts its fits."""

    n_fits = 0

    def __init__(self, n_anchors=3, *, first=5, missing_anchors="raise"):
        super().__init__(n_anchors, missing_anchors=missing_anchors)
        self.first = first

    def _choose_anchors(self, X, y, sample_weight, n_anchors):
        type(self).n_fits += 1
        return [self.first, 1, 3][:n_anchors]


@pytest.fixture(autouse=True)
def _fresh_count():
    CountingSelector.n_fits = 0


@pytest.mark.slow
def test_a_grid_fits_each_selector_once_per_fold(tmp_path):
    grid = {"regressor__alpha": [0.1, 1.0, 10.0], "selector__n_anchors": [2, 3]}

    def fits(memory):
        CountingSelector.n_fits = 0
        model = AnchoredRegressor(CountingSelector(), Ridge(), memory=memory)
        search = GridSearchCV(model, grid, cv=4, refit=False).fit(X, Y)
        return CountingSelector.n_fits, search.cv_results_["mean_test_score"]

    uncached, expected = fits(None)
    assert uncached == 3 * 2 * 4
    cached, scores = fits(str(tmp_path))
    assert cached == 2 * 4
    assert_array_equal(scores, expected)
    assert fits(joblib.Memory(str(tmp_path), verbose=0))[0] == 0


def test_the_cache_tells_data_weights_and_parameters_apart(tmp_path):
    def fit(rows, y=Y, weight=None, **params):
        model = AnchoredRegressor(CountingSelector(**params), Ridge(), memory=str(tmp_path))
        return model.fit(rows, y, sample_weight=weight)

    fit(X)
    for arguments in ((X + 1,), (X, Y + 1), (X, Y, np.arange(20) + 1.0)):
        before = CountingSelector.n_fits
        fit(*arguments)
        assert CountingSelector.n_fits == before + 1
    assert_array_equal(fit(X, first=7).anchors_, [7, 1, 3])
    assert_array_equal(fit(X).anchors_, [5, 1, 3])


@pytest.mark.slow
def test_a_grid_over_selectors_is_the_same_in_two_processes():
    gsm = load_helm_lite(task="gsm")
    grid = {
        "selector": [RandomSelector(random_state=0), StratifiedSelector(random_state=0)],
        "selector__n_anchors": [10, 40],
        "regressor": [WeightedMeanRegressor(), Ridge(), DifferenceRegressor()],
    }

    def search(n_jobs):
        model = AnchoredRegressor(RandomSelector(), Ridge())
        options = {"cv": GroupKFold(3), "scoring": "neg_mean_absolute_error", "n_jobs": n_jobs}
        return GridSearchCV(model, grid, **options).fit(gsm.data, gsm.target, groups=gsm.families)

    one, two = search(1), search(2)
    assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])
    assert one.best_params_["selector__n_anchors"] == 40
    assert_array_equal(one.predict(gsm.data), two.predict(gsm.data))


def test_anchors_are_chosen_and_predicted_from_training_rows_only():
    gsm = load_helm_lite(task="gsm", as_frame=True)
    model = AnchoredRegressor(StratifiedSelector(30, random_state=0), DifferenceRegressor())
    train = np.arange(83) % 3 > 0
    changed = gsm.data.copy()
    changed.loc[~train] = 1 - changed.loc[~train]
    one, two = (clone(model).fit(data[train], gsm.target[train]) for data in (gsm.data, changed))
    assert_array_equal(one.anchors_, two.anchors_)
    assert_array_equal(one.predict(gsm.data), two.predict(gsm.data))
