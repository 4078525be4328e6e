"""The reader for lm-evaluation-harness, and each trap of its logs."""

import hashlib
import json
import math
import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness import read_lm_eval
from sklearn_sparseeval.harness.lm_eval._read import is_samples, run_of_samples, task_and_date

DATE = "2026-11-22T10-41-46.232288"
LATER = "2026-11-23T08-00-00"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def record(doc_id, filter="none", *, content=None, **metrics):
    """Make a line as version 0.4.13 writes it."""
    doc = {"question": f"question {doc_id if content is None else content}", "é": [1.5, None]}
    prompt = f"Q: {doc['question']}\nA:"
    return {
        "doc_id": doc_id,
        "doc": doc,
        "target": "0",
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": " alpha"}},
        "resps": [[["-0.5", "False"]]],
        "filtered_resps": [["-0.5", "False"]],
        "filter": filter,
        "metrics": list(metrics),
        "doc_hash": sha256(json.dumps(doc, indent=2, ensure_ascii=False)),
        "prompt_hash": sha256(prompt),
        "target_hash": sha256("0"),
    } | metrics


def old_record(doc_id, **metrics):
    """Make a line as versions before 0.4.7 wrote it: neither `filter` nor `metrics`."""
    line = record(doc_id, **metrics)
    del line["filter"], line["metrics"]
    return line


def results_content(model="acme/one", tasks=("demo",), **others):
    return {
        "results": {},
        "group_subtasks": {},
        "versions": dict.fromkeys(tasks, 1.0),
        "n-shot": dict.fromkeys(tasks, 5),
        "config": {"model": "hf", "model_args": {"pretrained": model}, "limit": None},
        "model_source": "hf",
        "model_name": model,
    } | others


@pytest.fixture
def write(tmp_path):
    def write_run(
        records, task="demo", *, date=DATE, folder="acme__one", results=None, name=None, **of_model
    ):
        """Write a file of samples, and its run's results file (False = none); return the first."""
        place = tmp_path / "out" / folder
        place.mkdir(parents=True, exist_ok=True)
        if results is not False:
            content = results_content(**of_model) if results is None else results
            (place / f"results_{date}.json").write_text(json.dumps(content, indent=2))
        samples = place / (name or f"samples_{task}_{date}.jsonl")
        text = records if isinstance(records, str) else "".join(map(as_line, records))
        samples.write_text(text, encoding="utf-8")
        return samples

    return write_run


def as_line(one):
    return json.dumps(one, ensure_ascii=False) + "\n"


