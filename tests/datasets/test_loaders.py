"""The loaders: scikit-learn's conventions, and facts counted in the sources."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneGroupOut

from sklearn_sparseeval import datasets
from sklearn_sparseeval.datasets import (
    load_helm_lite,
    load_mathvision,
    load_open_llm,
    load_zeroeval_gsm,
)

HELM_TASKS = ["gsm", "mmlu", "commonsense", "math", "med_qa"]

LOADERS = {
    **{f"helm_lite_{task}": partial(load_helm_lite, task=task) for task in HELM_TASKS},
    "open_llm_arc_challenge": partial(load_open_llm, task="arc_challenge"),
    "open_llm_ifeval": partial(load_open_llm, task="ifeval"),
    "zeroeval_gsm": load_zeroeval_gsm,
    "mathvision": load_mathvision,
}

SHAPES = {
    "helm_lite_gsm": (83, 1000),
    "helm_lite_mmlu": (83, 567),
    "helm_lite_commonsense": (83, 500),
    "helm_lite_math": (83, 437),
    "helm_lite_med_qa": (83, 1000),
    "open_llm_arc_challenge": (218, 1172),
    "open_llm_ifeval": (448, 541),
    "zeroeval_gsm": (44, 1319),
    "mathvision": (16, 3040),
}

N_FAMILIES = {
    **{f"helm_lite_{task}": 18 for task in HELM_TASKS},
    "open_llm_arc_challenge": 47,
    "open_llm_ifeval": 55,
    "zeroeval_gsm": 12,
    "mathvision": 6,
}

# Number of right answers, counted in the sources; the three of MATH-Vision are its published
# 12.63, 11.12 and 7.17 %.
SCORES = [
    ("helm_lite_gsm", "anthropic_claude-3-5-sonnet-20241022", 956),
    ("helm_lite_gsm", "AlephAlpha_luminous-base", 28),
    ("helm_lite_mmlu", "AlephAlpha_luminous-base", 130),
    ("helm_lite_commonsense", "anthropic_claude-3-5-sonnet-20240620", 486),
    ("helm_lite_math", "google_gemini-1.5-pro-002", 408),
    ("helm_lite_med_qa", "openai_gpt-4o-2024-08-06", 869),
    ("open_llm_arc_challenge", "abacusai/Smaug-72B-v0.1", 880),
    ("open_llm_ifeval", "meta-llama/Llama-3.3-70B-Instruct", 476),
    ("zeroeval_gsm", "gpt-4o-2024-08-06", 1269),
    ("zeroeval_gsm", "gemma-2-2b-it", 681),
    ("mathvision", "Qwen-VL-Max-CoT", 384),
    ("mathvision", "LLaVA-v1.5-13B", 338),
    ("mathvision", "Random-Chance", 218),
]

# The first and last cells of the first and last rows, copied from the sources.
CORNERS = [
    ("helm_lite_gsm", "100111110111", "111101"),
    ("helm_lite_mmlu", "001010000010", "111111"),
    ("helm_lite_commonsense", "111101111010", "111111"),
    ("helm_lite_math", "100110010111", "111001"),
    ("helm_lite_med_qa", "111110101111", "101011"),
    ("open_llm_arc_challenge", "111111000011", "101100"),
    ("open_llm_ifeval", "000101100000", "100111"),
    ("zeroeval_gsm", "110111111100", "111111"),
    ("mathvision", "110011000000", "000000"),
]

# scikit-learn imports pandas itself where it finds it, hence refused here and not looked for.
REFUSE_HEAVY_IMPORTS = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in {"pandas", "torch", "matplotlib"}:
            raise ImportError(f"{name} is refused")

sys.meta_path.insert(0, Refuse())
"""


@pytest.fixture(params=LOADERS)
def name(request):
    return request.param


def test_shapes_and_types(name):
    dataset = LOADERS[name]()
    n_models, n_items = SHAPES[name]
    assert dataset.data.shape == (n_models, n_items)
    assert dataset.data.dtype == dataset.target.dtype == np.float64
    assert dataset.target.shape == dataset.model_names.shape == dataset.families.shape
    assert dataset.feature_names.shape == (n_items,)
    for names in (dataset.feature_names, dataset.model_names, dataset.families):
        assert isinstance(names, np.ndarray)
        assert names.dtype.kind == "U"
    assert dataset.frame is None


def test_scores_are_right_wrong_or_not_evaluated(name):
    dataset = LOADERS[name]()
    evaluated = dataset.data[~np.isnan(dataset.data)]
    assert set(np.unique(evaluated)) == {0.0, 1.0}
    np.testing.assert_allclose(dataset.target, np.nanmean(dataset.data, axis=1))
    if name != "zeroeval_gsm":
        assert evaluated.size == dataset.data.size


@pytest.mark.parametrize(("name", "model", "n_right"), SCORES)
def test_known_scores(name, model, n_right):
    dataset = LOADERS[name]()
    row = np.flatnonzero(dataset.model_names == model)
    assert row.size == 1
    assert dataset.data[row].sum() == n_right
    np.testing.assert_allclose(dataset.target[row], n_right / SHAPES[name][1])


