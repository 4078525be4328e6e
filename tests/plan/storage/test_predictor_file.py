"""Every method survives a file, and no file does harm."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingRegressor, RandomForestRegressor
from sklearn.feature_selection import SelectKBest, f_regression, r_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, Ridge, RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

import sklearn_sparseeval
from sklearn_sparseeval import (
    AnchoredRegressor,
    ImputedScoreRegressor,
    MLPScoreRegressor,
    NeighborImputer,
    NotedWarning,
    PredictorError,
    RandomSelector,
    ResidualRidgeRegressor,
    ScoreMatrix,
    SparseRidgeSelector,
    StratifiedSelector,
    TailoredSelector,
)
from sklearn_sparseeval.datasets import load_helm_lite, make_score_matrix
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.plan import load_predictor, make_plan, save_predictor

DESCRIPTION, SCHEMA = "sparseeval.json", "schema.json"
REGISTERED = {name: method for name, method in get_methods().items() if name != "tailoredbench"}
QUICK = {
    "sparseeval": {"selector__n_refinements": 1, "selector__n_init": 1},
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
SEARCH = GridSearchCV(
    make_pipeline(SparseRidgeSelector(), ResidualRidgeRegressor()),
    {"sparseridgeselector__n_anchors": [3, 6]},
    cv=3,
).fit(MATRIX.data, MATRIX.targets["overall"])
PROGRAM = """
import sys, numpy as np, pandas as pd, sklearn_sparseeval
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


@pytest.mark.slow
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


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def private_names(path):
    """Find what looks like the name of a module that may move, anywhere in a file."""
    content = b"\n".join(members_of(path).values())
    found = set()
    for one in (content, content.replace(b"\0", b"")):  # numpy keeps texts as four bytes each
        found |= set(re.findall(rb"sklearn_sparseeval\.[\w.]*", one))
        found |= set(re.findall(rb"(?:sklearn|skorch|numpy|scipy|torch)[\w.]*\._[\w.]*", one))
    return found


@pytest.mark.parametrize("name", REGISTERED)
@pytest.mark.usefixtures("fitted")
def test_a_file_names_no_module_that_may_move(name, folder):
    path = folder / f"{name}.skops"
    assert private_names(path) == set()
    schema = members_of(path)[SCHEMA].decode()
    modules = set(re.findall(r'"__module__": "([^"]*)"', schema))
    public = {"builtins", "numpy", "numpy.random", "sklearn_sparseeval"}
    assert all(one in public or re.fullmatch(r"sklearn\.[a-z]\w*", one) for one in modules)
    assert "sklearn_sparseeval" in modules


PLAN_PROGRAM = """
print(sklearn_sparseeval.__file__)
print(*sklearn_sparseeval.plan.load_plan("plan").predict(rows)["score"].tolist(), sep="\\n")
"""
ROOMS = ("imputers", "item_response", "numerics", "plan", "regressors", "selectors")


def move_modules(package):
    """Rename all private modules of several rooms, and whatever imports them."""
    folders = {one.parent for room in ROOMS for one in (package / room).rglob("_*.py")}
    modules = [
        module
        for folder in folders
        for module in folder.glob("_[a-z]*.py")
        if not module.name.startswith("__")
    ]
    by_folder = {}
    for module in modules:
        by_folder.setdefault(module.parent, []).append(module.stem)
        module.rename(module.with_stem(f"{module.stem}_moved"))
    for source in [*package.rglob("*.py"), *package.rglob("*.pyi")]:
        text = source.read_text()
        for folder, stems in by_folder.items():
            names = "|".join(stems)
            text = re.sub(rf"\b({folder.name}\.)({names})\b", r"\1\2_moved", text)
            text = re.sub(
                rf"^(from \S+\b{folder.name} import )({names})$", r"\1\2_moved as \2", text
            )
            if source.parent == folder:
                text = re.sub(rf"(\bfrom \.)({names})\b", r"\1\2_moved", text)
        source.write_text(text)
    return modules