def read_noting(paths, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = read_lm_eval(paths, **options)
    assert all(issubclass(one.category, ResultsWarning) for one in caught)
    return frame, [str(one.message) for one in caught]


def test_a_run_is_read_with_all_that_is_known_of_it(write, tmp_path):
    lines = [record(0, acc=1.0, acc_norm=0.0), record(3, acc=0.0, acc_norm=1.0)]
    path = write(lines)
    frame = read_lm_eval(tmp_path)
    assert frame["item"].tolist() == ["0", "0", "3", "3"]
    assert frame["metric"].tolist() == ["acc", "acc_norm"] * 2
    assert frame["value"].tolist() == [1.0, 0.0, 0.0, 1.0]
    same = {
        "model": "acme/one",
        "task": "demo",
        "group": "demo",
        "setting": "version=1.0 n-shot=5",
        "date": DATE,
        "harness": "lm_eval",
        "source": str(path),
        "filter": "none",
        "epoch": 1,
    }
    assert frame[list(same)].drop_duplicates().to_dict("records") == [same]
    assert frame["cost"].isna().all()
    digests = [line[name] for line in lines for name in ["doc_hash"] * 2]
    assert frame["content_hash"].tolist() == [int(one[:16], 16) for one in digests]
    assert frame["prompt_hash"][2] == int(lines[1]["prompt_hash"][:16], 16)


def test_gsm8k_is_there_twice_per_doc_and_its_filters_stay_apart(write):
    lines = [record(doc, "strict-match", exact_match=0.0) for doc in range(3)]
    lines += [record(doc, "flexible-extract", exact_match=1.0) for doc in range(3)]
    frame = read_lm_eval(write(lines, "gsm8k"))
    assert frame["item"].tolist() == ["0", "1", "2"] * 2
    assert frame["filter"].tolist() == ["strict-match"] * 3 + ["flexible-extract"] * 3
    assert frame["value"].tolist() == [0.0] * 3 + [1.0] * 3
    assert set(frame["epoch"]) == {1}


@pytest.mark.parametrize(
    ("filter_list", "names"),
    [(None, ["block0", "block1"]), (["strict", "loose"], ["strict", "loose"])],
    ids=["no names", "names in the results file"],
)
def test_old_logs_without_filter_are_split_where_doc_ids_start_again(filter_list, names, write):
    # Of metabench's logs of gsm8k: ids 0 .. 248, then 0 .. 248 again.
    lines = [old_record(doc, exact_match=float(block)) for block in (0, 1) for doc in range(249)]
    config = {"filter_list": [{"name": name} for name in filter_list or ()]}
    content = results_content(tasks=["gsm8k"], configs={"gsm8k": config})
    frame, notes = read_noting(write(lines, "gsm8k", results=content))
    assert frame["item"].tolist() == [str(doc) for doc in range(249)] * 2
    assert frame.groupby("filter", observed=True)["value"].agg(["min", "max", "size"]).to_dict(
        "index"
    ) == {name: {"min": block, "max": block, "size": 249} for block, name in enumerate(names)}
    assert ["name no filters" in note for note in notes] == [True] * (filter_list is None)


@pytest.mark.parametrize(
    ("later", "n_models"),
    [
        ({"chat_template_sha": "a" * 64}, 2),
        ({"fewshot_as_multiturn": True}, 1),  # says nothing without a chat template
    ],
    ids=["chat template", "multiturn alone"],
)
def test_runs_of_a_model_with_other_prompts_are_kept_apart(later, n_models, tmp_path):
    for date, content in ((DATE, {}), (LATER, later)):
        (tmp_path / f"results_{date}.json").write_text(json.dumps(results_content(**content)))
        (tmp_path / f"samples_demo_{date}.jsonl").write_text(json.dumps(record(0, acc=1.0)))
    frame, notes = read_noting(tmp_path)
    assert frame["model"].nunique() == n_models
    assert [note.startswith("2 different models are called") for note in notes] == (
        [True] * (n_models - 1)
    )


def test_metrics_of_old_logs_are_the_keys_outside_the_fixed_set(write):
    frame = read_lm_eval(write([old_record(0, acc=1.0, exact_match=0.0)]))
    assert frame["metric"].tolist() == ["acc", "exact_match"]


def test_each_kind_of_metric_is_read_or_refused_by_name(write):
    line = record(
        0,
        acc=1.0,
        unscored=math.nan,
        inst_level_strict_acc=[True, False, True],
        mcc=[0, 0],
        word_perplexity=[-0.62, 5],
    )
    path = write([line])
    frame, notes = read_noting(path)
    assert frame["metric"].tolist() == ["acc", "unscored", "inst_level_strict_acc"]
    np.testing.assert_array_equal(frame["value"], [1.0, np.nan, 2 / 3])
    assert notes == [
        "1 scores were left out since they are not a single number: metric 'mcc' holds lists; "
        f"in {path}.",
        "1 scores were left out: metric 'word_perplexity' holds log-likelihoods, and it is not "
        f"their mean; in {path}.",
    ]


def test_a_run_without_any_score_is_an_error(write, tmp_path):
    write([record(0, bypass=None)])
    with (
        pytest.warns(ResultsWarning, match="1 items were left out: --predict_only logs answers"),
        pytest.raises(ResultsError, match="holds a score"),
    ):
        read_lm_eval(tmp_path)


@pytest.mark.parametrize("model", ["acme/one__two", "lab__acme/one", "models/a__b/c"])
def test_names_with_double_underscores_come_from_the_results_file(model, write):
    folder = model.replace("/", "__")
    frame = read_lm_eval(write([record(0, acc=1.0)], folder=folder, model=model))
    assert frame["model"].tolist() == [model]


def test_a_random_folder_name_is_never_the_models_name(write, tmp_path):
    for folder, date in (("qdpv68r5", DATE), ("6v8uqx97", LATER)):
        unnamed = {"config": {"model": "dummy", "model_args": {}}, "model_source": "dummy"}
        content = results_content(folder) | unnamed
        write([record(0, acc=1.0)], folder=folder, date=date, results=content)
    frame, notes = read_noting(tmp_path)
    assert frame["model"].tolist() == ["dummy"] * 2
    assert notes[0].startswith("2 files are of runs whose --model_args name no model")


@pytest.mark.parametrize("results", [False, {"results": {}}], ids=["missing", "without a name"])
def test_without_a_name_the_model_is_called_after_the_folder_and_it_is_noted(results, write):
    frame, notes = read_noting(write([record(0, acc=1.0)], results=results))
    assert frame["model"].tolist() == ["acme__one"]
    assert notes[0].startswith("1 files have no results file of their run beside them")
    assert "at random" in notes[0]


def test_several_runs_in_one_folder_are_all_read_each_with_its_own_results_file(write, tmp_path):
    write([record(0, acc=1.0)])
    later = results_content() | {"n-shot": {"demo": 0}}
    write([record(0, acc=0.0)], date=LATER, results=later)
    frame = read_lm_eval(tmp_path)
    assert frame["date"].tolist() == [DATE, LATER]
    assert DATE < LATER
    assert frame["value"].tolist() == [1.0, 0.0]
    assert frame["setting"].tolist() == ["version=1.0 n-shot=5", "version=1.0 n-shot=0"]


def test_models_of_one_name_and_other_arguments_are_kept_apart(write, tmp_path):
    for folder, revision in (("a", "step1"), ("b", "step2")):
        args = {"pretrained": "acme/one", "revision": revision, "device": folder}
        write([record(0, acc=1.0)], folder=folder,
              results=results_content(config={"model_args": args}))  # fmt: skip
    frame, notes = read_noting(tmp_path)
    assert frame["model"].nunique() == 2
    assert "their arguments are revision=step1 and revision=step2" in notes[0]


def test_unsorted_samples_have_wrong_doc_ids_and_right_hashes(write):
    # Reproduced with 0.4.13: --samples [10, 1, 1] evaluates documents 1 and 10 in their order, and
    # logs them under the ids in the order given.
    lines = [record(10, content=1, acc=1.0), record(1, content=10, acc=0.0)]
    lines.append(record(1, content=1, acc=1.0))
    frame, notes = read_noting(write(lines))
    assert frame["item"].tolist() == ["10", "1", "1"]
    assert frame["content_hash"].tolist() == [int(one["doc_hash"][:16], 16) for one in lines]
    assert frame["content_hash"][0] == frame["content_hash"][2] != frame["content_hash"][1]
    assert [note[:47] for note in notes] == ["1 lines have the doc_id of one item and the con"]


def test_a_run_appended_to_its_own_file_keeps_all_lines(write):
    frame, notes = read_noting(write([record(doc, acc=1.0) for doc in (0, 1, 0, 1)]))
    assert frame["item"].tolist() == ["0", "1", "0", "1"]
    assert notes == []


def test_a_truncated_last_line_is_left_out_and_counted(write):
    text = "".join(as_line(record(doc, acc=1.0)) for doc in range(3))
    path = write(text[:-40])
    frame, notes = read_noting(path)
    assert frame["item"].tolist() == ["0", "1"]
    assert notes[0].startswith("1 last lines were left out since they are cut off")
    assert notes[0].endswith(f"; in {path}.")


def test_a_broken_middle_line_is_an_error_with_its_number(write, tmp_path):
    lines = [as_line(record(doc, acc=1.0)) for doc in range(3)]
    lines[1] = lines[1][:50] + "\n"
    path = write("".join(lines))
    with pytest.raises(ResultsError) as error:
        read_lm_eval(tmp_path)
    assert str(error.value).startswith(f"{path}: line 2 is not valid JSON")
    good = write([record(0, acc=1.0)], "other")
    frame, notes = read_noting(tmp_path, on_error="skip")
    assert set(frame["source"]) == {str(good)}
    assert notes[0].startswith("1 files that cannot be read were left out")


LINE = record(0, acc=1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"doc_id": "a"}, "doc_id in line 1 is 'a'; expected an integer."),
        ({"filter": 3}, "filter is 3; expected a text."),
        ({"metrics": "acc"}, "metrics in line 1 is 'acc'; expected a list of names."),
        ({"metrics": ["f1"]}, "line 1 lists the metric 'f1' and has no value of it."),
        ({"metrics": [["acc"]]}, "line 1 lists the metric a list of 'acc' and has no value"),
    ],
    ids=str,
)
def test_malformed_lines_are_errors_that_name_them(change, message, write):
    path = write([LINE | change])
    with pytest.raises(ResultsError) as error:
        read_lm_eval(path)
    assert str(error.value).startswith(f"{path}: {message}")


