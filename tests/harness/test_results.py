from pathlib import Path

import pandas as pd
import pytest

from sklearn_sparseeval import ResultsError, ResultsWarning, harness
from sklearn_sparseeval.harness import read_results
from sklearn_sparseeval.harness.table import COLUMNS

NAMES = sorted(
    name.removeprefix("read_")
    for name in harness.__all__
    if name.startswith("read_") and name != "read_results"
)


# What a format's sample makes its reader warn of is tested with that reader.
@pytest.mark.filterwarnings("ignore::sklearn_sparseeval.ResultsWarning")
@pytest.mark.parametrize("format", [None, "named"])
@pytest.mark.parametrize("name", NAMES)
def test_the_table_is_that_of_the_formats_own_reader(write_results, name, format):
    folder = write_results(name)
    results = read_results(folder, format=name if format else None)
    pd.testing.assert_frame_equal(results, getattr(harness, f"read_{name}")(folder))
    assert list(results.columns) == list(COLUMNS)
    assert set(results["harness"]) == {name}


@pytest.mark.parametrize(
    "kind",
    [str, Path, lambda path: [path], lambda path: iter([path])],
    ids=["text", "path", "list", "iterator"],
)
def test_paths_come_in_every_way(write_results, kind):
    folder = write_results("omnievalkit")
    assert len(read_results(kind(folder))) == 8


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_options_reach_the_reader(write_results, n_jobs):
    folder = write_results("omnievalkit")
    broken = folder / "11_22_10_41_46" / "acme" / "one" / "arc" / "scored_dataset.json"
    broken.parent.mkdir()
    broken.write_text("[")
    with pytest.raises(ResultsError, match=r"arc/scored_dataset\.json: is not valid JSON"):
        read_results(folder, n_jobs=n_jobs)
    with pytest.warns(ResultsWarning, match="1 files that cannot be read were left out"):
        results = read_results(folder, n_jobs=n_jobs, on_error="skip")
    assert set(results["task"]) == {"mmlu"}


def test_of_several_formats_one_is_chosen(write_results):
    folders = [write_results("omnievalkit", "a"), write_results("helm", "b")]
    message = r"1 of HELM, such as .*; 1 of OmniEvalKit, such as .* format='helm' \(--format helm\)"
    with pytest.raises(ResultsError, match=message):
        read_results(folders)
    assert set(read_results(folders, format="helm")["harness"]) == {"helm"}


@pytest.mark.parametrize("format", ["lm-eval", "", "results"])
def test_an_unknown_format_is_refused(tmp_path, format):
    with pytest.raises(ValueError, match=f"format is '{format}'; expected one of 'lm_eval'"):
        read_results(tmp_path, format=format)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["nothing"], "There is no file or folder nothing"),
        ([], "an empty list holds no results per item"),
    ],
)
def test_nowhere_is_refused(paths, message):
    with pytest.raises(ResultsError, match=message):
        read_results(paths)


def test_the_wrong_format_says_what_it_looked_for(write_results):
    with pytest.raises(ResultsError, match=r"per_instance_stats\.json"):
        read_results(write_results("omnievalkit"), format="helm")
