"""Near-duplicates: all pairs by plain loops, missing and graded scores, blocks, real copies."""

import tracemalloc
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm, make_score_matrix
from sklearn_sparseeval.splitters import FamilyShuffleSplit, group_similar_models

SCORES = {
    "0/1": st.sampled_from([0.0, 1.0]),
    "0/100": st.sampled_from([0.0, 100.0]),
    "0/1 with gaps": st.sampled_from([0.0, 1.0, 0.0, 1.0, np.nan]),
    "graded": st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
    "graded with gaps": st.sampled_from([0.0, 0.1, 0.2, 0.9, 1.0, np.nan]),
    "real": st.floats(-3, 7, allow_subnormal=False),
}


@st.composite
def _panels(draw):
    """Small matrices of one kind of scores, some rows of which are copies with a few changes."""
    kind = draw(st.sampled_from(sorted(SCORES)))
    n_models, n_items = draw(st.integers(1, 9)), draw(st.integers(1, 8))
    row = st.lists(SCORES[kind], min_size=n_items, max_size=n_items)
    X = np.array(draw(st.lists(row, min_size=n_models, max_size=n_models)))
    for model in range(1, n_models):
        if draw(st.booleans()):
            X[model] = X[draw(st.integers(0, model - 1))]
            X[model, draw(st.integers(0, n_items - 1))] = draw(SCORES[kind])
    return X


def _similarity(one, other, spread, n_common):
    gaps = [abs(a - b) for a, b in zip(one, other, strict=True) if not np.isnan(a + b)]
    if len(gaps) < n_common:
        return -np.inf
    return 1 - (sum(gaps) / len(gaps) / spread if spread else 0)


def _groups_by_loop(X, threshold, groups, n_common):
    """Join pair after pair: every model points to a model further up, the first to itself."""
    seen = X[~np.isnan(X)]
    spread = max(seen) - min(seen) if len(seen) else 0
    parent = list(range(len(X)))

    def first_of(model):
        return model if parent[model] == model else first_of(parent[model])

    for one, other in combinations(range(len(X)), 2):
        family = groups is not None and groups[one] == groups[other]
        if family or _similarity(X[one], X[other], spread, n_common) >= threshold - 1e-6:
            parents = first_of(one), first_of(other)
            parent[max(parents)] = min(parents)
    firsts = [first_of(model) for model in range(len(X))]
    return [sorted(set(firsts)).index(first) for first in firsts]


@pytest.mark.slow
@given(
    _panels(),
    st.sampled_from([0.3, 0.5, 0.6, 0.75, 0.8, 0.9, 0.98, 1.0]),
    st.integers(1, 8),
    st.one_of(st.none(), st.lists(st.integers(0, 5), min_size=9, max_size=9)),
    st.sampled_from([1, 2, 1024]),
)
@settings(deadline=None, max_examples=400)
def test_as_in_plain_loops(X, threshold, min_overlap, groups, block_rows):
    min_overlap = min(min_overlap, X.shape[1])
    groups = groups if groups is None else groups[: len(X)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sklearn_sparseeval.splitters._similar_models._BLOCK_ROWS", block_rows)
        labels = group_similar_models(X, threshold, groups=groups, min_overlap=min_overlap)
    assert labels.dtype == np.intp
    assert labels.tolist() == _groups_by_loop(X, threshold, groups, min_overlap)


@pytest.mark.slow
@pytest.mark.parametrize("graded", [False, True], ids=["right or wrong", "graded"])
@pytest.mark.parametrize("missing", [0.0, 0.2], ids=["complete", "incomplete"])
@pytest.mark.parametrize("threshold", [0.7, 0.85, 0.9])
def test_a_larger_panel_as_in_plain_loops(graded, missing, threshold):
    X = make_score_matrix(40, 60, n_families=8, graded=graded, missing=missing, random_state=0).data
    expected = _groups_by_loop(X, threshold, None, 30)
    assert group_similar_models(X, threshold).tolist() == expected


def test_the_larger_panels_have_groups_to_find():
    X = make_score_matrix(40, 60, n_families=8, random_state=0).data
    n_groups = [group_similar_models(X, threshold).max() + 1 for threshold in (0.7, 0.85, 0.9)]
    assert 1 < n_groups[0] < n_groups[1] < n_groups[2] <= 40


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cells", "rows"), [(1, 1), (200, 7), (2**22, 1024)], ids=["single rows", "uneven", "one"]
)
@pytest.mark.parametrize("graded", [False, True], ids=["right or wrong", "graded"])
def test_blocks_do_not_matter(monkeypatch, cells, rows, graded):
    X = make_score_matrix(50, 20, missing=0.05, graded=graded, random_state=1).data
    expected = group_similar_models(X, 0.85)
    monkeypatch.setattr("sklearn_sparseeval.splitters._similar_models._BLOCK_CELLS", cells)
    monkeypatch.setattr("sklearn_sparseeval.splitters._similar_models._BLOCK_ROWS", rows)
    assert (group_similar_models(X, 0.85) == expected).all()
    assert 1 < expected.max() + 1 < 50