def test_nested_groups_are_the_topmost_one_with_a_score_of_its_own(write):
    content = results_content(
        tasks=["mmlu_anatomy"],
        results={name: {"acc,none": 0.5} for name in ("mmlu", "mmlu_stem", "mmlu_anatomy")},
        group_subtasks={"suite": ["mmlu"], "mmlu": ["mmlu_stem"], "mmlu_stem": ["mmlu_anatomy"]},
    )
    lines = [record(0, acc=1.0), record(1, acc=0.0)]
    frame = read_lm_eval(write(lines, "mmlu_anatomy", results=content))
    assert set(frame["group"]) == {"mmlu"}
    assert set(frame["task"]) == {"mmlu_anatomy"}


def test_partial_runs_are_no_error_and_their_groups_sizes_are_not_used(write, tmp_path):
    # The harness weighs a group by the sizes that were run; the table holds items, not sizes.
    sizes = {"a": {"original": 12, "effective": 4}, "b": {"original": 8, "effective": 2}}
    content = results_content(tasks="ab", group_subtasks={"g": ["a", "b"]}) | {"n-samples": sizes}
    for task, size in (("a", 4), ("b", 2)):
        write([record(doc, acc=1.0) for doc in range(size)], task, results=content)
    frame, notes = read_noting(tmp_path)
    assert frame.groupby(["group", "task"], observed=True).size().to_dict() == {
        ("g", "a"): 4,
        ("g", "b"): 2,
    }
    assert [note.split(";")[0] for note in notes] == [
        "2 files cover only part of their task (--samples or --limit)"
    ]


