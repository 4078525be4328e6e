"""What compiled code would read beyond its arrays is refused before it is read."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from sklearn_sparseeval import AnchoredRegressor, PredictorError, RandomSelector, ScoreMatrix
from sklearn_sparseeval.plan import load_predictor, save_predictor
from sklearn_sparseeval.plan.storage._check_fitted import check_fitted

FILE = "sklearn_sparseeval.plan.storage._predictor_file"
X = np.random.default_rng(0).random((30, 4))
Y = X.mean(axis=1)
KINDS = {
    "ball-tree": KNeighborsRegressor(3, algorithm="ball_tree"),
    "brute": KNeighborsRegressor(3, algorithm="brute"),
    "forest": RandomForestRegressor(2, random_state=0),
    "kd-tree": KNeighborsRegressor(3, algorithm="kd_tree"),
    "ridge": Ridge(),
    "several": MultiOutputRegressor(SVR()),
    "support-vectors": SVR(C=2.0),
    "no-support-vectors": SVR(epsilon=5),
    "linear-kernel": SVR(kernel="linear"),
    "polynomial": SVR(kernel="poly", degree=2, gamma=0.3, coef0=-1.0),
    "sigmoid": SVR(kernel="sigmoid", gamma="auto"),
    "tree": DecisionTreeRegressor(random_state=0),
}
NARROW = DecisionTreeRegressor(random_state=0).fit(X[:, :3], Y)


def fitted(kind):
    target = np.column_stack([Y, -Y]) if kind == "several" else Y
    return KINDS[kind].__sklearn_clone__().fit(X, target)


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
        ("forest", {"estimators_": (NARROW,)}, "are not a list"),
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


VECTORS = SVR(C=2.0).fit(X, Y)
N_VECTORS = len(VECTORS.support_)
ABSENT = object()
CORRUPTED = [
    *(
        (name, ABSENT)
        for name in (
            *("support_", "_n_support", "dual_coef_", "_dual_coef_", "intercept_", "_intercept_"),
            *("_probA", "_probB", "shape_fit_", "_gamma", "kernel", "degree", "coef0"),
            *("n_features_in_", "_sparse", "cache_size"),
        )
    ),
    ("support_vectors_", VECTORS.support_vectors_[:, :3].copy()),
    ("support_vectors_", VECTORS.support_vectors_[:-1].copy()),
    ("support_vectors_", VECTORS.support_vectors_.astype(np.float32)),
    ("support_vectors_", VECTORS.support_vectors_.astype(object)),
    ("support_vectors_", VECTORS.support_vectors_.astype(">f8")),
    ("support_vectors_", np.asfortranarray(VECTORS.support_vectors_)),
    ("support_vectors_", VECTORS.support_vectors_ * np.nan),
    ("support_vectors_", VECTORS.support_vectors_.tolist()),
    ("support_vectors_", VECTORS.support_vectors_.ravel()),
    ("support_vectors_", None),
    ("support_", VECTORS.support_[:-1].copy()),
    ("support_", VECTORS.support_.astype(np.int64)),
    ("support_", VECTORS.support_ + 30),
    ("support_", -1 - VECTORS.support_),
    ("_n_support", np.array([N_VECTORS], dtype=np.int32)),
    ("_n_support", np.array([N_VECTORS, 0, 0], dtype=np.int32)),
    ("_n_support", np.array([N_VECTORS - 1, 1], dtype=np.int32)),
    ("_n_support", np.array([N_VECTORS, 2**30], dtype=np.int32)),
    ("_n_support", np.array([N_VECTORS, -5], dtype=np.int32)),
    ("_n_support", np.array([N_VECTORS, 0])),
    ("dual_coef_", VECTORS.dual_coef_[:, :-1].copy()),
    ("_dual_coef_", VECTORS.dual_coef_[:, :-1].copy()),
    ("_dual_coef_", VECTORS.dual_coef_[0]),
    ("_dual_coef_", np.vstack([VECTORS.dual_coef_] * 2)),
    ("_dual_coef_", VECTORS.dual_coef_ * np.inf),
    ("_dual_coef_", np.repeat(VECTORS.dual_coef_, 2, axis=1)[:, ::2]),
    ("intercept_", np.zeros(0)),
    ("_intercept_", np.zeros(0)),
    ("_intercept_", np.zeros(2)),
    ("_intercept_", np.array([np.nan])),
    ("_probA", np.zeros(1)),
    ("_probB", np.zeros(1)),
    ("shape_fit_", (30, 5)),
    ("shape_fit_", (1, 4)),
    ("shape_fit_", [30, 4]),
    ("shape_fit_", (30.0, 4)),
    ("n_features_in_", 3),
    ("n_features_in_", 5),
    ("_gamma", np.nan),
    ("_gamma", -1.0),
    ("_gamma", "scale"),
    ("_gamma", np.zeros(3)),
    ("kernel", "precomputed"),
    ("kernel", "nonsense"),
    ("kernel", np.exp),
    ("kernel", ["rbf"]),
    ("degree", -1),
    ("degree", 2**40),
    ("degree", 2.5),
    ("degree", True),
    ("coef0", np.inf),
    ("coef0", None),
    ("cache_size", -200),
    ("_sparse", True),
    ("_impl", "c_svc"),
    ("_impl", "one_class"),
    ("_sparse_kernels", []),
    ("classes_", np.arange(2)),
]


@pytest.mark.parametrize(("name", "value"), CORRUPTED)
def test_corrupted_support_vectors_are_refused_before_anything_predicts(name, value):
    # check_fitted is all that runs here: libsvm might crash the process.
    estimator = fitted("support-vectors")
    if value is ABSENT:
        del vars(estimator)[name]
    else:
        vars(estimator)[name] = value
    with pytest.raises(ValueError, match=r"SVR|support vectors|in the place of"):
        check_fitted(estimator)


# What a child process does with a corrupted file: it must refuse it, and live to tell.
PROGRAM = """
import sys
from pathlib import Path
from sklearn_sparseeval import PredictorError
from sklearn_sparseeval.plan import load_predictor
for path in sorted(Path(sys.argv[1]).glob("*.skops")):
    try:
        load_predictor(path)
    except PredictorError as error:
        print(path.stem, "is damaged" in str(error), "(ValueError" in str(error))
