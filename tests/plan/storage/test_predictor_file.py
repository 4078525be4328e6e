"""Every method survives a file, and no file does harm."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingRegressor, ExtraTreesRegressor, RandomForestRegressor
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import BayesianRidge, HuberRegressor, Lasso, LinearRegression, Ridge
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from sklearn_sparseeval import (
    AnchoredRegressor,
    MLPScoreRegressor,
    PredictorError,
    RandomSelector,
    ScoreMatrix,
)
from sklearn_sparseeval.datasets import load_helm_lite, make_score_matrix
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.plan import load_predictor, save_predictor
from sklearn_sparseeval.plan.storage._members import DESCRIPTION, SCHEMA

REGISTERED = {name: method for name, method in get_methods().items() if name != "tailoredbench"}
QUICK = {
    "sparseeval": {"selector__n_refinements": 1},
    "sparseeval-repaired": {"selector__n_refinements": 1},
    "essencebench": {"selector__n_rounds": 1, "selector__n_generations": 3},
    "straight-through": {"selector__max_iter": 5},
    "random-search": {"selector__n_candidates": 20},
    "disco-random-forest": {"regressor__regressor__n_estimators": 10},
}
PANEL = make_score_matrix(40, 30, random_state=0)
MATRIX = ScoreMatrix.from_frame(
    pd.DataFrame(PANEL.data, columns=[f"t:{i}" for i in range(30)]).set_axis(
        [f"acme/{i}" for i in range(40)]
    ),
    items={
        "task": ["even", "odd"] * 15,
        "item": [str(i) for i in range(30)],
        "weight": np.linspace(1, 2, 30),
        "content_hash": [2**63 + i for i in range(30)],
    },
)
PROGRAM = """
import sys, numpy as np, pandas as pd
from pathlib import Path
from sklearn_sparseeval.plan import load_predictor
rows = pd.read_json(sys.argv[2], dtype=np.float64)
np.savez(sys.argv[3], **{
    path.stem: load_predictor(path).predict(rows).to_numpy()
    for path in Path(sys.argv[1]).glob("*.skops")
})
"""


def targets_for(estimator):
    """All targets, for an estimator that takes several."""
    several = estimator.__sklearn_tags__().target_tags.multi_output
    return MATRIX.targets if several else MATRIX.targets["overall"]


def quick(name):
    """Make a method that is fitted in a moment."""
    estimator = get_methods()[name](n_anchors=10)
    known = estimator.get_params()
    seeds = {key: 0 for key in known if key.endswith("random_state")}
    epochs = {key: 2 for key in known if key.endswith("mlpscoreregressor__max_iter")}
    estimator.set_params(**seeds, **epochs, **QUICK.get(name, {}))
    return estimator.fit(MATRIX.data, targets_for(estimator))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("predictors")


@pytest.fixture(scope="module")
def fitted(folder):
    """All methods, fitted and saved."""
    estimators = {name: quick(name) for name in REGISTERED}
    for name, estimator in estimators.items():
        save_predictor(folder / f"{name}.skops", estimator, MATRIX, method=name)
    return estimators


@pytest.fixture(scope="module")
def fresh(folder, fitted):
    """What all methods predict after loading in another process."""
    rows, predictions = folder / "rows.json", folder / "predictions.npz"
    MATRIX.data.to_json(rows, double_precision=15)
    arguments = [sys.executable, "-c", PROGRAM, str(folder), str(rows), str(predictions)]
    subprocess.run(arguments, check=True, timeout=120, capture_output=True)
    with np.load(predictions) as loaded:
        return dict(loaded)


@pytest.fixture
def model():
    """A plain predictor."""
    estimator = AnchoredRegressor(RandomSelector(5, random_state=0), Ridge())
    return estimator.fit(MATRIX.data, MATRIX.targets)


@pytest.mark.parametrize("name", REGISTERED)
def test_every_method_predicts_the_same_after_a_file(name, fitted, fresh, folder):
    estimator = fitted[name]
    expected = np.asarray(estimator.predict(MATRIX.data)).reshape(40, -1)
    loaded = load_predictor(folder / f"{name}.skops", matrix=MATRIX)
    np.testing.assert_array_equal(loaded.predict(MATRIX.data).to_numpy(), expected)
    np.testing.assert_array_equal(fresh[name], expected)
    assert loaded.method == name
    assert loaded.targets == list(MATRIX.targets.columns)[: expected.shape[1]]
    assert list(loaded.anchors.index) == list(MATRIX.items.index[estimator.anchors_])
    assert str(loaded.estimator) == str(estimator)


@pytest.mark.parametrize(
    "name", ["sparse-ridge-mlp", "disco-random-forest", "disco-nearest-models"]
)
def test_a_loaded_predictor_can_be_saved_again(name, fitted, folder, tmp_path):
    loaded = load_predictor(folder / f"{name}.skops")
    save_predictor(tmp_path / "again.skops", loaded.estimator, MATRIX)
    again = load_predictor(tmp_path / "again.skops")
    pd.testing.assert_frame_equal(again.predict(MATRIX.data), loaded.predict(MATRIX.data))


def test_saving_changes_nothing(fitted):
    mlp = fitted["sparse-ridge-mlp"].regressor_.steps[-1][1]
    assert len(mlp.net_.history) == mlp.n_iter_
    forest = fitted["disco-random-forest"].regressor_.regressor_
    assert forest.estimators_[0].tree_.node_count > 1


def test_what_the_items_are_is_kept(model, tmp_path):
    errors = pd.DataFrame([[0.1, np.nan, -0.2]], ["acme/0"], ["overall", "even", "odd"])
    path = tmp_path / "p.skops"
    save_predictor(
        path,
        model,
        MATRIX,
        errors=errors[["odd", "overall", "even"]],
        method="m",
        score_range=[0, 1],
    )
    loaded = load_predictor(path)
    pd.testing.assert_frame_equal(loaded.items, MATRIX.items)
    pd.testing.assert_frame_equal(loaded.errors, errors)
    pd.testing.assert_series_equal(loaded.best, MATRIX.targets.max(), check_names=False)
    assert loaded.score_range == (0.0, 1.0)
    assert loaded.observed_range == (0.0, 1.0)
    assert loaded.n_models == 40
    assert {"sklearn-sparseeval", "scikit-learn", "skops"} <= set(loaded.versions)
    assert pd.Timestamp(loaded.created).tz is not None
    assert len(loaded.fingerprint) == 64


def test_real_results_with_missing_ones(tmp_path):
    data = load_helm_lite(task="commonsense", as_frame=True).data
    matrix = ScoreMatrix.from_frame(data.where(np.random.default_rng(0).random(data.shape) > 0.1))
    estimator = get_methods()["sparse-ridge"](n_anchors=20)
    estimator.fit(matrix.data, matrix.targets["overall"])
    save_predictor(tmp_path / "p.skops", estimator, matrix)
    loaded = load_predictor(tmp_path / "p.skops", matrix=matrix)
    expected = estimator.predict(matrix.data)
    np.testing.assert_array_equal(loaded.predict(matrix.data)["overall"], expected)


@pytest.mark.parametrize(
    "regressor",
    [
        make_pipeline(StandardScaler(), KNeighborsRegressor(3, algorithm="ball_tree", p=1)),
        KNeighborsRegressor(3, algorithm="kd_tree", leaf_size=5),
        make_pipeline(FunctionTransformer(np.exp), Ridge()),
        BaggingRegressor(n_estimators=3, max_features=0.5, random_state=0),
        RandomForestRegressor(3, random_state=np.random.RandomState(0)),
        DecisionTreeRegressor(random_state=0),
        ExtraTreesRegressor(3, random_state=0),
        make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), PCA(2), Ridge()),
        make_pipeline(KNNImputer(), LinearRegression()),
        make_pipeline(
            FeatureUnion([("scaled", StandardScaler()), ("pca", PCA(2))]), PLSRegression(2)
        ),
        make_pipeline(PowerTransformer(), VarianceThreshold(), Lasso(0.01)),
        MultiOutputRegressor(HuberRegressor(max_iter=1000)),
        TransformedTargetRegressor(BayesianRidge(), func=np.exp, inverse_func=np.log),
        MLPScoreRegressor((), n_networks=1, max_iter=1, baseline=None, random_state=0),
        MLPScoreRegressor.paper(max_iter=2, random_state=0, score_range=(-1, 2)),
    ],
    ids=[
        "ball-tree",
        "kd-tree",
        "ufunc",
        "bagging",
        "forest",
        "tree",
        "extra-trees",
        "pca",
        "knn-imputer",
        "union",
        "power",
        "huber",
        "target",
        "linear-net",
        "paper",
    ],
)
def test_other_regressors_survive_too(regressor, tmp_path):
    selector = RandomSelector(5, random_state=0)
    estimator = AnchoredRegressor(selector, regressor, memory=str(tmp_path / "cache"))
    estimator.fit(MATRIX.data.to_numpy(), targets_for(estimator).to_numpy())  # without names
    save_predictor(tmp_path / "p.skops", estimator, MATRIX)
    loaded = load_predictor(tmp_path / "p.skops")
    expected = estimator.predict(MATRIX.data.to_numpy()).reshape(40, -1)
    np.testing.assert_array_equal(loaded.predict(MATRIX.data).to_numpy(), expected)
    assert loaded.estimator.memory is None


def double(X):
    return 2 * X


class OwnRegressor(Ridge):
    """A regressor of a user's."""