OLD_ARGUMENTS = [
    {"gen_args_0": {"arg_0": "Q: question 0\nA:"}},
    [["Q: question 0\nA:", " alpha"], ["Q: question 0\nA:", " beta"]],
]


@pytest.mark.parametrize("arguments", OLD_ARGUMENTS, ids=["dict", "list"])
def test_logs_without_hashes_get_those_that_the_harness_would_write(arguments, write):
    new = record(0, acc=1.0)
    old = {key: new[key] for key in ("doc_id", "doc", "target", "resps", "acc")}
    frames = [
        read_lm_eval(write([line], folder=folder))
        for folder, line in (("new", new), ("old", old | {"arguments": arguments}))
    ]
    for column in ("content_hash", "prompt_hash"):
        values = pd.concat(frames)[column]
        assert values.notna().all()
        assert values.nunique() == 1


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"doc": "text", "arguments": "text"},
        {"doc": None, "arguments": {"gen_args_0": {"arg_0": 5}}},
        {"arguments": []},
        {"arguments": [[]]},
        {"arguments": ["prompt"]},
        {"doc_hash": 5, "prompt_hash": "no digest"},
    ],
    ids=str,
)
def test_hashes_that_cannot_be_known_are_missing(others, write):
    frame = read_lm_eval(write([{"doc_id": 0, "acc": 1.0} | others]))
    assert frame[["content_hash", "prompt_hash"]].isna().all(axis=None)


