import hashlib
import json
import math

import pandas as pd
import pytest

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness import read_omnievalkit, to_score_matrix


def fingerprint(text):
    """The first 64 bits of SHA-256."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:16], 16)


def write(folder, samples):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "scored_dataset.json"
    path.write_text(samples if isinstance(samples, str) else json.dumps(samples))
    return path


def sample(number, **others):
    return {"id": f"mmlu_{number:06}", "score": {"acc": 1.0}, **others}


def test_every_metric_of_every_sample_is_a_row(tmp_path):
    samples = [
        sample(0, category="anatomy", score={"acc": 0, "acc_norm": 1}),
        sample(1, category="virology", score={"acc": True, "acc_norm": None}),
        sample(2, category=None, score={"acc": 0.5}),
        {"id": 7, "score": {"pass_at_k": {"pass@1": 0.25, "pass@10": 1.0}}},
    ]
    write(tmp_path / "acme" / "mmlu", samples)
    (tmp_path / "acme" / "mmlu" / "statistics.json").write_text("{}")
    results = read_omnievalkit(tmp_path)
    columns = ["item", "metric", "value", "group"]
    expected = [
        ("mmlu_000000", "acc", 0.0, "anatomy"),
        ("mmlu_000000", "acc_norm", 1.0, "anatomy"),
        ("mmlu_000001", "acc", 1.0, "virology"),
        ("mmlu_000001", "acc_norm", None, "virology"),
        ("mmlu_000002", "acc", 0.5, "mmlu"),
        ("7", "pass_at_k.pass@1", 0.25, "mmlu"),
        ("7", "pass_at_k.pass@10", 1.0, "mmlu"),
    ]
    rows = results[columns].astype(object).itertuples(index=False, name=None)
    assert [(i, m, None if math.isnan(v) else v, g) for i, m, v, g in rows] == expected
    assert set(results["model"]) == {"acme"}
    assert set(results["task"]) == {"mmlu"}
    assert set(results["harness"]) == {"omnievalkit"}


@pytest.mark.parametrize(
    ("folder", "model", "task"),
    [
        ("logs/acme/mmlu", "acme", "mmlu"),
        ("logs/org/acme/mmlu", "acme", "mmlu"),
        ("05_30_06_13_26/acme/mmlu", "acme", "mmlu"),
        ("05_30_06_13_26/org/acme/mmlu", "org/acme", "mmlu"),
        ("05_30_06_13_26/05_30_06_13_27/acme/mmlu", "acme", "mmlu"),
        ("logs/acme/mmlu_chain_of_thought", "acme", "mmlu_chain_of_thought"),
    ],
)
def test_folders_name_the_model_and_the_task(tmp_path, folder, model, task):
    write(tmp_path / folder, [sample(0)])
    results = read_omnievalkit(tmp_path)
    assert (results["model"].item(), results["task"].item()) == (model, task)
    assert results["date"].item() == ""


def test_of_two_runs_none_is_the_newer_since_their_folders_name_no_year(tmp_path):
    write(tmp_path / "12_30_06_13_26/acme/mmlu", [sample(0)])
    write(tmp_path / "01_02_06_13_26/acme/mmlu", [sample(0, score={"acc": 0.0})])
    with pytest.raises(ResultsError, match="by their dates neither is the newer"):
        to_score_matrix(read_omnievalkit(tmp_path))


def test_folders_that_are_too_few_do_not_matter(tmp_path, monkeypatch):
    path = write(tmp_path / "acme" / "mmlu", [sample(0)])
    monkeypatch.chdir(path.parent)
    assert read_omnievalkit("scored_dataset.json")["model"].item() == "acme"


def test_fingerprints_are_of_the_question_and_of_the_prompt(tmp_path):
    base = {"raw_instruction": "1 + 1?", "choices": ["2", "3"], "gold": 0, "category": "sums"}
    changes = [{}, {"raw_instruction": "1 + 2?"}, {"choices": ["3", "2"]}, {"gold": 1}]
    same = [{"category": "x"}, {"response": "A"}, {"score": {"acc": 0}}, {"prompt_choices": None}]
    samples = [sample(k, **(base | change)) for k, change in enumerate([*changes, *same])]
    samples.append(sample(99, prompt_instruction="Question: 1 + 1?"))
    write(tmp_path / "acme" / "sums", samples)
    results = read_omnievalkit(tmp_path)
    hashes = results["content_hash"].tolist()
    assert len(set(hashes[: len(changes)])) == len(changes)
    assert set(hashes[len(changes) : -1]) == {hashes[0]}
    assert hashes[-1] is pd.NA
    assert results["prompt_hash"].tolist()[-1] == fingerprint("Question: 1 + 1?")
    assert results["prompt_hash"].isna().sum() == len(samples) - 1


def test_samples_without_a_score_are_counted(tmp_path):
    write(
        tmp_path / "acme" / "mmlu", [sample(0), {"id": "x", "response": "A"}, sample(2, score=None)]
    )
    with pytest.warns(ResultsWarning, match="2 samples were left out since they have no score"):
        assert len(read_omnievalkit(tmp_path)) == 1


@pytest.mark.parametrize("value", ["C", [0, 1], {"a": "b"}, {}, "1e999"])
def test_what_is_no_single_number_is_refused_by_name(tmp_path, value):
    text = json.dumps([sample(0, score={"acc": 1, "odd": value})]).replace('"1e999"', "1e999")
    write(tmp_path / "acme" / "mmlu", text)
    with pytest.warns(ResultsWarning, match="1 scores were left out .*'odd' of task 'mmlu'"):
        results = read_omnievalkit(tmp_path)
    assert results["metric"].tolist() == ["acc"]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ("[{", "is not valid JSON"),
        ({}, "its content is an empty dict; expected a list"),
        ([1], "sample 1 is 1; expected a JSON object"),
        ([{"score": {}}], "sample 1 has the id None; expected a text"),
        ([{"id": True}], "sample 1 has the id True; expected a text"),
        ([{"id": ""}], "sample 1 has the id ''; expected a text"),
        ([{"id": 0.5}], r"sample 1 has the id 0\.5; expected a text"),
        ([sample(0), sample(0)], "sample 2 has the id 'mmlu_000000' of an earlier sample"),
        ([sample(0, score=1)], "the score of item 'mmlu_000000' is 1; expected a JSON object"),
    ],
)
def test_broken_files_are_refused_by_name(tmp_path, samples, message):
    write(tmp_path / "acme" / "mmlu", samples)
    with pytest.raises(ResultsError, match=f"scored_dataset.json: {message}"):
        read_omnievalkit(tmp_path)


@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_a_file_that_cannot_be_read_may_be_left_out(tmp_path, on_error):
    write(tmp_path / "acme" / "mmlu", [sample(0)])
    write(tmp_path / "acme" / "arc", "[")
    if on_error == "raise":
        with pytest.raises(ResultsError, match="arc"):
            read_omnievalkit(tmp_path)
    else:
        with pytest.warns(ResultsWarning, match="1 files that cannot be read were left out"):
            assert read_omnievalkit(tmp_path, on_error=on_error)["task"].item() == "mmlu"


def test_without_a_file_the_error_says_what_was_looked_for(tmp_path):
    (tmp_path / "statistics.json").write_text("{}")
    with pytest.raises(ResultsError, match=r"no file <model>/<dataset>/scored_dataset\.json"):
        read_omnievalkit(tmp_path)
