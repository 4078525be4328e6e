"""What a forger may put into a file is not loaded, let alone run."""

import json
import sys
from copy import deepcopy

import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.neighbors import KNeighborsRegressor

from sklearn_sparseeval import AnchoredRegressor, MLPScoreRegressor, PredictorError, RandomSelector
from sklearn_sparseeval.plan import load_predictor, save_predictor

TEXT = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode"}


def node(loader, name, **content):
    module, _, last = name.rpartition(".")
    return {"__class__": last, "__module__": module, "__loader__": loader, **content}


def text(value):
    return TEXT | {"content": json.dumps(value)}


def arguments(*values):
    return node("TupleNode", "builtins.tuple", content=[text(value) for value in values])


def edited(schema, key, value, place=None, **changes):
    """Change all nodes of which a key has a value, or one entry of their content."""
    if isinstance(schema, dict):
        if schema.get(key) == value and place is None:
            schema.update(changes)
        elif schema.get(key) == value:
            schema["content"][place] = changes["content"]
        for one in schema.values():
            edited(one, key, value, place, **changes)
    elif isinstance(schema, list):
        for one in schema:
            edited(one, key, value, place, **changes)


ESTIMATOR = "sklearn_sparseeval.AnchoredRegressor"
EMPTY = node("DictNode", "builtins.dict", content={}, key_types=node("ListNode", "builtins.list"))
EVIL = {
    "function": (node("FunctionNode", "os.system"), "os.system"),
    "function-of-ours": (
        node("FunctionNode", "sklearn_sparseeval._errors.warn"),
        "sklearn_sparseeval._errors.warn",
    ),
    "type": (node("TypeNode", "os.system"), "os.system"),
    "type-of-ours": (node("TypeNode", ESTIMATOR), ESTIMATOR),
    "constructor": (
        node("ConstructorFromReduceNode", "subprocess.Popen", content=arguments("id")),
        r"subprocess.Popen \(as 'ConstructorFromReduceNode'\)",
    ),
    "constructor-of-ours": (
        node("ConstructorFromReduceNode", ESTIMATOR, content=arguments(1, 2)),
        r"AnchoredRegressor \(as 'ConstructorFromReduceNode'\)",
    ),
    "partial": (
        node("PartialNode", "functools.partial", content={"func": node("TypeNode", "os.system")}),
        r"functools.partial \(as 'PartialNode'\), os.system",
    ),
    "method": (
        node(
            "MethodNode", ESTIMATOR, content={"func": "fit", "obj": node("ObjectNode", ESTIMATOR)}
        ),
        r"AnchoredRegressor \(as 'MethodNode'\)",
    ),
    "operator": (
        node("OperatorFuncNode", "operator.methodcaller", attrs=arguments("fit")),
        "operator.methodcaller",
    ),
    "list-of-ours": (node("ListNode", ESTIMATOR, content=[]), ESTIMATOR),
    "dict-of-ours": (node("DictNode", ESTIMATOR, content={}, key_types=EMPTY), ESTIMATOR),
    "scalar": (node("NdArrayNode", "os.system", type="json", content=[], shape=EMPTY), "os.system"),
    "object": (node("ObjectNode", "tests.Evil"), "tests.Evil"),
    "function-of-numpy": (node("FunctionNode", "numpy.exp"), "numpy.exp"),
    "class-as-function": (node("FunctionNode", "sklearn.svm.SVR"), "sklearn.svm.SVR"),
    "function-as-object": (
        node("ObjectNode", "sklearn.feature_selection.f_regression"),
        "sklearn.feature_selection.f_regression",
    ),
    "module-of-ours": (
        node("ObjectNode", "sklearn_sparseeval.anchored.AnchoredRegressor"),
        "sklearn_sparseeval.anchored.AnchoredRegressor",
    ),
    "module-of-a-helper": (
        node("TupleNode", "sklearn_sparseeval.plan.storage._portable.TextArray", content=[]),
        "sklearn_sparseeval.plan.storage._portable.TextArray",
    ),
    "module-of-scikit-learn": (
        node("ObjectNode", "sklearn.linear_model._ridge.Ridge"),
        "sklearn.linear_model._ridge.Ridge",
    ),
    "random-state-by-module": (
        node("RandomStateNode", "numpy.random.mtrand.RandomState", content=EMPTY),
        "numpy.random.mtrand.RandomState",
    ),
    "stranger-of-ours": (
        node("ObjectNode", "sklearn_sparseeval.evil.AnchoredRegressor"),
        "sklearn_sparseeval.evil.AnchoredRegressor",
    ),
    "private-of-ours": (
        node("ObjectNode", "sklearn_sparseeval.numerics.gram.GramColumns"),
        "sklearn_sparseeval.numerics.gram.GramColumns",
    ),
    "no-class-of-ours": (
        node("ObjectNode", "sklearn_sparseeval.methods._registry.methods"),
        "sklearn_sparseeval.methods._registry.methods",
    ),
    "tree": (node("TreeNode", "sklearn.tree._tree.Tree"), "sklearn.tree._tree.Tree"),
    "old-loader": (node("ObjectNodeV0", ESTIMATOR), r"AnchoredRegressor \(as 'ObjectNodeV0'\)"),
    "loader-that-is-no-text": (
        {"__loader__": {"__loader__": "JsonNode"}},
        r"None.None \(as a dict",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", EVIL)
def test_what_is_not_on_the_list_is_refused_by_name(kind, forge, monkeypatch):
    evil, match = EVIL[kind]

    def plant(schema):
        schema["content"]["content"]["memory"] = evil

    path = forge(schema=plant)
    monkeypatch.setattr("skops.io.loads", lambda *args, **kwargs: pytest.fail("it was loaded"))
    with pytest.raises(PredictorError, match=f"is not to be trusted: it holds .*{match}"):
        load_predictor(path)
    assert "sklearn_sparseeval.evil" not in sys.modules


@pytest.mark.parametrize("protocol", [0, 1])
def test_an_older_protocol_is_no_way_around(protocol, forge):
    def plant(schema):
        schema["protocol"] = protocol
        path = {"module_path": "os", "function": "system"}
        evil = node("FunctionNode", "builtins.function", content=path)
        schema["content"]["content"]["memory"] = evil

    with pytest.raises(PredictorError, match=r"it holds (os\.system|builtins\.function), which"):
        load_predictor(forge(schema=plant))


def test_a_newer_protocol_is_refused_before_skops_reads_it(forge, monkeypatch):
    path = forge(schema=lambda schema: schema.update(protocol=99))
    monkeypatch.setattr("skops.io.get_untrusted_types", lambda data: pytest.fail("it was read"))
    match = r"written in protocol 99 of skops; .* Update: pip install --upgrade skops"
    with pytest.raises(PredictorError, match=match):
        load_predictor(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        lambda schema: [],
        lambda schema: {},
        lambda schema: schema.pop("protocol") and None,
        lambda schema: schema.update(protocol=-1),
        lambda schema: schema.update(protocol=1.5),
        lambda schema: schema.update(protocol=True),
        lambda schema: schema.pop("content") and None,
        lambda schema: schema["content"]["content"].pop("anchors_") and None,
        lambda schema: schema["content"]["content"].update(anchors_=text([0, 1, 2])),
        lambda schema: schema["content"]["content"].update(anchors_=text(None)),
        lambda schema: schema["content"]["content"].update(regressor_=text("a text")),
        lambda schema: edited(schema, "__loader__", "NdArrayNode", file="1.npy"),
        lambda schema: schema["content"]["content"].update(memory={"__id__": schema["__id__"]}),
        lambda schema: schema["content"]["content"].update(regressor_=deepcopy(schema["content"])),
        lambda schema: text("a text") | {"protocol": 2},
    ],
    ids=[
        "list", "empty", "no-protocol", "negative", "fraction", "truth", "no-content",
        "no-anchors", "list-anchors", "null-anchors", "text", "no-file", "cycle", "dict",
        "other-root",
    ],
)  # fmt: skip
def test_a_schema_that_makes_no_predictor_is_refused(spoil, forge):
    with pytest.raises(PredictorError, match=r"predictor\.skops is (damaged|not to be trusted)"):
        load_predictor(forge(schema=spoil))


def test_a_schema_without_end_is_refused(forge):
    def nest(schema):
        inner = text(1)
        for _ in range(5_000):
            inner = node("ListNode", "builtins.list", content=[inner])
        schema["content"]["content"]["memory"] = inner

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)  # to write it
    try:
        path = forge(schema=nest)
    finally:
        sys.setrecursionlimit(limit)
    with pytest.raises(PredictorError, match="is damaged"):
        load_predictor(path)