@pytest.mark.parametrize("as_list", [False, True], ids=["lines", "list"])
def test_files_of_the_open_llm_leaderboard_are_read(as_list, write, tmp_path):
    lines = [record(doc, acc_norm=float(doc)) for doc in range(2)]
    task = "leaderboard_bbh_boolean_expressions"
    content = json.dumps(lines, indent=2) if as_list else "".join(map(as_line, lines))
    write(content, name=f"samples_{task}_{DATE}.json", tasks=[task])
    frame = read_lm_eval(tmp_path)
    assert set(frame["task"]) == {task}
    assert frame["value"].tolist() == [0.0, 1.0]
    assert set(frame["model"]) == {"acme/one"}
    assert set(frame["setting"]) == {"version=1.0 n-shot=5"}


def test_x_json_as_output_path_makes_no_folder_of_the_model(write, tmp_path):
    for date, model in ((DATE, "acme/one"), (LATER, "acme/two")):
        path = write([record(0, acc=1.0)], folder="", results=False, date=date)
        (path.parent / f"X_{date}.json").write_text(json.dumps(results_content(model), indent=2))
    assert read_lm_eval(tmp_path)["model"].tolist() == ["acme/one", "acme/two"]


def test_a_folder_without_samples_is_an_error_that_says_how_to_get_them(write, tmp_path):
    write([]).unlink()
    with pytest.raises(ResultsError) as error:
        read_lm_eval(tmp_path)
    assert "There is no file samples_<task>_<date>.jsonl among the 1 files of" in str(error.value)
    assert "--log_samples" in str(error.value)


def test_a_broken_results_file_is_an_error_of_each_of_its_samples(write):
    path = write([record(0, acc=1.0)])
    (path.parent / f"results_{DATE}.json").write_text('{"results": {')
    with pytest.raises(ResultsError) as error:
        read_lm_eval(path)
    start = f"{path}: the results file of its run, results_{DATE}.json: is not valid JSON"
    assert str(error.value).startswith(start)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_many_files_are_read_by_one_or_two_processes_alike(n_jobs, write, tmp_path):
    for model in range(3):
        for task in ("a", "b"):
            lines = [record(doc, acc=float((doc + model) % 2)) for doc in range(4)]
            write(lines, task, folder=f"m{model}", model=f"acme/{model}", tasks="ab")
    frame = read_lm_eval(tmp_path, n_jobs=n_jobs)
    table = frame.pivot(index="model", columns=["task", "item"], values="value")
    assert table.to_numpy().tolist() == [[0, 1] * 4, [1, 0] * 4, [0, 1] * 4]