"""


def test_corrupted_support_vectors_in_a_file_crash_nothing(panel, tmp_path, monkeypatch):
    monkeypatch.setattr(f"{FILE}.predictions_for_check", lambda *_: np.zeros((3, 1)))
    monkeypatch.setattr(f"{FILE}.check_fits_matrix", lambda *_: None)
    changes = {
        "coefficients": {"_dual_coef_": np.zeros((1, 1))},
        "counts": {"_n_support": np.full(10**6, 1, dtype=np.int32)},
        "kernel": {"kernel": "precomputed"},
        "vectors": {"support_vectors_": np.zeros((1, 10**6))},
        "width": {"n_features_in_": 10**6},
    }
    for name, changed in changes.items():
        estimator = AnchoredRegressor(RandomSelector(4, random_state=0), SVR())
        estimator.fit(panel.data, panel.targets["overall"])
        vars(estimator.regressor_).update(changed)
        save_predictor(tmp_path / f"{name}.skops", estimator, panel)
    arguments = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    run = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=120)
    assert run.stdout.splitlines() == [f"{name} True True" for name in sorted(changes)]


@pytest.mark.slow
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
    monkeypatch.setattr(f"{FILE}.predictions_for_check", lambda *_: np.zeros((3, 1)))
    save_predictor(tmp_path / "p.skops", estimator, panel)
    with pytest.raises(PredictorError, match=r"is damaged: .* \(ValueError: (nearest|a forest)"):
        load_predictor(tmp_path / "p.skops")


def test_what_hides_in_an_array_of_objects_is_refused(tmp_path):
    data = pd.DataFrame(X, [f"m{i}" for i in range(30)], list("abcd"))
    matrix = ScoreMatrix.from_frame(data, items={"task": list("xxyy")})
    model = AnchoredRegressor(RandomSelector(2, random_state=0), MultiOutputRegressor(SVR()))
    model.fit(matrix.data, matrix.targets)
    path = tmp_path / "crafted.skops"
    save_predictor(path, model, matrix)
    assert load_predictor(path).estimator.regressor_.n_jobs is None
    hidden = np.empty(3, dtype=object)
    hidden[:] = model.regressor_.estimators_
    model.regressor_.estimators_ = hidden
    save_predictor(path, model, matrix)
    with pytest.raises(PredictorError, match="an array holds objects that are not texts"):
        load_predictor(path)


def test_how_many_processes_is_not_for_a_file_to_say(tmp_path):
    data = pd.DataFrame(X, [f"m{i}" for i in range(30)], list("abcd"))
    matrix = ScoreMatrix.from_frame(data)
    head = KNeighborsRegressor(3, n_jobs=8)
    model = AnchoredRegressor(RandomSelector(2, random_state=0), head).fit(data, Y)
    save_predictor(tmp_path / "p.skops", model, matrix)
    assert load_predictor(tmp_path / "p.skops").estimator.regressor_.n_jobs is None
