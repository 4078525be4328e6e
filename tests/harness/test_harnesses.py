from inspect import signature

import pytest

from sklearn_sparseeval import ResultsError, harness
from sklearn_sparseeval.harness._harnesses import FORMATS, recognise
from sklearn_sparseeval.harness.table import files_under

NAMES = sorted(FORMATS)


@pytest.mark.parametrize("name", NAMES)
def test_every_format_has_a_reader_of_the_same_parameters(name):
    expected = signature(harness.read_omnievalkit)
    assert list(signature(getattr(harness, f"read_{name}")).parameters) == list(expected.parameters)


def test_no_reader_is_forgotten():
    readers = {name.removeprefix("read_") for name in harness.__all__ if name.startswith("read_")}
    assert readers - {"results"} == set(FORMATS)


@pytest.mark.parametrize("name", NAMES)
def test_valid_results_are_recognised(write_results, name):
    assert recognise(files_under(write_results(name)), "here") == name


@pytest.mark.parametrize("other", NAMES)
@pytest.mark.parametrize("name", NAMES)
def test_results_are_told_apart(write_results, name, other):
    files = files_under([write_results(name, "a"), write_results(other, "b")])
    if name == other:
        assert recognise(files, "here") == name
        return
    harnesses = (FORMATS[one].harness for one in FORMATS if one in (name, other))
    found = ".*; .* of ".join(harnesses)
    with pytest.raises(ResultsError, match=f"^here holds results of several harnesses: .*{found}"):
        recognise(files, "here")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("results/acme/results_2026-11-22T10-41-46.1.json", '{"results": {}, "model_name": "m"}'),
        ("acme/20260818_120102_results.json", '{"results": {}}'),
        ("results/acme/notes.json", '{"text": "details"}'),
        ("acme/acme_MMStar_score.json", '{"Overall": 0.5}'),
        ("acme/acme_MMStar_acc.csv", "split,Overall\nnone,0.5\n"),
        ("acme/acme_MMStar_result.pkl", "never read"),
        ("acme/mmlu/statistics.json", '{"full": {"acc": 0.5}}'),
        ("runs/suite/gsm/stats.json", "[]"),
        ("outputs/predictions/acme/gsm.json", '{"0": {"prediction": "2"}}'),
        ("log.json", '{"version": 2}'),
        ("scores.parquet", "PAR1"),
        ("table.xlsx", "PK"),
        (".hidden/acme/mmlu/scored_dataset.json", "[]"),
    ],
)
def test_averages_and_other_files_are_no_results_per_item(tmp_path, path, content):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    with pytest.raises(ResultsError, match=r"^here holds no results per item"):
        recognise(files_under(tmp_path), "here")


@pytest.mark.parametrize(
    ("n_files", "end"),
    [
        (0, "It holds no file."),
        (1, r"Found: \S*0\.txt\."),
        (3, r"Found: \S*0\.txt, \S*1\.txt, \S*2\.txt\."),
        (5, r"Found: \S*0\.txt, \S*1\.txt, \S*2\.txt and 2 more\."),
    ],
)
def test_nothing_found_tells_what_was_looked_for_and_what_was_there(tmp_path, n_files, end):
    for number in range(n_files):
        (tmp_path / f"{number}.txt").touch()
    with pytest.raises(ResultsError, match=rf"{end}$") as caught:
        recognise(files_under(tmp_path), "here")
    for one in FORMATS.values():
        assert f"{one.harness} ({one.name}): {one.files}" in str(caught.value)