class Unreadable:
    """Something that cannot be taken apart."""

    def __reduce__(self):
        raise RuntimeError("never")


@pytest.mark.parametrize(
    ("regressor", "match"),
    [
        (OwnRegressor(), "The method 'mine' cannot be saved: it holds .*OwnRegressor, which"),
        (make_pipeline(FunctionTransformer(double), Ridge()), "it holds .*double, which"),
        (KNeighborsRegressor(metric=lambda a, b: 0.0), "holds .*<lambda>"),
        (MultiOutputRegressor(SVR()), r"it holds sklearn\.svm\._classes\.SVR, which .*: ARDReg"),
        (make_pipeline(KMeans(2, random_state=0), Ridge()), r"holds .*\.KMeans, .*, RidgeCV, "),
    ],
    ids=["own-class", "own-function", "lambda", "support-vectors", "clusters"],
)
def test_what_loading_would_refuse_is_not_saved(regressor, match, tmp_path):
    estimator = AnchoredRegressor(RandomSelector(5, random_state=0), regressor)
    estimator.fit(MATRIX.data, MATRIX.targets)
    with pytest.raises(PredictorError, match=match):
        save_predictor(tmp_path / "p.skops", estimator, MATRIX, method="mine")
    assert not list(tmp_path.iterdir())