def test_moved_modules_break_no_file(fitted, folder, tmp_path):
    package = tmp_path / "sklearn_sparseeval"
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(sklearn_sparseeval.__file__).parent, package, ignore=skipped)
    moved = move_modules(package)
    stems = {one.stem for one in moved}
    assert {"_residual_ridge", "_sparse_ridge", "_estimator"} <= stems

    families = [str(number % 20) for number in range(40)]
    plan = make_plan(MATRIX, n_anchors=6, method="random-ridge", families=families, folds=2)
    plan.save(tmp_path / "plan")
    rows, predictions = tmp_path / "rows.json", tmp_path / "predictions.npz"
    MATRIX.data.to_json(rows, double_precision=15)
    program = PROGRAM + PLAN_PROGRAM
    arguments = [sys.executable, "-c", program, str(folder), str(rows), str(predictions)]
    run = subprocess.run(
        arguments,
        timeout=300,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    assert run.returncode == 0, run.stderr
    file, *scores = run.stdout.splitlines()
    assert Path(file).parent == package
    with pytest.warns(NotedWarning, match="of the history"):
        expected = plan.predict(MATRIX.data)["score"].tolist()
    assert [float(score) for score in scores] == expected
    with np.load(predictions) as loaded:
        assert set(loaded) == set(fitted)
        for name, found in loaded.items():
            expected = np.asarray(fitted[name].predict(MATRIX.data)).reshape(40, -1)
            np.testing.assert_array_equal(found, expected)


PIPELINES = {
    "readme": make_pipeline(SparseRidgeSelector(6), ResidualRidgeRegressor()),
    "search": SEARCH.best_estimator_,
    "k-best": make_pipeline(SelectKBest(f_regression, k=6), Ridge()),
    "two": make_pipeline(SparseRidgeSelector(9), SelectKBest(f_regression, k=4), RidgeCV()),
    "two-of-ours": make_pipeline(SparseRidgeSelector(9), StratifiedSelector(4), Ridge()),
    "imputed": make_pipeline(SimpleImputer(), StratifiedSelector(6, random_state=0), SVR()),
    "anchored": make_pipeline(
        SimpleImputer(), AnchoredRegressor(RandomSelector(6, random_state=0), SVR())
    ),
}


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("named", [True, False], ids=["names", "no-names"])
def test_a_pipeline_predicts_from_its_anchors_alone(name, named, tmp_path):
    X = MATRIX.data if named else MATRIX.data.to_numpy()
    estimator = clone(PIPELINES[name]).fit(X, MATRIX.targets["overall"])
    save_predictor(tmp_path / "p.skops", estimator, MATRIX)
    predictor = load_predictor(tmp_path / "p.skops", matrix=MATRIX)
    anchors = predictor.anchors.index
    assert len(anchors) == {"two": 4, "two-of-ours": 4}.get(name, 6) or name == "search"
    rows = MATRIX.data.copy()
    rows.loc[:, ~rows.columns.isin(anchors)] = np.nan
    for one in (rows, MATRIX.data, MATRIX.data[anchors[::-1]]):
        np.testing.assert_array_equal(predictor.predict(one)["overall"], estimator.predict(X))
    assert (predictor.item_means is None) == (name not in ("k-best", "two", "two-of-ours"))
    assert private_names(tmp_path / "p.skops") == set()


def test_anchors_of_a_pipeline_are_in_order_of_choice(tmp_path):
    estimator = clone(PIPELINES["readme"]).fit(MATRIX.data, MATRIX.targets)
    save_predictor(tmp_path / "p.skops", estimator, MATRIX)
    anchors = estimator[0].anchors_
    assert list(anchors) != sorted(anchors)
    expected = MATRIX.items.index[anchors]
    assert list(load_predictor(tmp_path / "p.skops").anchors.index) == list(expected)


def test_a_pipeline_around_anchors_for_each_model_is_not_saved(tmp_path):
    personal = AnchoredRegressor(TailoredSelector(4), ImputedScoreRegressor(NeighborImputer()))
    estimator = make_pipeline(SimpleImputer(), personal).fit(MATRIX.data, MATRIX.targets["overall"])
    with pytest.raises(PredictorError, match="chooses anchors for each model"):
        save_predictor(tmp_path / "p.skops", estimator, MATRIX)


@pytest.mark.slow
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


@pytest.mark.slow
def test_real_results_with_missing_ones(tmp_path):
    data = load_helm_lite(task="commonsense", as_frame=True).data
    matrix = ScoreMatrix.from_frame(data.where(np.random.default_rng(0).random(data.shape) > 0.1))
    estimator = get_methods()["sparse-ridge"](n_anchors=20)
    estimator.fit(matrix.data, matrix.targets["overall"])
    save_predictor(tmp_path / "p.skops", estimator, matrix)
    loaded = load_predictor(tmp_path / "p.skops", matrix=matrix)
    expected = estimator.predict(matrix.data)
    np.testing.assert_array_equal(loaded.predict(matrix.data)["overall"], expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    "regressor",
    [
        KNeighborsRegressor(3, algorithm="ball_tree", p=1),
        KNeighborsRegressor(3, algorithm="kd_tree", leaf_size=5),
        RandomForestRegressor(3, random_state=np.random.RandomState(0)),
        DecisionTreeRegressor(random_state=0),
        make_pipeline(SimpleImputer(strategy="median"), PCA(2), Ridge()),
        SVR(C=1, gamma=0.02, epsilon=0.01),
        SVR(kernel="linear"),
        SVR(kernel="poly", degree=2, coef0=1.0),
        SVR(epsilon=5),
        MultiOutputRegressor(SVR(kernel="sigmoid")),
        MLPScoreRegressor((), n_networks=1, max_iter=1, baseline=None, random_state=0),
        MLPScoreRegressor.paper(max_iter=2, random_state=0, score_range=(-1, 2)),
    ],
    ids=[
        "ball-tree",
        "kd-tree",
        "forest",
        "tree",
        "pca",
        "rbf",
        "linear-kernel",
        "polynomial",
        "no-vectors",
        "several",
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
    assert private_names(tmp_path / "p.skops") == set()


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
        (
            TransformedTargetRegressor(
                Ridge(), func=double, inverse_func=double, check_inverse=False
            ),
            "it holds .*double, which",
        ),
        (KNeighborsRegressor(metric=lambda a, b: 0.0), "holds .*<lambda>"),
        (make_pipeline(SelectKBest(r_regression, k=2), Ridge()), "holds .*r_regression, which"),
        (
            Lasso(),
            r"it holds sklearn\.linear_model\._coordinate_descent\.Lasso, which .*, RidgeCV, ",
        ),
        (BaggingRegressor(SVR(), 2), r"holds sklearn\.ensemble\._bagging\.BaggingRegressor, "),
        (make_pipeline(KMeans(2, random_state=0), Ridge()), r"holds .*\.KMeans, .*, RidgeCV, "),
    ],
    ids=["own-class", "own-function", "lambda", "function", "lasso", "bagging", "clusters"],
)
def test_what_loading_would_refuse_is_not_saved(regressor, match, tmp_path):
    estimator = AnchoredRegressor(RandomSelector(5, random_state=0), regressor)
    estimator.fit(MATRIX.data, MATRIX.targets["overall"])
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
        ({"estimator": Ridge().fit(MATRIX.data, MATRIX.targets)}, "Ridge, does not say which item"),
        ({"estimator": Ridge()}, "a Ridge, does not say with n_features_in_ on how many items"),
        (
            {"estimator": Ridge().fit([[0], [1]], [0, 1])},
            "was fitted on 1 items, and matrix has 30",
        ),
        ({"estimator": SEARCH}, r"is a GridSearchCV, a search; .*: save best_estimator_\."),
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


@pytest.mark.parametrize("coefficient", [np.nan, np.inf])  # of which the second makes numpy warn
def test_an_estimator_that_predicts_nothing_finite_is_not_saved(coefficient, model, tmp_path):
    model.regressor_.coef_ = np.full_like(model.regressor_.coef_, coefficient)
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


@pytest.mark.slow
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


def _matrix(scale=1):
    data = load_helm_lite(task="commonsense").data[:50, :60]
    return ScoreMatrix.from_frame(pd.DataFrame(scale * data, columns=[f"q{i}" for i in range(60)]))


@pytest.mark.parametrize("method", ["sparse-ridge", "random-mean", "stratified-difference"])
def test_an_estimator_fitted_on_the_matrix_is_saved_without_a_word(tmp_path, method):
    matrix = _matrix()
    model = get_methods()[method](8)
    model.set_params(**{k: 0 for k in model.get_params() if k.endswith("random_state")})
    model.fit(matrix.data.to_numpy(), matrix.targets["overall"].to_numpy())
    save_predictor(tmp_path / "p.skops", model, matrix)


def test_an_estimator_of_other_units_is_not_saved(tmp_path):
    percent, matrix = _matrix(100), _matrix()
    for data in (percent.data, percent.data.to_numpy()):
        model = get_methods()["sparse-ridge"](8).fit(data, percent.targets["overall"].to_numpy())
        with pytest.raises(PredictorError, match="other units or another matrix"):
            save_predictor(tmp_path / "p.skops", model, matrix)
    assert not (tmp_path / "p.skops").exists()


def test_columns_in_another_order_are_told_by_the_predictions(tmp_path):
    matrix = _matrix()
    turned = matrix.data.to_numpy()[:, ::-1]
    model = get_methods()["sparse-ridge"](8).fit(turned, matrix.targets["overall"].to_numpy())
    with pytest.warns(UserWarning, match="columns in another order"):
        save_predictor(tmp_path / "p.skops", model, matrix)