REGRESSORS = {
    "forest": (RandomForestRegressor(2, random_state=0), "TreeArrays"),
    "neighbors": (KNeighborsRegressor(3, algorithm="kd_tree"), "NeighborTree"),
    "networks": (MLPScoreRegressor(max_iter=1, random_state=0), "NetArrays"),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "place", "value", "match"),
    [
        ("forest", 0, text(1), "names a feature that does not exist"),
        ("forest", 0, text(99), "a decision tree reads 99 columns, not 3"),
        ("forest", 2, text("no array"), "is damaged"),
        ("neighbors", 0, text("system"), "there is no search tree 'system'"),
        ("neighbors", 3, text(None), "with metric None"),
        ("neighbors", 1, text([[1.0], [2.0]]), "is damaged"),
        ("networks", 1, text("system"), "is damaged"),
        ("networks", 0, text([]), "is damaged"),
    ],
)
def test_forged_arrays_are_checked(name, place, value, match, panel, saved, forge):
    regressor, kind = REGRESSORS[name]
    estimator = AnchoredRegressor(RandomSelector(3, random_state=0), regressor)
    save_predictor(saved, estimator.fit(panel.data, panel.targets), panel)
    path = forge(schema=lambda schema: edited(schema, "__class__", kind, place, content=value))
    with pytest.raises(PredictorError, match=match):
        load_predictor(path)


def test_skops_has_a_say_too(saved, ridge, panel, monkeypatch):
    monkeypatch.setattr("skops.io.get_untrusted_types", lambda data: ["new.Kind"])
    with pytest.raises(PredictorError, match=r"it holds new\.Kind, which no predictor does"):
        load_predictor(saved)
    with pytest.raises(PredictorError, match=r"it holds new\.Kind, which loading would refuse"):
        save_predictor(saved, ridge, panel)


def test_without_skops_an_error_says_what_to_install(saved, ridge, panel, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops", None)
    with pytest.raises(ImportError, match=r"needs skops, .* 'sklearn-sparseeval\[harness\]'"):
        save_predictor(saved, ridge, panel)
