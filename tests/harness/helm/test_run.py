"""Run folders as crfm-helm 0.5.9 writes them; instances.json as helm-summarize does."""

import json

import pytest

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness.helm import HARNESS

MMLU = "mmlu:subject=anatomy,method=multiple_choice_joint,model=acme_one"


def make_run_spec(name=MMLU, model="acme/one", deployment="acme/one", **adapter):
    spec = {"method": "multiple_choice_joint", "max_train_instances": 5, "model": model}
    spec |= {"model_deployment": deployment, "max_eval_instances": 1000, **adapter}
    return {"name": name, "scenario_spec": {}, "adapter_spec": spec, "groups": ["mmlu"]}


def make_entry(number):
    stat = {"name": {"name": "exact_match", "split": "test"}, "count": 1, "mean": 1.0}
    return {"instance_id": f"id{number}", "train_trial_index": 0, "stats": [stat]}


@pytest.fixture
def write(tmp_path):
    """Write what lies beside the results of a run; give the path of the results."""

    def write_run(spec=None, instances=None, folder="run"):
        run = tmp_path / folder
        run.mkdir()
        if spec is not None:
            text = spec if isinstance(spec, str) else json.dumps(spec, indent=2)
            (run / "run_spec.json").write_text(text)
        if instances is not None:
            text = instances if isinstance(instances, str) else json.dumps(instances)
            (run / "instances.json").write_text(text)
        results = run / "per_instance_stats.json"
        results.write_text(json.dumps([make_entry(1), make_entry(2)]))
        return results

    return write_run


def test_a_run_spec_names_model_and_task(write):
    rows = HARNESS.parse(write(make_run_spec()))
    assert (rows.harness, rows.model, rows.model_args) == ("helm", "acme/one", "")
    assert rows.task == "mmlu:subject=anatomy,method=multiple_choice_joint"
    assert (rows.date, dict(rows.notes)) == ("", {})


@pytest.mark.parametrize(
    ("name", "task", "group"),
    [
        ("boolq:model=acme_one", "boolq", "boolq"),
        ("boolq", "boolq", "boolq"),
        (MMLU, "mmlu:subject=anatomy,method=multiple_choice_joint", "mmlu"),
        ("boolq:model=m,data_augmentation=x", "boolq:data_augmentation=x", "boolq"),
        ("imdb:only_contrast=True,model_deployment=h_m", "imdb:only_contrast=True", "imdb"),
        ("gsm:model_class=x,model=m", "gsm:model_class=x", "gsm"),
        ("gsm:stop=hash,model=m", "gsm:stop=hash", "gsm"),
        ("copa,instructions=expert:model=m", "copa,instructions=expert", "copa"),
    ],
)
def test_task_is_the_name_of_the_run_without_its_model(write, name, task, group):
    rows = HARNESS.parse(write(make_run_spec(name)))
    assert (rows.task, rows.columns().texts["group"]) == (task, [group])


@pytest.mark.parametrize(
    ("suffix", "dropped"),
    [
        (",stop=hash", "stop=hash"),
        (",global_prefix=nlg", "global_prefix=nlg"),
        (",stop=hash,global_prefix=nlg", "global_prefix=nlg and stop=hash"),
    ],
)
@pytest.mark.parametrize("has_spec", [True, False])
def test_what_helm_adds_to_names_for_a_model_is_no_part_of_the_task(
    write, suffix, dropped, has_spec
):
    name = f"boolq:model=acme_t5{suffix}"
    path = write(make_run_spec(name) if has_spec else None, folder=name)
    rows = HARNESS.parse(path)
    assert rows.task == "boolq"
    assert (
        rows.notes[
            "other-name",
            f"tasks were named without {dropped}, which HELM adds to the names of runs for models "
            "that need it",
        ]
        == 1
    )


@pytest.mark.parametrize(
    ("adapter", "setting"),
    [
        ({}, "method=multiple_choice_joint n-shot=5"),
        ({"max_train_instances": 0}, "method=multiple_choice_joint n-shot=0"),
        ({"method": ""}, "n-shot=5"),
        ({"method": "a b\tc", "max_train_instances": [1]}, "method=a_b_c"),
        ({"method": None, "max_train_instances": None}, ""),
    ],
)
def test_setting_says_how_the_model_was_asked(write, adapter, setting):
    assert HARNESS.parse(write(make_run_spec(**adapter))).setting == setting


