"""What an Inspect log says of its run: which model, on which task, in which setting."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._fingerprint import text_fingerprint
from sklearn_sparseeval._messages import short
from sklearn_sparseeval.harness.table._rows import Rows

_LONGEST_WORD = 40
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

# How and where a model was run, or what a task asks of every model: not which model it is.
_MEANS_NAMES = """
    adaptive_connections api_key attempt_timeout base_url batch batch_size cache cache_dir
    cache_prompt data_parallel_size device device_map download_dir enforce_eager extra_headers
    fail_on_refusal gpu_memory_utilization host logprobs max_batch_size max_connections
    max_num_seqs max_retries max_tokens pipeline_parallel_size port prompt_logprobs
    reasoning_summary seed stop_seqs stream_idle_timeout swap_space tensor_parallel_size timeout
    top_logprobs trust_remote_code
"""
_MEANS = frozenset(_MEANS_NAMES.split())


def run_rows(spec: dict[str, Any]) -> Rows:
    """Start the rows of a log.

    Parameters
    ----------
    spec : dict
        What the log holds under "eval".

    Returns
    -------
    rows : Rows
        No rows yet, but what is the same for all of them.

    Raises
    ------
    ResultsError
        If the model or the task has no name.
    """
    return Rows(
        harness="inspect",
        model=_name(spec, "model"),
        task=_name(spec, "task"),
        model_args=_model_args(spec),
        setting=_setting(spec),
        date=_date(spec.get("created")),
    )


def _name(spec: dict[str, Any], key: str) -> str:
    name = spec.get(key)
    if not isinstance(name, str) or not name:
        raise ResultsError(f"'eval.{key}' is {short(name)}; expected a name.")
    return name


def _model_args(spec: dict[str, Any]) -> str:
    """Write what tells models of one name apart, in one way."""
    return " ".join(
        word
        for key in ("model_args", "model_generate_config")
        for word in _words("", {k: v for k, v in _dict(spec, key).items() if k not in _MEANS})
    )


def _setting(spec: dict[str, Any]) -> str:
    roles = {role: _models(config) for role, config in _dict(spec, "model_roles").items()}
    words = [
        *_words("", {"version": spec.get("task_version", 0)}),
        *_words("arg.", _dict(spec, "task_args")),
        *_words("", {"solver": spec.get("solver")}),
        *_words("solver.", _dict(spec, "solver_args")),
        *_words("role.", roles),
    ]
    return " ".join(words)


def _dict(spec: dict[str, Any], key: str) -> dict[str, Any]:
    value = spec.get(key)
    return value if isinstance(value, dict) else {}


def _models(config: Any) -> Any:
    """Name the model, or the models, of a role."""
    configs = config if isinstance(config, list) else [config]
    names = [one.get("model") if isinstance(one, dict) else one for one in configs]
    return names[0] if len(names) == 1 else names


def _words(prefix: str, values: dict[str, Any]) -> list[str]:
    """Write values as words ``key=value`` without blanks; long ones as their fingerprint."""
    known = {key: value for key, value in sorted(values.items()) if value is not None}
    return [f"{prefix}{_word(key)}={_word(value)}" for key, value in known.items()]


def _word(value: Any) -> str:
    is_text = isinstance(value, str) and value
    text = value if is_text else json.dumps(value, sort_keys=True, separators=(",", ":"))
    text = _ADDRESS.sub("", text)  # of a function, which is another one in each run
    if len(text) > _LONGEST_WORD or " " in text or not text.isprintable():
        return f"#{text_fingerprint(text):016x}"
    return text


def _date(created: Any) -> str:
    """Write a time in UTC, so that later times sort after earlier ones."""
    if not isinstance(created, str):
        return ""
    try:
        time = datetime.fromisoformat(created)
        return (time.astimezone(UTC) if time.tzinfo else time).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return created
