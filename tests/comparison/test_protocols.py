"""Splits of the models of a matrix: what is held out, and what is said of it."""

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ScoreMatrix
from sklearn_sparseeval.comparison import make_protocol
from sklearn_sparseeval.datasets import make_score_matrix
from sklearn_sparseeval.splitters import StrengthSplit


def matrix_of(scores, names=None, families=None):
    names = names or [f"m{row}" for row in range(len(scores))]
    return ScoreMatrix.from_frame(pd.DataFrame(scores, names), families=families)


@pytest.fixture(scope="module")
def matrix():
    panel = make_score_matrix(60, 40, n_families=12, random_state=0)
    return matrix_of(panel.data, families=panel.families)


def test_whole_families_are_held_out(matrix):
    protocol = make_protocol(matrix)
    families = np.array(matrix.families)
    assert len(protocol.splits) == 20
    for sources, targets in protocol.splits:
        assert not set(families[sources]) & set(families[targets])
        assert sorted([*sources, *targets]) == list(range(60))
    assert list(protocol.groups) == matrix.families
    assert protocol.description.startswith(
        "Protocol family: 20 splits hold out about a quarter of the models, whole families (12 as "
        "given; near-identical models joined, 12 groups)"
    )


def test_the_strongest_are_predicted_from_the_weakest(matrix):
    strength = StrengthSplit(3, random_state=7).split(matrix.data)
    protocol = make_protocol(matrix, "strength", n_splits=3, random_state=7)
    for ours, expected in zip(protocol.splits, strength, strict=True):
        np.testing.assert_array_equal(ours[0], expected[0])
        np.testing.assert_array_equal(ours[1], expected[1])


def test_a_random_quarter(matrix):
    protocol = make_protocol(matrix, "random", n_splits=4)
    assert {len(targets) for _, targets in protocol.splits} == {15}
    assert "a random quarter of the models, which flatters" in protocol.description


@pytest.mark.parametrize("kind", ["family", "random", "strength"])
def test_a_seed_makes_the_splits(matrix, kind):
    first, again, other = (
        np.concatenate([row for split in made.splits for row in split])
        for made in (make_protocol(matrix, kind, random_state=seed) for seed in (0, 0, 1))
    )
    np.testing.assert_array_equal(first, again)
    assert first.tolist() != other.tolist()


def test_copies_are_held_out_together_where_no_families_are_named(matrix):
    twice = matrix_of(np.vstack([matrix.data[:20]] * 2))
    protocol = make_protocol(twice, n_splits=3)
    for sources, targets in protocol.splits:
        assert not set(sources % 20) & set(targets % 20)
    assert "the file names none: a column 'family' would hold" in protocol.description


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("org{}/m{}", "whole families (5, the part of the names before the last '/'; near"),
        ("hf/org{}/m{}", "whole families (5, the part of the names"),
        ("/models/{}/m{}", "whole families (the file names none"),
        ("./out{}/m{}", "whole families (the file names none"),
        ("acme/m{}{}", "whole families (the file names none"),
        ("m{}{}", "whole families (the file names none"),
    ],
)
def test_names_tell_families_unless_they_are_paths_or_all_begin_alike(matrix, form, said):
    names = [form.format(row % 5, row) for row in range(60)]
    protocol = make_protocol(matrix_of(matrix.data.to_numpy(), names), n_splits=2)
    assert said in protocol.description
    if "(5" in said:
        assert [group[-1] for group in protocol.groups] == [str(row % 5) for row in range(60)]
        for sources, targets in protocol.splits:
            assert not set(sources % 5) & set(targets % 5)


def test_another_kind_is_refused(matrix):
    with pytest.raises(ValueError, match="kind='date'; expected one of family, random, strength"):
        make_protocol(matrix, "date")
