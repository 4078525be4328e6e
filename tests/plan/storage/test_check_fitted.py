"""What compiled code would read beyond its arrays is refused before it is read."""

import numpy as np
import pytest
from sklearn.ensemble import BaggingRegressor, ExtraTreesRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor

from sklearn_sparseeval import AnchoredRegressor, PredictorError, RandomSelector
from sklearn_sparseeval.plan import load_predictor, save_predictor
from sklearn_sparseeval.plan.storage import _predictor_file as file_module
from sklearn_sparseeval.plan.storage._check_fitted import check_fitted

X = np.random.default_rng(0).random((30, 4))
Y = X.mean(axis=1)
KINDS = {
    "bagging": BaggingRegressor(DecisionTreeRegressor(), n_estimators=2, max_features=0.5),
    "ball-tree": KNeighborsRegressor(3, algorithm="ball_tree"),
    "brute": KNeighborsRegressor(3, algorithm="brute"),
    "extra-trees": ExtraTreesRegressor(2, random_state=0),
    "forest": RandomForestRegressor(2, random_state=0),
    "kd-tree": KNeighborsRegressor(3, algorithm="kd_tree"),
    "ridge": Ridge(),
    "tree": DecisionTreeRegressor(random_state=0),
}
NARROW = DecisionTreeRegressor(random_state=0).fit(X[:, :3], Y)


def fitted(kind):
    return KINDS[kind].__sklearn_clone__().fit(X, Y)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_fitted_is_taken(kind):
    check_fitted(KINDS[kind])
    estimator = fitted(kind)
    for one in (estimator, *getattr(estimator, "estimators_", [])):
        check_fitted(one)


@pytest.mark.parametrize(
    ("kind", "changes", "match"),
    [
        ("tree", {"n_features_in_": 3}, "reads 4 columns, not 3"),
        ("tree", {"n_features_in_": np.array([4])}, "does not say how many columns"),
        ("tree", {"n_features_in_": None}, "does not say how many columns"),
        ("forest", {"n_features_in_": 3}, "a forest of 3 columns holds a tree of another"),
        ("forest", {"estimators_": [NARROW]}, "a forest of 4 columns holds a tree of another"),
        ("forest", {"estimators_": [Ridge().fit(X, Y)]}, "holds a tree of another"),
        ("forest", {"estimators_": (NARROW,)}, "holds no list of trees"),
        ("extra-trees", {"estimators_": [NARROW], "estimators_features_": []}, "a forest of 4"),
        ("forest", {"_validate_X_predict": np.positive}, "_validate_X_predict in the place of"),
        ("ridge", {"predict": "text"}, "a Ridge has an attribute predict in the place of"),
        ("brute", {"_fit_X": np.zeros((30, 1))}, "other points than 30 of 4 columns"),
        ("brute", {"_fit_X": X[:2]}, "other points than 30"),
        ("brute", {"_fit_X": X.tolist()}, "other points than 30"),
        ("brute", {"_fit_X": X.astype(object)}, "other points than 30"),
        ("brute", {"n_samples_fit_": 10**6}, "other points than 1000000"),
        ("brute", {"_y": Y[:2]}, "other points than 30"),
        ("brute", {"_y": None}, "other points than 30"),
        ("kd-tree", {"_fit_X": X[:, :1], "n_features_in_": 1}, "other points than 30 of 1"),
        ("ball-tree", {"_fit_X": X[:9], "_y": Y[:9], "n_samples_fit_": 9}, "other points than 9"),
    ],
)
def test_what_does_not_fit_together_is_refused(kind, changes, match):
    estimator = fitted(kind)
    vars(estimator).update(changes)
    with pytest.raises(ValueError, match=match):
        check_fitted(estimator)


@pytest.mark.parametrize(
    ("regressor", "changes"),
    [
        (KNeighborsRegressor(3, algorithm="brute"), {"_fit_X": np.zeros((20, 1))}),
        (RandomForestRegressor(2, random_state=0), {"estimators_": [NARROW, NARROW]}),
    ],
    ids=["neighbors", "forest"],
)
def test_a_crafted_file_is_refused_when_it_is_loaded(
    regressor, changes, panel, tmp_path, monkeypatch
):
    selector = RandomSelector(4, random_state=0)
    estimator = AnchoredRegressor(selector, regressor).fit(panel.data, panel.targets["overall"])
    vars(estimator.regressor_).update(changes)
    monkeypatch.setattr(file_module, "predictions_for_check", lambda *_: np.zeros((3, 1)))
    save_predictor(tmp_path / "p.skops", estimator, panel)
    with pytest.raises(PredictorError, match=r"is damaged: .* \(ValueError: (nearest|a forest)"):
        load_predictor(tmp_path / "p.skops")
