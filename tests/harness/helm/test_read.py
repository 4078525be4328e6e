"""Runs are written as crfm-helm 0.5.9 does: helm/benchmark/runner.py, metrics/statistic.py."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness import read_helm
from sklearn_sparseeval.harness.helm import HARNESS
from sklearn_sparseeval.harness.table import COLUMNS

MMLU = "mmlu:subject=anatomy,method=multiple_choice_joint,model=acme_one"


def make_stat(name, *values, split="test", **context):
    """Statistics of values, as `Stat.add` gathers them; of none there is hardly anything."""
    stat = {"name": {"name": name, "split": split, **context}, "count": len(values)}
    stat |= {"sum": sum(values), "sum_squared": sum(value * value for value in values)}
    if values:
        mean = sum(values) / len(values)
        variance = max(stat["sum_squared"] / len(values) - mean**2, 0)
        stat |= {"min": min(values), "max": max(values), "mean": mean, "variance": variance}
        stat["stddev"] = math.sqrt(variance)
    return stat


def make_entry(instance, *stats, trial=0, **more):
    return {"instance_id": instance, "train_trial_index": trial, "stats": list(stats), **more}


def make_run_spec(name=MMLU, model="acme/one", deployment="acme/one"):
    spec = {"method": "multiple_choice_joint", "max_train_instances": 5, "model": model}
    spec |= {"model_deployment": deployment, "max_eval_instances": 1000}
    return {"name": name, "scenario_spec": {}, "adapter_spec": spec, "groups": ["mmlu"]}


@pytest.fixture
def write(tmp_path):
    """Write a run's folder below tmp_path."""

    def write_run(entries, spec=None, suite="v1"):
        spec = make_run_spec() if spec is None else spec
        run = tmp_path / "runs" / suite / spec["name"]
        run.mkdir(parents=True, exist_ok=True)
        (run / "run_spec.json").write_text(json.dumps(spec, indent=2))
        text = entries if isinstance(entries, str) else json.dumps(entries, indent=2)
        (run / "per_instance_stats.json").write_text(text)
        (run / "stats.json").write_text("[]")
        return run / "per_instance_stats.json"

    return write_run


def read(path):
    return read_helm(path, progress=False)


def cells(frame, metric="exact_match"):
    chosen = frame[frame["metric"] == metric]
    return dict(zip(chosen["item"].astype(str), chosen["value"], strict=True))


def test_reads_a_run(write, tmp_path):
    path = write(
        [
            make_entry("id37", make_stat("exact_match", 1.0), make_stat("f1_score", 0.5)),
            make_entry("id4", make_stat("exact_match", 0.0)),
        ]
    )
    frame = read(tmp_path)
    assert tuple(frame.columns) == COLUMNS
    row = frame.iloc[0]
    assert row.drop(["cost", "content_hash", "prompt_hash"]).to_dict() == {
        "model": "acme/one",
        "task": "mmlu:subject=anatomy,method=multiple_choice_joint",
        "item": "id37",
        "metric": "exact_match",
        "filter": "none",
        "epoch": 1,
        "value": 1.0,
        "group": "mmlu",
        "setting": "method=multiple_choice_joint n-shot=5",
        "date": "",
        "harness": "helm",
        "source": str(path),
    }
    assert math.isnan(row["cost"])
    assert frame[["content_hash", "prompt_hash"]].isna().all(axis=None)
    assert cells(frame) == {"id37": 1.0, "id4": 0.0}
    assert cells(frame, "f1_score") == {"id37": 0.5}


def test_gathers_what_each_metric_object_wrote_of_an_instance(write):
    path = write(
        [
            make_entry("id1", make_stat("exact_match", 1.0)),
            make_entry("id2", make_stat("exact_match", 0.0)),
            make_entry("id1", make_stat("exact_match", 1.0), make_stat("bleu_4", 0.25)),
        ]
    )
    frame = read(path)
    assert len(frame) == 3
    assert cells(frame) == {"id1": 1.0, "id2": 0.0}
    assert cells(frame, "bleu_4") == {"id1": 0.25}


def test_two_different_values_of_one_statistic_are_no_score(write):
    path = write(
        [
            make_entry("id1", make_stat("logprob", -3.0)),  # windows of a language modeling run
            make_entry("id1", make_stat("logprob", -5.0)),
            make_entry("id1", make_stat("logprob", -3.0)),
            make_entry("id2", make_stat("logprob", -4.0)),
        ]
    )
    with pytest.warns(ResultsWarning, match="1 scores were left out since entries of one instance"):
        frame = read(path)
    assert cells(frame, "logprob") == {"id2": -4.0}


@pytest.mark.parametrize("values", [[(), (0.5,)], [(0.5,), ()]], ids=["first-missing", "last"])
def test_a_value_is_taken_where_another_entry_has_none(write, values):
    path = write([make_entry("id1", make_stat("exact_match", *one)) for one in values])
    assert cells(read(path)) == {"id1": 0.5}