@pytest.mark.parametrize(
    ("n_items", "n_different", "threshold"),
    [(500, 10, 0.98), (10, 1, 0.9), (10, 7, 0.3), (50, 1, 0.98), (3, 1, 2 / 3)],
)
@pytest.mark.parametrize("height", [1.0, 100.0, 0.1])
def test_the_threshold_itself_is_similar(n_items, n_different, threshold, height):
    X = np.zeros((3, n_items))
    X[1, :n_different] = height
    X[2, : n_different + 1] = height
    X[2, -1] = height
    labels = group_similar_models(X[[0, 1]], threshold)
    assert labels.tolist() == [0, 0]
    if n_different + 2 <= n_items:
        assert group_similar_models(X[[0, 2]], threshold).tolist() == [0, 1]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int8, bool, object])
def test_types_of_scores(dtype):
    X = np.array([[1, 0, 1, 1], [0, 0, 1, 0], [1, 0, 1, 1], [1, 1, 0, 1]], dtype=dtype)
    assert group_similar_models(X).tolist() == [0, 1, 0, 2]


def test_float32_cannot_count_what_float64_must(monkeypatch):
    X = make_score_matrix(30, 50, missing=0.1, random_state=0).data
    expected = group_similar_models(X, 0.8)
    monkeypatch.setattr("sklearn_sparseeval.splitters._similar_models._FLOAT32_ITEMS", 10)
    assert (group_similar_models(X, 0.8) == expected).all()


def test_scores_in_other_units_are_grouped_alike():
    X = make_score_matrix(60, 40, n_families=10, graded=True, random_state=0).data
    expected = group_similar_models(X, 0.9)
    assert 1 < expected.max() + 1 < 60
    assert (group_similar_models(100 * X - 7, 0.9) == expected).all()
    assert (group_similar_models(X.astype(np.float32), 0.9) == expected).all()


def test_similarity_is_passed_on_along_a_chain():
    X = np.tril(np.ones((6, 5)), k=-1)  # each model solves one item more than the one before
    assert group_similar_models(X, 0.8).tolist() == [0] * 6
    assert group_similar_models(X, 0.81).tolist() == list(range(6))


def test_families_are_joined_and_join_others():
    X = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]])
    groups = pd.Series(["b", "a", "a", "c"], index=[3, 2, 1, 0])
    assert group_similar_models(pd.DataFrame(X), groups=groups).tolist() == [0, 0, 0, 1]
    assert group_similar_models(X, groups=list("dcba")).tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize(
    ("min_overlap", "expected"),
    [(0.5, [0, 1, 0]), (0.4, [0, 0, 0]), (4, [0, 0, 0]), (5, [0, 1, 0]), (1.0, [0, 1, 0])],
)
def test_models_with_little_in_common_are_not_similar(min_overlap, expected):
    X = np.ones((3, 10))
    X[0, 5] = 0
    X[1, 4:] = np.nan
    X[2, 5] = 0
    assert group_similar_models(X, min_overlap=min_overlap).tolist() == expected