def test_a_method_that_chooses_anchors_for_each_model_is_not_saved(tmp_path):
    with pytest.raises(PredictorError, match="chooses anchors for each model"):
        save_predictor(tmp_path / "p.skops", quick("tailoredbench"), MATRIX)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_taken_apart_is_not_saved(model, tmp_path):
    model.extra_ = Unreadable()
    with pytest.raises(
        PredictorError, match=r"The AnchoredRegressor cannot be saved without pickle"
    ):
        save_predictor(tmp_path / "p.skops", model, MATRIX)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"estimator": Ridge().fit([[0], [1]], [0, 1])}, r"a Ridge, has no anchors_"),
        ({"matrix": ScoreMatrix.from_frame(MATRIX.data.iloc[:, :20])}, "on 30 items, and matrix"),
        ({"matrix": ScoreMatrix.from_frame(MATRIX.data.iloc[:, ::-1])}, "or another order"),
        ({"matrix": ScoreMatrix.from_frame(MATRIX.data * np.nan)}, "holds no result"),
        ({"matrix": ScoreMatrix.from_frame(MATRIX.data)}, "predicts 3 scores, and matrix has 1: o"),
        ({"score_range": (1, 0)}, r"score_range is \(1, 0\)"),
        ({"score_range": (0, np.inf)}, "score_range"),
        ({"score_range": (0, 1, 2)}, "score_range"),
        ({"errors": MATRIX.targets[["odd"]]}, r"errors has the columns \['odd'\]"),
        ({"errors": MATRIX.targets * np.inf}, "errors holds an infinite one"),
        ({"errors": MATRIX.targets["odd"]}, "errors"),
        ({"method": 1}, "method"),
    ],
)
def test_what_does_not_belong_together_is_not_saved(model, params, match, tmp_path):
    arguments = {"estimator": model, "matrix": MATRIX} | params
    estimator, matrix = arguments.pop("estimator"), arguments.pop("matrix")
    with pytest.raises(ValueError, match=match):
        save_predictor(tmp_path / "p.skops", estimator, matrix, **arguments)
    assert not list(tmp_path.iterdir())