@pytest.mark.parametrize(("name", "first", "last"), CORNERS)
def test_known_cells(name, first, last):
    data = LOADERS[name]().data
    assert "".join(f"{cell:.0f}" for cell in data[0, :12]) == first
    assert "".join(f"{cell:.0f}" for cell in data[-1, -6:]) == last


def test_missing_cells_of_zeroeval():
    dataset = load_zeroeval_gsm()
    missing = np.isnan(dataset.data)
    (row,) = np.flatnonzero(missing.any(axis=1))
    assert dataset.model_names[row] == "gemini-1.5-flash-exp-0827"
    np.testing.assert_array_equal(np.flatnonzero(missing[row]), np.arange(681, 1319))
    assert round(dataset.target[row], 4) == 0.9501


def test_helm_tasks_share_their_models():
    expected = load_helm_lite().model_names
    for task in HELM_TASKS:
        np.testing.assert_array_equal(load_helm_lite(task=task).model_names, expected)


@pytest.mark.parametrize("loader", [load_helm_lite, load_open_llm])
def test_default_task_is_the_documented_one(loader):
    default = {load_helm_lite: "gsm", load_open_llm: "arc_challenge"}[loader]
    np.testing.assert_array_equal(loader().data, loader(task=default).data)


def test_return_X_y(name):
    dataset = LOADERS[name]()
    data, target = LOADERS[name](return_X_y=True)
    np.testing.assert_array_equal(data, dataset.data)
    np.testing.assert_array_equal(target, dataset.target)


@pytest.mark.slow
def test_as_frame(name):
    pd = pytest.importorskip("pandas")
    plain, dataset = LOADERS[name](), LOADERS[name](as_frame=True)
    assert isinstance(dataset.data, pd.DataFrame)
    assert isinstance(dataset.target, pd.Series)
    assert dataset.target.name == "score"
    assert dataset.data.index.tolist() == plain.model_names.tolist()
    assert dataset.data.columns.tolist() == plain.feature_names.tolist()
    np.testing.assert_array_equal(dataset.data.to_numpy(), plain.data)
    np.testing.assert_array_equal(dataset.target.to_numpy(), plain.target)
    pd.testing.assert_frame_equal(dataset.frame.drop(columns="score"), dataset.data)
    pd.testing.assert_series_equal(dataset.frame["score"], dataset.target)
    assert dataset.frame.columns[-1] == "score"


@pytest.mark.slow
def test_as_frame_with_return_X_y():
    pd = pytest.importorskip("pandas")
    data, target = load_mathvision(return_X_y=True, as_frame=True)
    expected = load_mathvision(as_frame=True)
    pd.testing.assert_frame_equal(data, expected.data)
    pd.testing.assert_series_equal(target, expected.target)


def test_as_frame_without_pandas_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"as_frame=True needs pandas, which is not installed"):
        load_mathvision(as_frame=True)


def test_description(name):
    description = LOADERS[name]().DESCR
    n_models, n_items = SHAPES[name]
    assert f"Models (rows): {n_models}, of {N_FAMILIES[name]} families" in description
    assert f"Items (columns): {n_items}" in description
    assert ("Licence: Apache-2.0" if name == "zeroeval_gsm" else "Licence: MIT") in description
    assert "https://github.com/" in description
    assert ("Missing cells: 1.10%" if name == "zeroeval_gsm" else "Missing cells: 0.00%") in (
        description
    )


def test_families_are_ready_to_be_groups(name):
    dataset = LOADERS[name]()
    assert np.unique(dataset.families).size == N_FAMILIES[name]
    splits = LeaveOneGroupOut().split(dataset.data, groups=dataset.families)
    assert sum(1 for _ in splits) == N_FAMILIES[name]


@pytest.mark.parametrize("task", HELM_TASKS)
def test_helm_families_are_the_prefix_of_the_name(task):
    dataset = load_helm_lite(task=task)
    expected = [model.partition("_")[0] for model in dataset.model_names]
    assert dataset.families.tolist() == expected


@pytest.mark.parametrize("task", ["arc_challenge", "ifeval"])
def test_open_llm_families_are_the_organisation(task):
    dataset = load_open_llm(task=task)
    joined = {"gpt2": "openai-community", "ibm": "ibm-granite", "mistral-community": "mistralai"}
    for model, family in zip(dataset.model_names, dataset.families, strict=True):
        organisation = model.removesuffix(" (2)").partition("/")[0]
        assert family == joined.get(organisation, organisation)


@pytest.mark.parametrize(("task", "n_repeated"), [("arc_challenge", 6), ("ifeval", 19)])
def test_repeated_open_llm_names_are_copies_in_one_family(task, n_repeated):
    dataset = load_open_llm(task=task)
    rows = {model: row for row, model in enumerate(dataset.model_names)}
    repeated = [model for model in rows if model.endswith(" (2)")]
    assert len(repeated) == n_repeated
    for model in repeated:
        first, second = rows[model.removesuffix(" (2)")], rows[model]
        np.testing.assert_array_equal(dataset.data[first], dataset.data[second])
        assert dataset.families[first] == dataset.families[second]