@pytest.mark.parametrize("share", [0.3, 0.7, 0.29, 0.57, 0.01])
def test_a_share_of_the_items_is_rounded_up(share):
    n_needed = {0.3: 30, 0.7: 70, 0.29: 29, 0.57: 57, 0.01: 1}[share]
    X = np.zeros((2, 100))
    X[0, n_needed:] = np.nan
    assert group_similar_models(X, min_overlap=share).tolist() == [0, 0]
    X[0, n_needed - 1 :] = np.nan
    assert group_similar_models(X, min_overlap=share).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (np.full((3, 2), np.nan), [0, 1, 2]),
        (np.full((3, 2), 0.7), [0, 0, 0]),
        (np.array([[0.7, np.nan], [0.7, np.nan], [np.nan, 0.7]]), [0, 0, 1]),
        (np.array([[0.2, 0.9, 0.4]]), [0]),
    ],
    ids=["nothing evaluated", "constant", "constant with gaps", "one model"],
)
def test_degenerate_panels(X, expected):
    assert group_similar_models(X).tolist() == expected


def test_copies_of_real_models_are_found():
    ifeval = load_open_llm(task="ifeval")
    labels = group_similar_models(ifeval.data)
    names = list(ifeval.model_names)
    copies = [name for name in names if name.endswith(" (2)")]
    assert copies
    for name in copies:
        assert labels[names.index(name)] == labels[names.index(name.removesuffix(" (2)"))]
    rows = np.unique(ifeval.data, axis=0)
    assert len(rows) < len(names)
    assert group_similar_models(ifeval.data, 1).max() + 1 == len(rows)
    assert group_similar_models(ifeval.data, 0.95).max() + 1 < len(rows)


def test_the_pair_across_organisations_no_longer_leaks():
    mmlu = load_helm_lite(task="mmlu")
    pair = np.isin(mmlu.model_names, ["writer_palmyra-x-v3", "google_text-unicorn@001"])
    one, other = np.flatnonzero(pair)
    assert (mmlu.data[one] == mmlu.data[other]).all()
    labels = group_similar_models(mmlu.data, groups=mmlu.families)
    assert labels.max() + 1 == len(set(mmlu.families)) - 1  # two families have become one
    apart = {False: 0, True: 0}
    for joined, groups in ((False, mmlu.families), (True, labels)):
        for train, test in FamilyShuffleSplit(20, random_state=0).split(mmlu.data, groups=groups):
            apart[joined] += len({one, other} & set(train)) == len({one, other} & set(test)) == 1
    assert apart[False] > 0
    assert apart[True] == 0


def test_strong_models_agree_by_chance():
    correct = np.random.default_rng(0).random((20, 5000)) < 0.95  # independent of each other
    assert group_similar_models(correct, 0.92).max() + 1 == 20
    assert group_similar_models(correct, 0.89).max() + 1 == 1


@pytest.mark.parametrize(("threshold", "largest"), [(0.98, 2), (0.95, 17), (0.9, 44)])
def test_strong_real_models_agree_by_chance_too(threshold, largest):
    commonsense = load_helm_lite(task="commonsense")
    sizes = np.bincount(group_similar_models(commonsense.data, threshold))
    assert sizes.max() == largest


@pytest.mark.parametrize("graded", [False, True], ids=["right or wrong", "graded"])
def test_large_panels_need_little_memory(graded):
    panel = make_score_matrix(3000, 100, missing=0.01, graded=graded, random_state=0)
    X = np.vstack([panel.data, panel.data[::2]])  # 3.6 MB
    tracemalloc.start()
    labels = group_similar_models(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (labels[3000:] == labels[:3000:2]).all()
    assert peak < 120e6  # one number for each pair of models would be 162 MB


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"threshold": 0}, "'threshold' parameter of group_similar_models must be"),
        ({"threshold": 1.1}, "'threshold' parameter"),
        ({"min_overlap": 0}, "'min_overlap' parameter"),
        ({"min_overlap": 1.5}, "'min_overlap' parameter"),
        ({"min_overlap": 4}, r"min_overlap=4 is more than there are items \(3\), so no two"),
        ({"groups": ["a"]}, "inconsistent numbers of samples"),
        ({"groups": ["a", None]}, r"1 missing family label\(s\), the first at index 1"),
        ({"X": [[0, np.inf]]}, "infinity"),
        ({"X": [0, 1]}, "Expected 2D array"),
    ],
    ids=[
        "threshold 0",
        "threshold above 1",
        "overlap 0",
        "overlap above 1",
        "overlap of 4",
        "few labels",
        "missing label",
        "infinite",
        "one row",
    ],
)
def test_bad_input(parameters, message):
    with pytest.raises(ValueError, match=message):
        group_similar_models(**{"X": [[0, 1, 1], [0, 0, 1]], **parameters})