@pytest.mark.parametrize(
    ("model", "deployment", "expected"),
    [
        ("acme/one", "acme/one", ("acme/one", "")),
        ("acme/one", "host/one-int4", ("acme/one", "deployment=host/one-int4")),
        ("acme/one", None, ("acme/one", "")),
        ("", "host/one", ("host/one", "")),
    ],
)
def test_deployments_tell_models_of_one_name_apart(write, model, deployment, expected):
    rows = HARNESS.parse(write(make_run_spec(model=model, deployment=deployment)))
    assert (rows.model, rows.model_args) == expected


def test_without_run_spec_the_folder_names_task_and_model(write):
    rows = HARNESS.parse(write(folder=MMLU))
    assert rows.model == "acme_one"
    assert rows.task == "mmlu:subject=anatomy,method=multiple_choice_joint"
    assert rows.setting == ""
    assert [text.split(":")[0] for _, text in rows.notes] == ["runs have no run_spec.json"]


def test_without_run_spec_a_relative_path_will_do(write, monkeypatch):
    path = write(folder=MMLU)
    monkeypatch.chdir(path.parent)
    assert HARNESS.parse(path.relative_to(path.parent)).model == "acme_one"


def test_without_run_spec_a_folder_that_names_no_model_is_refused(write):
    with pytest.raises(ResultsError, match="folder 'copied' names no model; expected"):
        HARNESS.parse(write(folder="copied"))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ([], "beside it is an empty list; expected a JSON object"),
        ({"adapter_spec": {}}, "'name' in run_spec.json beside it is None; expected a text"),
        ({"name": "boolq"}, "'adapter_spec' in run_spec.json beside it is None"),
        ({"name": "boolq", "adapter_spec": {}}, "has no model in 'adapter_spec'"),
        ({"name": "b", "adapter_spec": {"model": 3}}, "the model in run_spec.json beside it is 3"),
        (
            {"name": "b", "adapter_spec": {"model": "m", "model_deployment": [1]}},
            "the deployment in run_spec.json beside it is a list",
        ),
        ('{"name": "boo', "cannot be read without run_spec.json beside it: is not valid JSON"),
        ("[" * 100_000, "cannot be read without run_spec.json beside it: is not valid JSON"),
    ],
    ids=range(8),
)
def test_a_run_spec_of_another_form_is_refused(write, spec, message):
    with pytest.raises(ResultsError) as caught:
        HARNESS.parse(write(spec))
    assert message in str(caught.value)


def make_instance(number, text="What is 1 + 1?", answers=("2", "3"), **more):
    references = [
        {"output": {"text": answer}, "tags": ["correct"] if answer == "2" else []}
        for answer in answers
    ]
    instance = {"input": {"text": text}, "references": references, "split": "test"}
    return instance | {"id": f"id{number}"} | more


def contents(path):
    """Fingerprints of the contents of id1 and id2, and notes."""
    rows = HARNESS.parse(path)
    columns = rows.columns()
    items = [columns.texts["item"][code] for code in columns.codes["item"]]
    return dict(zip(items, columns.content_hash.tolist(), strict=True)), dict(rows.notes)


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (make_instance(2), True),
        (make_instance(2, split="valid"), True),
        (make_instance(2, text="What is 2 + 2?"), False),
        (make_instance(2, answers=("3", "2")), False),
        (make_instance(2, input={"text": "What is 1 + 1?", "messages": [{"role": "user"}]}), False),
    ],
)
def test_contents_are_texts_of_input_and_references(write, other, is_same):
    found, notes = contents(write(make_run_spec(), instances=[make_instance(1), other]))
    assert (found["id1"] == found["id2"]) == is_same
    assert all(found.values())
    assert not notes


def test_contents_of_perturbed_instances_are_passed_over(write):
    perturbed = make_instance(1, text="Waht?", perturbation={"name": "typos"})
    found, _ = contents(write(make_run_spec(), instances=[make_instance(1), perturbed]))
    assert (
        found == contents(write(make_run_spec(), instances=[make_instance(1)], folder="other"))[0]
    )


@pytest.mark.parametrize("odd", [{"id": "id1"}, {"id": "id1", "input": [], "references": 3}, "odd"])
def test_contents_of_another_form_are_not_recorded(write, odd):
    assert not any(contents(write(make_run_spec(), instances=[odd]))[0].values())


def test_contents_are_not_recorded_without_their_file(write):
    assert contents(write(make_run_spec())) == ({"id1": 0, "id2": 0}, {})


@pytest.mark.parametrize("text", ["[{", "{}", '"x"'])
def test_contents_that_cannot_be_read_are_not_recorded(write, text):
    found, notes = contents(write(make_run_spec(), instances=text))
    assert found == {"id1": 0, "id2": 0}
    ((kind, text),) = notes
    assert (kind, notes[kind, text]) == ("no-contents", 1)
    assert "instances.json beside them is not readable" in text