@pytest.mark.parametrize("task", ["arc_challenge", "ifeval"])
def test_identical_open_llm_rows_are_in_one_family(task):
    dataset = load_open_llm(task=task)
    _, pattern = np.unique(dataset.data, axis=0, return_inverse=True)
    for same in np.unique(pattern):
        assert np.unique(dataset.families[pattern == same]).size == 1


def family_of(dataset):
    return dict(zip(dataset.model_names.tolist(), dataset.families.tolist(), strict=True))


@pytest.mark.parametrize(
    ("family", "prefixes", "n_models"),
    [
        ("01-ai", ("Yi-", "yi-"), 4),
        ("anthropic", ("claude-",), 6),
        ("cohere", ("command-",), 2),
        ("deepseek-ai", ("DeepSeek-", "deepseek-"), 4),
        ("google", ("gemini-", "gemma-"), 7),
        ("meta", ("Llama-", "Meta-Llama-"), 7),
        ("microsoft", ("Phi-",), 1),
        ("mistralai", ("Mistral-", "Mixtral-"), 3),
        ("nexusflow", ("Athene-",), 1),
        ("openai", ("gpt-", "o1-"), 5),
        ("qwen", ("Qwen",), 2),
        ("reka", ("reka-",), 2),
    ],
)
def test_zeroeval_families(family, prefixes, n_models):
    families = family_of(load_zeroeval_gsm())
    of_family = {model for model, its_family in families.items() if its_family == family}
    assert of_family == {model for model in families if model.startswith(prefixes)}
    assert len(of_family) == n_models


def test_mathvision_families():
    families = family_of(load_mathvision())
    with_thought = [model for model in families if model.removesuffix("-CoT") in families]
    pairs = [model for model in with_thought if model.endswith("-CoT")]
    assert sorted(pairs) == ["Gemini-Pro-CoT", "InternLM-XComposer2-VL-CoT", "Qwen-VL-Max-CoT"]
    for model in pairs:
        assert families[model] == families[model.removesuffix("-CoT")]
    assert families["ShareGPT4V-7B"] == families["ShareGPT4V-13B"] == families["SPHINX-v2"]
    assert families["LLaVA-v1.5-7B"] == families["LLaVA-v1.5-13B"] != families["ShareGPT4V-7B"]
    assert [m for m, family in families.items() if family == "openai"] == [
        "ChatGPT3.5-CoT (Text+Image Caption)",
        "GPT4-CoT (Text Only)",
    ]
    assert [m for m, family in families.items() if family == "random-chance"] == ["Random-Chance"]


@pytest.mark.parametrize("loader", [load_helm_lite, load_open_llm])
def test_unknown_task_names_the_known_ones(loader):
    with pytest.raises(ValueError, match=r"'task' parameter of load_\w+ .* Got 'gsm9k' instead"):
        loader(task="gsm9k")


@pytest.mark.parametrize("option", ["return_X_y", "as_frame"])
def test_options_are_booleans(name, option):
    with pytest.raises(ValueError, match=f"'{option}' parameter"):
        LOADERS[name](**{option: "yes"})


def test_calls_do_not_share_their_arrays():
    load_mathvision().data[:] = 0.5
    assert set(np.unique(load_mathvision().data)) == {0.0, 1.0}


def test_public_names():
    assert datasets.__all__ == sorted(datasets.__all__)
    functions = [name for name in datasets.__all__ if name != "SHIPPED"]
    assert all(callable(getattr(datasets, public)) for public in functions)


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "import sklearn_sparseeval.datasets",
        "import sklearn_sparseeval.datasets as d; d.load_mathvision(); d.make_score_matrix(5, 6)",
    ],
    ids=["import", "load"],
)
def test_works_without_optional_and_heavy_packages(code):
    script = f"{REFUSE_HEAVY_IMPORTS}\n{code}"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", LOADERS)
def test_a_matrix_of_the_same_data(name):
    bunch, matrix = LOADERS[name](), LOADERS[name](as_matrix=True)
    np.testing.assert_array_equal(matrix.data, bunch.data)
    assert list(matrix.data.index) == list(bunch.model_names)
    assert list(matrix.data.columns) == list(bunch.feature_names)
    assert matrix.families == list(bunch.families)
    np.testing.assert_allclose(matrix.targets["overall"], bunch.target)
    assert datasets.load_shipped(name) == matrix


def test_every_data_set_that_ships_has_a_name():
    assert set(datasets.SHIPPED) == set(LOADERS)
    with pytest.raises(ValueError, match=r"No data set 'imagenet' ships; there are helm_lite_gsm,"):
        datasets.load_shipped("imagenet")


@pytest.mark.parametrize("other", ["return_X_y", "as_frame"])
def test_a_matrix_is_not_returned_in_parts(other):
    with pytest.raises(ValueError, match="as_matrix=True returns a ScoreMatrix"):
        load_mathvision(as_matrix=True, **{other: True})
