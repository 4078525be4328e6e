import math

import pytest

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.table import NoSingleNumberError
from sklearn_sparseeval.harness.vlmevalkit._scores import (
    Pairs,
    is_empty,
    item_name,
    plain_text,
    score_of,
    score_of_matches,
)


@pytest.mark.parametrize("cell", [None, "", math.nan], ids=repr)
def test_cells_that_hold_nothing(cell):
    assert is_empty(cell)
    assert plain_text(cell) == ""


@pytest.mark.parametrize("cell", [0, 0.0, False, " ", "nan", []], ids=repr)
def test_cells_that_hold_something(cell):
    assert not is_empty(cell)


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (5, "5"),
        (5.0, "5"),
        ("5", "5"),
        ("5.0", "5"),
        ("007", "007"),
        ("VD_figure_0_1", "VD_figure_0_1"),
        (10**18, "1" + "0" * 18),
        (-3.0, "-3"),
    ],
    ids=repr,
)
def test_an_index_is_one_name_whatever_the_format(cell, name):
    assert item_name(cell, 1) == name


@pytest.mark.parametrize(
    "cell", [None, "", math.nan, math.inf, 0.5, 2.0**53, True, [1], {}], ids=repr
)
def test_what_is_no_index_is_refused(cell):
    with pytest.raises(
        ResultsError, match=r"row 7 has the index .*; expected an integer or a text"
    ):
        item_name(cell, 7)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3.0, "3"),
        ("3.00", "3"),
        ("-3.0", "-3"),
        ("3.10", "3.10"),
        (0.5, "0.5"),
        (" a\r\nb_x000D_ ", "a\nb"),
        (True, "True"),
        pytest.param("x" * 40_000, "x" * 32_000, id="long"),
    ],
    ids=repr,
)
def test_plain_text(cell, text):
    assert plain_text(cell) == text


@pytest.mark.parametrize(
    ("cell", "score"),
    [
        (1, 1.0),
        (0.25, 0.25),
        (True, 1.0),
        ("1", 1.0),
        ("0.25", 0.25),
        ("True", 1.0),
        ("FALSE", 0.0),
        (" 1 ", 1.0),
    ],
    ids=repr,
)
def test_scores(cell, score):
    assert score_of("hit", cell) == score


@pytest.mark.parametrize("cell", [None, math.nan, "", "nan", "None", " "], ids=repr)
def test_not_scored(cell):
    assert math.isnan(score_of("hit", cell))


@pytest.mark.parametrize("cell", ["[YES]", "inf", "1e999", math.inf, [1, 0], {}, "A"], ids=repr)
def test_what_is_no_score_is_refused(cell):
    with pytest.raises(NoSingleNumberError):
        score_of("hit", cell)


@pytest.mark.parametrize(
    ("task", "matches", "score"),
    [
        ("TextVQA_VAL", [0.0, 0.5, 1.0], 0.5),
        ("VizWiz", "[0.0, 0.3, 0.9]", 0.4),
        ("DocVQA_VAL", [0.2, 1.0], 0.8),  # distances: the least counts
        ("DocVQA_VAL", [0.5, 1.0], 0.5),
        ("InfoVQA_VAL", "[0.6, 0.51]", 0.0),  # less alike than a half counts nothing
        ("ChartQA_TEST", "[False, True]", 1.0),
        ("OCRVQA_TESTCORE", [0.0, 1.0], 1.0),
        ("TextVQA_VAL", [True, False, True, True], 0.75),
        ("TextVQA_VAL", [0.0], 0.0),
    ],
    ids=repr,
)
def test_matches_are_scored_by_the_rule_of_the_data_set(task, matches, score):
    assert score_of_matches(task, matches) == pytest.approx(score)


@pytest.mark.parametrize("matches", [[], "[]", " [ ] "], ids=repr)
def test_no_matches_are_not_scored(matches):
    assert math.isnan(score_of_matches("TextVQA_VAL", matches))


@pytest.mark.parametrize("matches", [None, 1, "1", "[1", "[a]", "[[1]]", ["x"], {"a": 1}], ids=repr)
def test_what_is_no_list_of_matches_is_refused(matches):
    with pytest.raises(NoSingleNumberError):
        score_of_matches("TextVQA_VAL", matches)


def test_pairs_are_right_where_both_questions_are():
    pairs = Pairs()
    for item, image, score in (
        ("0", "a", 1.0),
        ("1", "b", 1.0),
        ("2", "a", 1.0),
        ("3", "b", 0.0),
        ("4", "c", 1.0),
        *((str(number), "d", 1.0) for number in (5, 6, 7)),
    ):
        pairs.add(("OCR", image), item, score, {"group": image})
    scores = {item: score for item, score, _ in pairs.scores()}
    right = {item: score for item, score in scores.items() if not math.isnan(score)}
    assert right == {"0": 1.0, "2": 1.0, "1": 0.0, "3": 0.0}
    assert {item: about["group"] for item, _, about in pairs.scores()}["4"] == "c"
    assert set(scores) - set(right) == {"4", "5", "6", "7"}  # no two questions on the image
