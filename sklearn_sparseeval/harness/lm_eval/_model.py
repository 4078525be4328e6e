"""Which model a run of lm-evaluation-harness, or of its offspring lmms-eval, was of."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

# In the order in which the harness looks for a model's name among --model_args.
LM_EVAL_KEYS = ("peft", "delta", "pretrained", "model", "path", "engine")
LMMS_EVAL_KEYS = (
    "peft",
    "delta",
    "pretrained",
    "model",
    "model_version",
    "model_name",
    "model_id",
    "path",
    "engine",
)
_RANDOM_NAME = re.compile(r"[a-z0-9]{8}")
_PYTHON_OBJECT = "CUSTOM"

# How and where a model was run, not which model it is.
_MEANS = frozenset(
    [
        "api_key",
        "attn_implementation",
        "auth_token",
        "base_url",
        "batch_size",
        "cache_dir",
        "data_parallel_size",
        "device",
        "device_map",
        "device_map_option",
        "disable_log_stats",
        "download_dir",
        "enforce_eager",
        "gpu_memory_utilization",
        "gpus",
        "low_cpu_mem_usage",
        "logits_cache",
        "max_batch_size",
        "max_concurrent_requests",
        "max_cpu_memory",
        "max_memory_per_gpu",
        "max_model_parallel",
        "max_num_batched_tokens",
        "max_num_seqs",
        "max_retries",
        "mem_fraction_static",
        "nnodes",
        "num_concurrent",
        "num_gpus",
        "num_processes",
        "offload_folder",
        "parallelize",
        "pipeline_parallel_size",
        "retry_timeout",
        "seed",
        "swap_space",
        "tensor_parallel_size",
        "timeout",
        "token",
        "tokenized_requests",
        "tokenizer_backend",
        "tp_size",
        "dp_size",
        "trust_remote_code",
        "use_fast_tokenizer",
        "verify_certificate",
    ]
)
_DEFAULTS = {"revision": "main", "dtype": "auto", "subfolder": ""}


class ModelIdentity(NamedTuple):
    """A model's name, what tells it from others of that name, and how the name was found."""

    name: str
    args: str
    note: str = ""


def identify_model(results: Mapping[str, Any], keys: tuple[str, ...]) -> ModelIdentity:
    """Find a model's name as the harness does, but never the one it makes up at random.

    Parameters
    ----------
    results : mapping
        What the run's results file holds.
    keys : tuple of str
        Which of ``--model_args`` name a model, the first first.

    Returns
    -------
    identity : ModelIdentity
        The name, "" where the file does not tell; the arguments, and how the model was prompted;
        and a note for the user, or "".
    """
    config = results.get("config")
    config = config if isinstance(config, dict) else {}
    identity = _identity(results, config, keys)
    prompting = _canonical(_prompting(results, config.get("gen_kwargs")))
    return identity._replace(args=",".join(filter(None, [identity.args, prompting])))


def _identity(
    results: Mapping[str, Any], config: Mapping[str, Any], keys: tuple[str, ...]
) -> ModelIdentity:
    """Tell which model was run, however it was prompted."""
    given = config.get("model_args")
    args = _parsed(given)
    key = next((key for key in keys if key in args), None)
    if key is None and isinstance(given, str):  # the harness looks for "model=" anywhere in it
        key = next((one for name in keys for one in args if one.endswith(name)), None)
    recorded = results.get("model_name")
    recorded = recorded if isinstance(recorded, str) else ""
    if key is not None:
        others = {name: value for name, value in args.items() if name != key}
        return ModelIdentity(recorded or args[key], _canonical(others))
    if recorded and not _RANDOM_NAME.fullmatch(recorded):
        return ModelIdentity(recorded, _canonical(args))
    return _unnamed(results.get("model_source"), config.get("model"), recorded, _canonical(args))


def _unnamed(source: Any, kind: Any, recorded: str, args: str) -> ModelIdentity:
    """Name a model that ``--model_args`` do not name."""
    source = source if isinstance(source, str) and source else kind
    if not isinstance(source, str) or not source:
        return ModelIdentity("", args)
    if source != _PYTHON_OBJECT:
        note = (
            "files are of runs whose --model_args name no model; the model is called after "
            "--model and its arguments"
        )
        return ModelIdentity(f"{source} {args}".strip(), "", note)
    if isinstance(kind, str) and "/" in kind:
        return ModelIdentity(kind, args)
    # Two objects of one class may be two models: the name of the run keeps them apart.
    note = (
        "files are of models given to the harness as Python objects, which have no name; they are "
        "called after their class and the random name of their run. Rename them in the table's "
        "column 'model'"
    )
    words = (kind if isinstance(kind, str) else source, recorded)
    return ModelIdentity(" ".join(filter(None, words)), args, note)


def _prompting(results: Mapping[str, Any], gen_kwargs: Any) -> dict[str, str]:
    """Name what the harness did to all prompts and answers, which makes scores differ."""
    told: dict[str, str] = {}
    for name in ("chat_template", "system_instruction"):
        fingerprint = results.get(f"{name}_sha")
        if isinstance(fingerprint, str) and fingerprint:
            told[name] = fingerprint[:8]
    shots = results.get("n-shot")
    numbers = shots.values() if isinstance(shots, dict) else ()
    has_examples = any(isinstance(number, int) and number > 0 for number in numbers)
    # Without a chat there are no turns, and without examples only one.
    if results.get("fewshot_as_multiturn") is True and has_examples and "chat_template" in told:
        told["fewshot_as_multiturn"] = "True"
    return told | {f"gen_kwargs.{key}": value for key, value in _parsed(gen_kwargs).items()}


def _parsed(args: Any) -> dict[str, str]:
    """Read ``--model_args`` or ``--gen_kwargs``: a dict, or ``key=value,key=value``."""
    if isinstance(args, dict):
        return {key: _text(value) for key, value in args.items()}
    pairs: dict[str, str] = {}
    if not isinstance(args, str):
        return pairs
    last = None
    for part in args.split(","):
        key, equals, value = part.partition("=")
        if equals:
            last = key.strip()
            pairs[last] = value.strip()
        elif last is not None:  # a comma within a value
            pairs[last] += f",{part}"
    return {key: _text(value) for key, value in pairs.items()}


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    text = str(value)
    return text.capitalize() if text in ("true", "false") else text


def _canonical(args: Mapping[str, str]) -> str:
    """Write arguments in one way, without those that do not make another model."""
    told = {
        key: value
        for key, value in args.items()
        if key not in _MEANS and value != "None" and value != _DEFAULTS.get(key)
    }
    return ",".join(f"{key}={told[key]}" for key in sorted(told))