def test_a_statistic_without_mean_is_not_scored(write):
    frame = read(write([make_entry("id1", make_stat("exact_match"), make_stat("f1_score", 1.0))]))
    assert math.isnan(cells(frame)["id1"])


def test_a_removed_statistic_leaves_no_row(write):
    frame = read(write([make_entry("id1"), make_entry("id2", make_stat("exact_match", 1.0))]))
    assert list(frame["item"]) == ["id2"]


def test_trials_are_epochs(write):
    path = write([make_entry("id1", make_stat("exact_match", v), trial=v) for v in (0, 1)])
    frame = read(path)
    assert list(frame["epoch"]) == [1, 2]
    assert list(frame["value"]) == [0.0, 1.0]


def test_perturbed_instances_are_left_out(write):
    typos = {"name": "typos", "robustness": True, "fairness": False, "computed_on": "perturbed"}
    path = write(
        [
            make_entry("id1", make_stat("exact_match", 1.0)),
            make_entry(
                "id1", make_stat("exact_match", 0.0, perturbation=typos), perturbation=typos
            ),
            make_entry("id2", make_stat("exact_match", 0.0, perturbation=typos)),
        ]
    )
    with pytest.warns(ResultsWarning) as warned:
        frame = read(path)
    assert [str(one.message).split(";")[0] for one in warned] == [
        "1 entries of perturbed instances were left out",
        "1 statistics of perturbed instances were left out",
    ]
    assert cells(frame) == {"id1": 1.0}


def test_splits_are_told_apart_where_there_are_several(write):
    path = write(
        [
            make_entry("id1", make_stat("exact_match", 1.0, split="valid")),
            make_entry("id2", make_stat("exact_match", 0.0, split="test")),
            make_entry("id3", make_stat("exact_match", 0.0, split=None)),
        ]
    )
    metrics = read(path).set_index("item")["metric"].astype(str).to_dict()
    assert metrics == {
        "id1": "exact_match.valid",
        "id2": "exact_match.test",
        "id3": "exact_match.no-split",
    }


@pytest.mark.parametrize("split", ["valid", "test", "private"])
def test_a_single_split_is_no_part_of_the_metric(write, split):
    frame = read(write([make_entry("id1", make_stat("exact_match", 1.0, split=split))]))
    assert list(frame["metric"]) == ["exact_match"]


def test_training_instances_are_left_out(write):
    path = write(
        [
            make_entry("id0", make_stat("exact_match", 1.0, split="train")),
            make_entry("id1", make_stat("exact_match", 1.0)),
        ]
    )
    with pytest.warns(ResultsWarning, match="1 scores of instances of the split 'train' were left"):
        frame = read(path)
    assert list(frame["item"]) == ["id1"]


def test_bookkeeping_is_no_metric_and_tokens_are_the_cost(write):
    path = write(
        [
            make_entry(
                "id1",
                make_stat("num_references", 4),
                make_stat("finish_reason_stop", 1),
                make_stat("inference_runtime", 0.7),
                make_stat("num_prompt_tokens", 100, 102),  # a request for each of two references
                make_stat("num_output_tokens", 1, 1),
                make_stat("exact_match", 1.0),
            ),
            make_entry("id2", make_stat("num_prompt_tokens", 50), make_stat("exact_match", 1.0)),
        ]
    )
    frame = read(path)
    assert set(frame["metric"]) == {"exact_match"}
    assert frame["cost"].iloc[0] == 204
    assert math.isnan(frame["cost"].iloc[1])


def test_tokens_that_are_no_number_are_not_recorded(write):
    tokens = [make_stat("num_prompt_tokens", 1), make_stat("num_output_tokens", 1)]
    tokens[0]["sum"] = "many"
    frame = read(write([make_entry("id1", *tokens, make_stat("exact_match", 1.0))]))
    assert math.isnan(frame["cost"].iloc[0])


@pytest.mark.parametrize(("mean", "kind"), [("A", "str"), ([1, 2], "list"), (math.inf, "float")])
def test_means_that_are_no_number_are_refused_by_name(write, mean, kind):
    stat = make_stat("ratings", 1.0)
    stat["mean"] = mean
    path = write([make_entry("id1", stat, make_stat("exact_match", 1.0))])
    with pytest.warns(ResultsWarning, match=f"the mean of 'ratings' is a {kind}"):
        frame = read(path)
    assert set(frame["metric"]) == {"exact_match"}


def test_deployments_of_one_model_are_told_apart(write, tmp_path):
    entries = [make_entry("id1", make_stat("exact_match", 1.0))]
    write(entries, make_run_spec(deployment="acme/one"), suite="v1")
    write(entries, make_run_spec(deployment="host/one-int4"), suite="v2")
    with pytest.warns(
        ResultsWarning, match="2 different models are called 'acme/one'.*host/one-int"
    ):
        frame = read(tmp_path)
    assert frame["model"].nunique() == 2


