"""Which model a run was of: from --model_args, old and new, and never a name made up at random."""

import pytest

from sklearn_sparseeval.harness.lm_eval._model import LM_EVAL_KEYS, LMMS_EVAL_KEYS, identify_model


def results_of(model_args, model_name=None, source="hf", model=None):
    config = {"model": model or source, "model_args": model_args}
    return {"config": config, "model_name": model_name, "model_source": source}


@pytest.mark.parametrize(
    ("model_args", "recorded", "name"),
    [
        ({"pretrained": "acme/one"}, "acme/one", "acme/one"),
        ("pretrained=acme/one,dtype=float16", "acme/one", "acme/one"),
        # The results files of old versions do not hold the name itself.
        ("pretrained=acme/one,dtype=float16", None, "acme/one"),
        ({"model": "acme-chat"}, None, "acme-chat"),
        ({"pretrained": "acme/one", "peft": "acme/lora"}, None, "acme/lora"),
        ({"path": "models/one"}, None, "models/one"),
        ("base_model=acme/one,x=1", None, "acme/one"),  # the harness looks for "model=" anywhere
        # Names that look random, but that the arguments tell.
        ({"pretrained": "abcd1234"}, "abcd1234", "abcd1234"),
        # The file was given another name by hand, or by another program.
        ({}, "acme/renamed", "acme/renamed"),
    ],
)
def test_a_model_is_called_as_the_harness_calls_it(model_args, recorded, name):
    identity = identify_model(results_of(model_args, recorded), LM_EVAL_KEYS)
    assert (identity.name, identity.note) == (name, "")


@pytest.mark.parametrize(
    ("model_args", "recorded", "source", "name"),
    [
        ({}, "qdpv68r5", "dummy", "dummy"),
        ("", "qdpv68r5", "dummy", "dummy"),
        (None, "qdpv68r5", "dummy", "dummy"),
        ({"scale": 2, "device": "cuda"}, "qdpv68r5", "mine", "mine scale=2"),
        ("scale=2", "", "mine", "mine scale=2"),
    ],
)
def test_random_names_give_way_to_the_kind_of_model(model_args, recorded, source, name):
    identity = identify_model(results_of(model_args, recorded, source), LM_EVAL_KEYS)
    assert (identity.name, identity.args) == (name, "")
    assert "name no model" in identity.note


@pytest.mark.parametrize(
    ("model", "name", "noted"),
    [
        ("acme/one", "acme/one", False),  # the object knew where it came from
        ("HFLM", "HFLM qdpv68r5", True),
        (None, "CUSTOM qdpv68r5", True),
    ],
)
def test_python_objects_are_not_taken_for_one_model(model, name, noted):
    results = results_of("", "qdpv68r5", "CUSTOM")
    results["config"]["model"] = model
    identity = identify_model(results, LM_EVAL_KEYS)
    assert identity.name == name
    assert ("Python objects" in identity.note) is noted


@pytest.mark.parametrize(
    "results",
    [
        {},
        {"config": None},
        {"config": {"model_args": 5, "model": 3}, "model_name": 7},
        {"model_source": ""},
        {"model_source": ["hf"]},
    ],
    ids=str,
)
def test_a_file_that_does_not_tell_gives_no_name(results):
    assert identify_model(results, LM_EVAL_KEYS).name == ""


SAME = "dtype=bfloat16,revision=step100,trained=True"