def test_an_estimator_that_predicts_nothing_finite_is_not_saved(model, tmp_path):
    model.regressor_.coef_ = model.regressor_.coef_ * np.nan
    with pytest.raises(PredictorError, match="a score that is not finite"):
        save_predictor(tmp_path / "p.skops", model, MATRIX)


def test_a_file_for_another_matrix_is_refused(model, tmp_path):
    save_predictor(tmp_path / "p.skops", model, MATRIX)
    other = ScoreMatrix(MATRIX.data.iloc[1:], MATRIX.items)
    match = r"another matrix, of 40 models and 30 items .* this one is of 39 models"
    with pytest.raises(PredictorError, match=match):
        load_predictor(tmp_path / "p.skops", matrix=other)


def test_a_file_is_replaced_at_once(model, tmp_path):
    path = tmp_path / "p.skops"
    path.write_bytes(b"what was there")
    save_predictor(path, model, MATRIX)
    assert load_predictor(path).n_models == 40
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_there_stays_if_saving_fails(model, tmp_path):
    path = tmp_path / "p.skops"
    path.write_bytes(b"what was there")
    model.extra_ = Unreadable()
    with pytest.raises(PredictorError):
        save_predictor(path, model, MATRIX)
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]


def rewritten(path, name, change):
    """Change a member of a file, and leave the others as they are."""
    with zipfile.ZipFile(path) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    members[name] = change(members[name])
    with zipfile.ZipFile(path, "w") as archive:
        for one, content in members.items():
            archive.writestr(one, content)


def test_another_scikit_learn_is_a_warning(model, tmp_path):
    path = tmp_path / "p.skops"
    save_predictor(path, model, MATRIX)

    def older(text):
        described = json.loads(text)
        described["versions"]["scikit-learn"] = "1.2.3"
        return json.dumps(described).encode()

    rewritten(path, DESCRIPTION, older)
    with pytest.warns(UserWarning, match=r"saved under scikit-learn 1\.2\.3, and this is"):
        load_predictor(path)


def test_scikit_learns_own_warnings_are_one(model, tmp_path, monkeypatch):
    monkeypatch.setattr("sklearn.base.__version__", "1.2.3")
    path = tmp_path / "p.skops"
    save_predictor(path, model, MATRIX)
    monkeypatch.undo()
    load_predictor(path)  # warnings are errors here


def test_an_exchanged_member_is_noticed(model, tmp_path):
    path = tmp_path / "p.skops"
    save_predictor(path, model, MATRIX)
    rewritten(path, SCHEMA, lambda text: text.replace(b'"alpha"', b'"alphb"'))
    with pytest.raises(PredictorError, match="its estimator is not the one it was saved with"):
        load_predictor(path)


@pytest.mark.parametrize("seed", range(8))
def test_flipped_and_missing_bytes_are_no_crash(seed, model, tmp_path):
    path = tmp_path / "p.skops"
    save_predictor(path, model, MATRIX)
    whole = path.read_bytes()
    expected = load_predictor(path).predict(MATRIX.data)
    rng = np.random.default_rng(seed)
    for _ in range(25):
        broken = bytearray(whole)
        for at in rng.integers(len(whole), size=rng.integers(1, 5)):
            broken[at] = rng.integers(256)
        length = len(whole) if rng.random() < 0.7 else rng.integers(len(whole))
        path.write_bytes(broken[:length])
        try:
            loaded = load_predictor(path)
        except PredictorError:
            continue
        pd.testing.assert_frame_equal(loaded.predict(MATRIX.data), expected)


def test_importing_the_package_imports_no_skops():
    program = "import sys, sklearn_sparseeval.plan; print('skops' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout == "False\n"