STAT = make_stat("exact_match", 1.0)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({}, "the file is an empty dict; expected a list"),
        ([3], "entry 1 is 3; expected a JSON object"),
        ([make_entry("", STAT)], "entry 1 has no 'instance_id' but ''"),
        ([{"stats": []}], "entry 1 has no 'instance_id' but None"),
        ([make_entry(7, STAT)], "entry 1 has no 'instance_id' but 7"),
        ([make_entry("id1", STAT, trial=None)], "'train_trial_index' of entry 1 is None"),
        ([make_entry("id1", STAT, trial=True)], "'train_trial_index' of entry 1 is True"),
        ([make_entry("id1", STAT, trial=-1)], "'train_trial_index' of entry 1 is -1; expected 0"),
        (
            [make_entry("id1", STAT, trial=10**12)],
            "'train_trial_index' of entry 1 is 1000000000000",
        ),
        ([make_entry("id0", STAT), {**make_entry("id1"), "stats": {}}], "'stats' of entry 2 is an"),
        ([make_entry("id1", 5)], "a statistic of entry 1 is 5; expected a JSON object"),
        ([make_entry("id1", {})], "the name of a statistic of entry 1 is None"),
        ([make_entry("id1", {"name": "x"})], "the name of a statistic of entry 1 is 'x'"),
        (
            [make_entry("id1", {"name": {}})],
            "the name of a statistic of entry 1 is None; expected a",
        ),
        ([make_entry("id1", make_stat("em", 1, split=3))], "the split of 'em' of entry 1 is 3"),
        ("[{", "is not valid JSON"),
        ("", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
    ],
    ids=range(18),
)
def test_files_of_another_form_are_refused_and_named(write, entries, message):
    path = write(entries)
    with pytest.raises(ResultsError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_contents_are_recorded(write):
    path = write([make_entry("id1", STAT), make_entry("id2", STAT)])
    instance = {"id": "id1", "input": {"text": "1 + 1?"}, "references": [], "split": "test"}
    path.with_name("instances.json").write_text(json.dumps([instance]))
    assert read(path).set_index("item")["content_hash"].isna().to_dict() == {
        "id1": False,
        "id2": True,
    }


def test_notes_on_the_run_are_counted(write):
    path = write([make_entry("id1", STAT)])
    path.with_name("run_spec.json").unlink()
    with pytest.warns(ResultsWarning, match="1 runs have no run_spec"):
        assert read(path)["model"].iloc[0] == "acme_one"


def test_bad_files_can_be_skipped(write, tmp_path):
    write([make_entry("id1", STAT)], suite="good")
    write("[{", suite="bad")
    with pytest.warns(ResultsWarning, match="1 files that cannot be read were left out"):
        frame = read_helm(tmp_path, on_error="skip", progress=False)
    assert len(frame) == 1


def test_a_run_without_scores_is_said_to_hold_none(write):
    with pytest.raises(ResultsError, match="None of the 1 files"):
        read(write([]))


def test_a_folder_without_results_says_what_is_looked_for(tmp_path):
    (tmp_path / "stats.json").write_text("[]")
    with pytest.raises(
        ResultsError, match=r"No results of HELM are under .*per_instance_stats\.json"
    ):
        read(tmp_path)


def test_result_files_are_known_by_name():
    files = [
        Path("a/per_instance_stats.json"),
        Path("a/stats.json"),
        Path("per_instance_stats.jsonl"),
    ]
    assert HARNESS.result_files(files) == files[:1]


def test_several_runs_are_read_in_parallel(write, tmp_path):
    for model in ("one", "two"):
        spec = make_run_spec(f"boolq:model=acme_{model}", f"acme/{model}", f"acme/{model}")
        write([make_entry("id1", STAT)], spec)
    frame = read_helm(tmp_path, n_jobs=2, progress=False)
    assert sorted(frame["model"]) == ["acme/one", "acme/two"]
    pd.testing.assert_frame_equal(frame, read_helm(tmp_path, progress=False))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
ODD_STAT = st.fixed_dictionaries(
    {"name": st.fixed_dictionaries({"name": st.just("em") | JSON, "split": JSON}) | JSON},
    optional={"mean": JSON, "sum": JSON, "count": JSON},
)
ODD_ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "instance_id": st.sampled_from(["id1", "id2"]) | JSON,
        "train_trial_index": st.integers(0, 2) | JSON,
        "stats": st.lists(ODD_STAT | JSON, max_size=3) | JSON,
        "perturbation": JSON,
    },
)


@settings(max_examples=200, deadline=None)
@given(entries=st.lists(ODD_ENTRY | JSON, max_size=4) | JSON)
def test_any_json_is_read_or_refused(entries, tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "per_instance_stats.json"
    path.with_name("run_spec.json").write_text(json.dumps(make_run_spec()))
    path.write_text(json.dumps(entries))
    try:
        rows = HARNESS.parse(path)
    except ResultsError:
        return
    assert len(rows.columns().value) == len(rows)
