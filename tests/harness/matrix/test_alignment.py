"""Which models and items stay: counted, named, and never silently."""

import re
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness.matrix._comparability import items_to_keep, models_to_keep
from sklearn_sparseeval.harness.matrix._epochs import Cells

NAN = np.nan


def cells_of(matrix, recorded=None):
    """Cells of a dense matrix; those that are not recorded have no row at all."""
    matrix = np.array(matrix, dtype=float)
    model, item = np.nonzero(np.ones(matrix.shape) if recorded is None else recorded)
    value = matrix[model, item]
    return Cells(model.astype(np.int32), item.astype(np.int32), value, np.full(len(value), NAN))


def models(n):
    return [f"m{number}" for number in range(n)]


def kept_models(matrix, min_coverage=None):
    matrix = np.array(matrix, dtype=float)
    keep = models_to_keep(cells_of(matrix), models(len(matrix)), matrix.shape[1], min_coverage)
    return keep.tolist()


def kept_items(matrix, alignment="common", tasks=None):
    names = [f"t:{number}" for number in range(len(matrix[0]))]
    tasks = tasks or ["t"] * len(names)
    return items_to_keep(cells_of(matrix), models(len(matrix)), names, tasks, alignment).tolist()


@pytest.mark.parametrize("min_coverage", [None, 0.5, 1.0])
def test_complete_models_stay_without_a_word(min_coverage):
    assert kept_models([[0, 1], [1, 1]], min_coverage) == [True, True]


def test_a_model_without_a_score_goes():
    message = re.escape(
        "1 of 2 models were left out, since they have no score on the chosen tasks: 'm1'."
    )
    with pytest.warns(ResultsWarning, match=f"^{message}$"):
        assert kept_models([[0, NAN], [NAN, NAN]]) == [True, False]


def test_no_score_at_all():
    with pytest.raises(ResultsError, match="all of them are NaN"):
        kept_models([[NAN], [NAN]])


def test_coverage_is_a_share_of_the_items_with_a_score():
    matrix = [[1, 1, 1, 1, NAN], [1, 1, NAN, NAN, NAN], [1, 1, 1, NAN, NAN]]
    assert kept_models(matrix, 0.5) == [True, True, True]
    message = "1 of 3 models were left out, since they have scores on less than 0.6 of the 4 items"
    with pytest.warns(ResultsWarning, match=rf"^{message}: 'm1' \(2\)\.$"):
        assert kept_models(matrix, 0.6) == [True, False, True]


def test_coverage_that_no_model_has():
    message = r"No model has a score on 0\.9 of the 3 items: 'm1' has the most, 2 \(0\.6667\)"
    with pytest.raises(ResultsError, match=message):
        kept_models([[1, NAN, NAN], [NAN, 1, 1]], 0.9)


def test_five_models_of_low_coverage_are_named():
    matrix = np.full((8, 4), NAN)
    matrix[0], matrix[1:, 0] = 1, 1
    with pytest.warns(ResultsWarning, match=r"'m5' \(1\) and 2 more\.$"):
        assert sum(kept_models(matrix, 0.5)) == 1


def test_a_model_without_a_score_is_not_told_twice():
    with pytest.warns(ResultsWarning) as caught:
        assert kept_models([[1, 1], [NAN, NAN], [1, NAN]], 0.6) == [True, False, False]
    assert [str(one.message)[-9:] for one in caught] == ["ks: 'm1'.", "'m2' (1)."]


@pytest.mark.parametrize("alignment", ["common", "all"])
def test_items_that_all_have_stay_without_a_word(alignment):
    assert kept_items([[0, 1], [1, 1]], alignment) == [True, True]


def test_common_items():
    matrix = [[1, 1, NAN, 1], [1, NAN, NAN, 1], [1, 1, 1, 1]]
    with pytest.warns(ResultsWarning) as caught:
        assert kept_items(matrix) == [True, False, False, True]
    assert [str(one.message) for one in caught] == [
        "2 of 4 items were left out, since not all models have a score on them: model 'm1' lacks "
        "2, model 'm0' lacks 1. To leave out models that lack many items instead, pass "
        "min_coverage=0.9 (--min-coverage 0.9); to keep all items, alignment='all' "
        "(--alignment all)."
    ]


def test_all_items():
    assert kept_items([[1, NAN], [NAN, 1]], "all") == [True, True]


@pytest.mark.parametrize("alignment", ["common", "all"])
def test_items_without_any_score_go(alignment):
    message = "1 of 2 items were left out, since no model has a score on them: 't:1'"
    with pytest.warns(ResultsWarning, match=message):
        assert kept_items([[1, NAN], [1, NAN]], alignment) == [True, False]


def test_a_task_that_is_lost_is_named():
    matrix = [[1, 1, 1], [1, NAN, NAN]]
    with pytest.warns(ResultsWarning, match="lacks 2. All items of 'u' are among them. To leave"):
        assert kept_items(matrix, tasks=["t", "u", "u"]) == [True, False, False]


def test_many_models_that_lack_items():
    matrix = np.ones((6, 9))
    matrix[1:, 1] = NAN
    with pytest.warns(ResultsWarning, match="model 'm3' lacks 1 and 2 more models lack some"):
        assert sum(kept_items(matrix)) == 8


def test_no_common_item():
    message = r"None of the 2 items has a score of all 2 models: model 'm0' lacks 1, .*--tasks\)"
    with pytest.raises(ResultsError, match=message):
        kept_items([[1, NAN], [NAN, 1]])


@given(
    hnp.arrays(
        float, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.sampled_from([1, NAN])
    ),
    st.sampled_from([None, 0.3, 0.5, 1.0]),
    st.sampled_from(["common", "all"]),
    st.data(),
)
def test_what_is_left_is_as_promised(matrix, min_coverage, alignment, data):
    # Cells that are not scored may be recorded as NaN, or not at all.
    recorded = data.draw(hnp.arrays(bool, matrix.shape)) | ~np.isnan(matrix)
    cells, scored = cells_of(matrix, recorded), ~np.isnan(matrix)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResultsWarning)
        share = scored.sum(axis=1) / max(1, scored.any(axis=0).sum())
        expected = (share > 0) & (share >= (min_coverage or 0))
        names = models(len(matrix))
        if not expected.any():
            with pytest.raises(ResultsError):
                models_to_keep(cells, names, matrix.shape[1], min_coverage)
            return
        keep = models_to_keep(cells, names, matrix.shape[1], min_coverage)
        assert keep.tolist() == expected.tolist()
        left, tasks = cells_of(matrix[keep], recorded[keep]), ["t"] * matrix.shape[1]
        rule = {"common": scored[keep].all(axis=0), "all": scored[keep].any(axis=0)}[alignment]
        if not rule.any():
            with pytest.raises(ResultsError):
                items_to_keep(left, names[: keep.sum()], tasks, tasks, alignment)
            return
        items = items_to_keep(left, names[: keep.sum()], tasks, tasks, alignment)
        assert items.tolist() == rule.tolist()