@pytest.mark.parametrize(
    ("model_args", "canonical"),
    [
        ({"pretrained": "a", "revision": "step100", "dtype": "bfloat16", "trained": True}, SAME),
        ("pretrained=a,trained=true,dtype=bfloat16,revision=step100", SAME),
        (" revision=step100, pretrained=a,dtype=bfloat16 ,trained=True", SAME),
        # How and where it was run makes no other model.
        ({"pretrained": "a", "device": "cuda:0", "batch_size": 8, "parallelize": True}, ""),
        ("pretrained=a,tensor_parallel_size=4,gpu_memory_utilization=0.8,cache_dir=/x", ""),
        # What is said and what holds anyway are the same.
        ({"pretrained": "a", "revision": "main", "dtype": "auto", "peft_x": None}, ""),
        ("pretrained=a,revision=main,peft_x=None", ""),
        ({"peft": "lora", "pretrained": "a"}, "pretrained=a"),
        ({"pretrained": "a", "template": {"y": 1, "x": [2]}}, 'template={"x": [2], "y": 1}'),
        ('pretrained=a,template={"x": 1,"y": 2}', 'template={"x": 1,"y": 2}'),
        ("no pair,pretrained=a", ""),
    ],
)
def test_arguments_are_written_in_one_way(model_args, canonical):
    assert identify_model(results_of(model_args), LM_EVAL_KEYS).args == canonical


CHAT, SYSTEM = "1a2b3c4d" + "e" * 56, "9f8e7d6c" + "b" * 56


@pytest.mark.parametrize(
    ("recorded", "gen_kwargs", "args"),
    [
        ({"chat_template_sha": CHAT}, None, "chat_template=1a2b3c4d"),
        ({"system_instruction_sha": SYSTEM}, {}, "system_instruction=9f8e7d6c"),
        ({"chat_template_sha": None, "system_instruction_sha": None}, "", ""),
        ({"chat_template_sha": ""}, None, ""),
        ({"chat_template_sha": 7}, None, ""),
        # Examples are turns of a chat only where there are both.
        (
            {"chat_template_sha": CHAT, "fewshot_as_multiturn": True, "n-shot": {"a": 0, "b": 5}},
            None,
            "chat_template=1a2b3c4d,fewshot_as_multiturn=True",
        ),
        (
            {"chat_template_sha": CHAT, "fewshot_as_multiturn": False, "n-shot": {"a": 5}},
            None,
            "chat_template=1a2b3c4d",
        ),
        (
            {"chat_template_sha": CHAT, "fewshot_as_multiturn": True, "n-shot": {"a": 0}},
            None,
            "chat_template=1a2b3c4d",
        ),
        (
            {"chat_template_sha": CHAT, "fewshot_as_multiturn": True, "n-shot": ["a"]},
            None,
            "chat_template=1a2b3c4d",
        ),
        ({"fewshot_as_multiturn": True, "n-shot": {"a": 5}}, None, ""),
        ({}, {"top_k": 5, "do_sample": True}, "gen_kwargs.do_sample=True,gen_kwargs.top_k=5"),
        ({}, "top_k=5,do_sample=true", "gen_kwargs.do_sample=True,gen_kwargs.top_k=5"),
        ({}, {"seed": 1, "stop": None}, "gen_kwargs.seed=1"),
        ({}, 5, ""),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("model_args", "source", "own"),
    [("pretrained=a,revision=b", "hf", ["revision=b"]), ("", "dummy", []), ("", "CUSTOM", [])],
    ids=["named", "unnamed", "object"],
)
def test_how_a_model_was_prompted_tells_runs_apart(
    recorded, gen_kwargs, args, model_args, source, own
):
    results = results_of(model_args, "", source) | recorded
    plain = identify_model(results_of(model_args, "", source), LM_EVAL_KEYS)
    results["config"]["gen_kwargs"] = gen_kwargs
    identity = identify_model(results, LM_EVAL_KEYS)
    assert identity.name == plain.name
    assert identity.args == ",".join([*own, *filter(None, [args])])


@pytest.mark.parametrize(
    ("model_args", "name"),
    [
        ("model_version=gpt-4o,azure_openai=False", "gpt-4o"),
        ("model_id=acme/eyes", "acme/eyes"),
        ("pretrained=acme/eyes,max_pixels=100", "acme/eyes"),
    ],
)
def test_lmms_eval_knows_more_keys(model_args, name):
    assert identify_model(results_of(model_args), LMMS_EVAL_KEYS).name == name


def test_lmms_eval_without_a_name_is_called_after_the_kind_of_model():
    identity = identify_model(results_of("fps=1", "", "qwen2_5_vl"), LMMS_EVAL_KEYS)
    assert identity.name == "qwen2_5_vl fps=1"