@pytest.mark.parametrize(
    ("name", "task", "date"),
    [
        (f"samples_mmlu_high_school_physics_{DATE}.jsonl", "mmlu_high_school_physics", DATE),
        ("samples_a_2026-11-22T10-41-46.jsonl", "a", "2026-11-22T10-41-46"),
        ("samples_a_2024-06-16T14:34:12.5.jsonl", "a", "2024-06-16T14-34-12.5"),
        ("samples_a_2024-06-16T14:34:12.5.json", "a", "2024-06-16T14-34-12.5"),
        ("samples_a_2026-11-22.jsonl", "a", "2026-11-22"),
        ("samples_a.b-c+1@2_2026-11-22.jsonl", "a.b-c+1@2", "2026-11-22"),
        ("samples_2026-11-22_2026-11-23.jsonl", "2026-11-22", "2026-11-23"),
        ("samples_mmlu_anatomy.jsonl", "mmlu_anatomy", ""),
    ],
)
def test_the_name_of_a_file_tells_the_task_and_the_date(name, task, date, tmp_path):
    (tmp_path / name).write_text("{}")
    assert is_samples(tmp_path / name)
    assert task_and_date(name) == (task, date)


@pytest.mark.parametrize(
    "name",
    [
        f"results_{DATE}.json",
        f"samples_{DATE}.txt",
        "samples_demo.json",
        "samples.jsonl",
        "20260818_120102_samples_mme.jsonl",
        "X.json",
    ],
)
def test_other_files_are_no_samples(name, tmp_path):
    (tmp_path / name).write_text("{}")
    assert not is_samples(tmp_path / name)
    with pytest.raises(ResultsError, match="is not called samples_"):
        task_and_date(name)


@pytest.mark.parametrize(
    ("content", "samples"),
    [
        ('{"doc_id": 0, "results": 1}', True),
        ('[{"doc_id": 0}]', True),
        ("", True),  # broken, which reading it tells
        ('{"results": {}}', False),
        ('\n{\n  "results": {', False),
    ],
)
def test_a_results_file_may_be_called_as_the_samples_of_the_leaderboard(content, samples, tmp_path):
    path = tmp_path / f"samples_x_{DATE}.json"
    path.write_text(content)
    assert is_samples(path) is samples


def test_a_link_that_leads_nowhere_is_told_by_its_name(tmp_path):
    path = tmp_path / f"samples_x_{DATE}.json"
    path.symlink_to(tmp_path / "gone.json")
    assert is_samples(path)  # reading it tells what is wrong


@pytest.fixture
def model_of(tmp_path):
    def find(*names, date=DATE):
        """Write results files that name models as they are called; tell whose is found."""
        for name in names:
            content = {"results": {}, "model_name": f"model of {name}"}
            (tmp_path / name).write_text(json.dumps(content))
        return run_of_samples(tmp_path / f"samples_demo_{date}.jsonl", date).model.name

    return find


@pytest.mark.parametrize(
    "found",
    [
        f"results_{DATE}.json",
        f"X_{DATE}.json",
        f"my_results_{DATE}.json",
        f"samples_all_{DATE}.json",
        f"2026-11-22_{DATE}.json",
        f"results_{DATE.replace('T10-41-46', 'T10:41:46')}.json",
    ],
)
def test_the_results_file_is_the_one_of_the_same_date(found, model_of):
    others = [f"results_{LATER}.json", f"X_{LATER}.json", "results.json", f"x_{DATE}.txt"]
    assert model_of(found, *others) == f"model of {found}"


def test_the_file_called_results_goes_before_others_of_its_date(model_of):
    names = [f"a_{DATE}.json", f"results_{DATE}.json", f"z_{DATE}.json"]
    assert model_of(*names) == f"model of {names[1]}"


def test_a_results_file_that_appears_later_is_found(model_of, tmp_path):
    assert model_of() == tmp_path.name
    assert model_of(f"results_{DATE}.json") == f"model of results_{DATE}.json"


def test_two_files_that_could_be_it_are_an_error(model_of):
    with pytest.raises(ResultsError, match=rf"could be the results file of its run: X_{DATE}"):
        model_of(f"X_{DATE}.json", f"Y_{DATE}.json")


def test_a_file_without_a_date_belongs_to_no_run(model_of, tmp_path):
    assert model_of(f"results_{DATE}.json", date="") == tmp_path.name
