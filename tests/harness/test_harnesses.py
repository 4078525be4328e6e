"""Which harness wrote results, told by their files; what is known of each harness."""

from inspect import signature

import pytest

from sklearn_sparseeval import ResultsError, harness
from sklearn_sparseeval.harness import helm, inspect, lm_eval, read_results

# In the order of messages.
TITLES = {
    "lm_eval": "lm-evaluation-harness",
    "inspect": "Inspect AI",
    "helm": "HELM",
    "lighteval": "lighteval",
    "opencompass": "OpenCompass",
    "vlmevalkit": "VLMEvalKit",
    "lmms_eval": "lmms-eval",
    "omnievalkit": "OmniEvalKit",
}
NAMES = sorted(TITLES)
# What a sample makes its reader warn of is tested with that reader.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn_sparseeval.ResultsWarning")


@pytest.mark.parametrize("name", NAMES)
def test_every_harness_has_a_reader_of_the_same_parameters(name):
    expected = signature(harness.read_omnievalkit)
    assert list(signature(getattr(harness, f"read_{name}")).parameters) == list(expected.parameters)


def test_no_reader_is_forgotten():
    readers = {name.removeprefix("read_") for name in harness.__all__ if name.startswith("read_")}
    assert readers - {"results"} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_valid_results_are_recognised(write_results, name):
    assert set(read_results(write_results(name))["harness"]) == {name}


@pytest.mark.parametrize("other", NAMES)
@pytest.mark.parametrize("name", NAMES)
def test_results_are_told_apart(write_results, name, other):
    folders = [write_results(name, "a"), write_results(other, "b")]
    if name == other:
        assert set(read_results(folders)["harness"]) == {name}
        return
    found = ".*; .* of ".join(title for one, title in TITLES.items() if one in (name, other))
    with pytest.raises(ResultsError, match=f"holds results of several harnesses: .*{found}"):
        read_results(folders)


def test_a_record_says_what_the_hashes_prove_and_what_a_run_of_chosen_items_raises():
    assert lm_eval.HARNESS.hashes_whole_items
    assert lm_eval.HARNESS.as_planned == {"partial-task"}
    assert lm_eval.HARNESS.write is not None
    assert not inspect.HARNESS.hashes_whole_items
    assert helm.HARNESS.write is None
    assert helm.HARNESS.check_args is None


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
    with pytest.raises(ResultsError, match=r"holds no results per item"):
        read_results(tmp_path)


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
        read_results(tmp_path)
    for name, title in TITLES.items():
        assert f"{title} ({name}): " in str(caught.value)
