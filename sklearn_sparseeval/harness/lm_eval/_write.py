"""Anchors as lm-evaluation-harness takes them."""

import json
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._errors import ResultsError
from sklearn_sparseeval._sklearn import check_parameters
from sklearn_sparseeval.harness._item_lists import HarnessRun
from sklearn_sparseeval.harness.table._natural_order import natural_key

if TYPE_CHECKING:
    from pandas import DataFrame

Samples = dict[str, list[int]]

_MODEL = "--model hf --model_args pretrained=YOUR_MODEL"
_DOC_ID = re.compile(r"0|[1-9][0-9]*")
_PATTERN = re.compile(r"[,*?\[\]]")  # lm-eval splits names of tasks at commas, and matches globs
_LISTS = re.compile(r"samples(-\d+-shot|-default-shots)?\.json")
_FLAGS = "swh"  # options of one letter without a value, which others may follow: -sL5
_SHOTS = "--num_fewshot"
_REFUSED = {
    "--cache_requests": (
        "the cache does not know which items are asked for, so that lm-eval would send the "
        "prompts of others. --use_cache is safe"
    ),
    "--limit": "it cannot be combined with --samples",
    "--samples": "the anchors are what is to be run",
    "--tasks": "the command names exactly the tasks that have anchors; of any other all items "
    "would be run",
    "--output_path": "pass output_path instead",
    "--predict_only": "no item would be scored",
}
_LETTERS = {
    "L": "--limit",
    "E": "--samples",
    "t": "--tasks",
    "o": "--output_path",
    "x": "--predict_only",
    "f": _SHOTS,
}
# What to say besides of findings in a run of anchors, by their kind.
HINTS = {
    "other-item": (
        "lm-eval writes wrong ones if the list given to --samples is not sorted, or names an item "
        "twice; run again with a sorted list."
    ),
    "moved": "lm-eval writes wrong numbers if the list given to --samples is not sorted.",
    "other-wording": "With lm-eval these are --apply_chat_template, --system_instruction and the "
    "task's file.",
    "other-prompt": (
        "lm-eval draws examples anew for chosen items; it does not with --num_fewshot 0 or where a "
        "task takes its first ones (sampler: first_n). Or run the models of the history with the "
        "same --samples."
    ),
    "prompt-unknown": (
        "lm-eval draws examples anew for chosen items, except where a task takes its first ones "
        "(sampler: first_n)."
    ),
    "extra": (
        "lm-eval runs all items of a task that --samples does not name, names with an empty list, "
        "or names by its group."
    ),
}


@dataclass(frozen=True)
class LmEvalSamples:
    """Anchors as lm-evaluation-harness takes them: made by ``to_lm_eval_samples``.

    Parameters
    ----------
    samples : dict of str to list of int
        The ``doc_id`` of the anchors of each task, ascending and each once; what
        ``lm_eval.simple_evaluate(samples=...)`` takes, together with ``tasks=list(samples)``.
    commands : list of str
        What to run in a POSIX shell: one command for each number of shots. Together they run all
        anchors.

    See Also
    --------
    to_lm_eval_samples : Makes them.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_sparseeval.harness import to_lm_eval_samples
    >>> anchors = pd.DataFrame({"task": ["arc", "arc"], "item": ["10", "9"]})
    >>> to_lm_eval_samples(anchors).samples
    {'arc': [9, 10]}
    """

    samples: Samples
    commands: list[str]


@check_parameters(
    path=[str, os.PathLike, None], harness_args=[str, None], output_path=[str, os.PathLike]
)
def to_lm_eval_samples(
    anchors: "DataFrame",
    path: str | os.PathLike[str] | None = None,
    *,
    harness_args: str | None = None,
    output_path: str | os.PathLike[str] = "anchor_results",
) -> LmEvalSamples:
    """Write anchors as lm-evaluation-harness takes them, and the command that runs them.

    Parameters
    ----------
    anchors : pandas.DataFrame
        The items to run: rows of ``ScoreMatrix.items``, with the columns ``task`` and ``item``
        and perhaps ``setting``, whose word ``n-shot=K`` says with how many shots.

    path : path-like, default=None
        A JSON file to write, for ``--samples``. Where tasks have different numbers of shots there
        is one file for each, such as ``samples-5-shot.json``. None writes no file: the list
        stands in the command.

    harness_args : str, default=None
        What the command says of the model, as it would be written in a shell, on one line:
        ``"--model hf --model_args pretrained=acme/one --batch_size auto"``. None leaves
        ``YOUR_MODEL`` to be filled in.

    output_path : path-like, default="anchor_results"
        Folder for lm-eval's logs.

    Returns
    -------
    samples : LmEvalSamples
        The list, and the commands.

    Raises
    ------
    ResultsError
        If an anchor is not an item of lm-eval: another harness's, or without a number.
    ValueError
        If `harness_args` holds an option that changes which items are run, such as ``--limit``, or
        other shots than the models of the history were run with; or lm-eval would not take `path`
        for a file.

    See Also
    --------
    to_score_matrix : Makes the matrix whose items the anchors are.
    verify_anchor_run : Checks what came back.

    Notes
    -----
    ``--samples`` is there from lm-eval 0.4.9, the word ``run`` from 0.4.10; leave it out before.
    What it does without a message is what this function guards against: a list that is not sorted,
    or names an item twice, gives wrong ``doc_id`` in the log; an empty list, a task that is not in
    the list, or a group in place of its tasks runs all items; with ``--cache_requests``, here or
    in a file given with ``--config``, the prompts of other items are sent.

    lm-eval draws the examples of few-shot prompts anew for each item that is run, so that a subset
    of items gets other examples than in the full run, except where a task takes its first ones.
    :func:`verify_anchor_run` tells where it happened.

    References
    ----------
    EleutherAI, *lm-evaluation-harness*, version 0.4.13, command-line interface.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_sparseeval.harness import to_lm_eval_samples
    >>> anchors = pd.DataFrame(
    ...     {
    ...         "task": ["mmlu_anatomy", "gsm8k", "mmlu_anatomy"],
    ...         "item": ["7", "0", "4"],
    ...         "setting": ["version=1.0 n-shot=5", "version=3.0 n-shot=5", "version=1.0 n-shot=5"],
    ...     }
    ... )
    >>> chosen = to_lm_eval_samples(anchors, harness_args="--model hf --model_args pretrained=gpt2")
    >>> chosen.samples
    {'gsm8k': [0], 'mmlu_anatomy': [4, 7]}
    >>> print(chosen.commands[0])
    lm_eval run --model hf --model_args pretrained=gpt2 --tasks gsm8k,mmlu_anatomy
    --samples '{"gsm8k": [0], "mmlu_anatomy": [4, 7]}' --num_fewshot 5 --log_samples
    --output_path anchor_results
    """
    samples = _samples(anchors)
    own_shots = _check_harness_args(harness_args or _MODEL)
    shots_of = _shots_by_task(anchors)
    _check_shots(own_shots, shots_of)
    every = sorted(set(shots_of.values()), key=lambda shots: -1 if shots is None else shots)
    commands = []
    for shots in every:
        part = {task: ids for task, ids in samples.items() if shots_of[task] == shots}
        if path is None:
            listed = json.dumps(part)
        else:
            listed = _write(part, Path(path) if len(every) == 1 else _path_for(Path(path), shots))
        words = ["--tasks", ",".join(part), "--samples", listed]
        if shots is not None and own_shots is None:
            words += [_SHOTS, str(shots)]
        words += ["--log_samples", "--output_path", os.fspath(output_path)]
        commands.append(f"lm_eval run {(harness_args or _MODEL).strip()} {shlex.join(words)}")
    return LmEvalSamples(samples, commands)


def _samples(anchors: Any) -> Samples:
    """List the anchors of each task: numbers, ascending, each once."""
    missing = [name for name in ("task", "item") if name not in getattr(anchors, "columns", ())]
    if missing:
        raise ResultsError(
            f"anchors has no column {' and '.join(missing)}; expected a data frame of rows of "
            "ScoreMatrix.items, such as matrix.items.iloc[selector.anchors_]."
        )
    if not len(anchors):
        raise ResultsError("There are no anchors. lm-eval would run all items of an empty list.")
    _refuse_other_harness(anchors)
    ids: dict[str, set[int]] = {}
    for task, item in zip(map(str, anchors["task"]), map(str, anchors["item"]), strict=True):
        if not _DOC_ID.fullmatch(item):
            raise ResultsError(
                f"Item {item!r} of task {task!r} is not a doc_id of lm-eval; expected integers "
                "from 0. Were the results of this task written by lm-eval?"
            )
        ids.setdefault(task, set()).add(int(item))
    for task in ids:
        if _PATTERN.search(task) or not task.strip():
            raise ResultsError(
                f"Task {task!r} cannot be named in --tasks, where commas separate names and "
                "*, ? and [ make globs. Is it a task of lm-eval?"
            )
    return {task: sorted(ids[task]) for task in sorted(ids, key=natural_key)}


def _refuse_other_harness(anchors: Any) -> None:
    if "harness" in anchors:
        others = [name for name in anchors["harness"] if name not in ("", "lm_eval")]
        if others:
            raise ResultsError(
                f"{len(others)} of {len(anchors)} anchors are from results of {others[0]!r}, whose "
                "items lm-eval does not know. Write those with that harness's own function, and "
                "pass only anchors['harness'] == 'lm_eval' here."
            )
    if "group" in anchors:
        leaves = set(anchors["task"])
        for task, group in zip(anchors["task"], anchors["group"], strict=True):
            if group != task and group in leaves:
                raise ResultsError(
                    f"Task {group!r} is a group, of {task!r} among others; lm-eval would run all "
                    "its items. Name the tasks within it."
                )


def _shots_by_task(anchors: Any) -> dict[str, int | None]:
    """Read with how many shots each task was run; None = not recorded."""
    found: dict[str, int | None] = dict.fromkeys(map(str, anchors["task"]))
    if "setting" not in anchors:
        return found
    for task, setting in zip(map(str, anchors["task"]), map(str, anchors["setting"]), strict=True):
        words = dict(word.split("=", 1) for word in setting.split() if "=" in word)
        number = words.get("n-shot", "")
        if not _DOC_ID.fullmatch(number):
            continue
        if found[task] not in (None, int(number)):
            raise ResultsError(
                f"Task {task!r} was run with {found[task]} and with {number} shots. Take the "
                "anchors of a task from one matrix."
            )
        found[task] = int(number)
    return found


def _check_harness_args(harness_args: str) -> int | None:
    """Refuse options that change which items are run; return the number of shots, if one is set."""
    if "\n" in harness_args or "\r" in harness_args:
        raise ValueError("harness_args has a line break; expected one line, as part of a command.")
    try:
        words = shlex.split(harness_args)
    except ValueError as error:
        raise ValueError(
            f"harness_args is {harness_args!r}, which a shell cannot read: {error}."
        ) from error
    if not words or not words[0].startswith("-"):
        raise ValueError(
            f"harness_args is {harness_args!r}; expected options of `lm_eval run` only, such as "
            f"'{_MODEL}'."
        )
    shots = None
    for option, value in _options(words):
        if option == _SHOTS:
            shots = value
        elif option is not None:
            raise ValueError(f"harness_args holds {option}: {_REFUSED[option]}. Leave it out.")
    if shots is not None and not _DOC_ID.fullmatch(shots):
        raise ValueError(f"harness_args holds {_SHOTS} {shots!r}; expected an integer from 0.")
    return None if shots is None else int(shots)


def _options(words: list[str]) -> Iterator[tuple[str | None, str]]:
    """Find the options that concern us, however argparse lets them be written, and their values."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name.startswith("--"):  # argparse takes the beginning of a name for the whole
            known = (option for option in (*_REFUSED, _SHOTS) if len(name) > len("--"))
            option = next((option for option in known if option.startswith(name)), None)
            yield option, value if equals else following
        elif word.startswith("-"):
            letters = word[1:].lstrip(_FLAGS)
            yield _LETTERS.get(letters[:1]), letters[1:].removeprefix("=") or following


def _check_shots(own: int | None, recorded: dict[str, int | None]) -> None:
    if own is None:
        return
    for task, shots in recorded.items():
        if shots not in (None, own):
            raise ValueError(
                f"harness_args asks for {own} shots, but the models of the matrix were run with "
                f"{shots} on task {task!r}. Leave {_SHOTS} out: it is added as recorded."
            )


def _path_for(path: Path, shots: int | None) -> Path:
    suffix = "default-shots" if shots is None else f"{shots}-shot"
    return path.with_name(f"{path.stem}-{suffix}{path.suffix}")


def _write(samples: Samples, path: Path) -> str:
    """Write the list, and return the file's name as lm-eval takes it for one."""
    name = str(path) if not str(path).startswith("-") else os.path.join(os.curdir, path)
    try:
        json.loads(name)
        taken = True
    except ValueError:
        taken = "{" in name
    if taken:
        raise ValueError(
            f"path is {name!r}, which lm-eval would take for the list itself; expected the name "
            "of a file without braces, such as samples.json."
        )
    lines = [f"  {json.dumps(task)}: {json.dumps(ids)}" for task, ids in samples.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="ascii")
    return name


def write_anchors(anchors: "DataFrame", folder: Path, harness_args: str | None) -> HarnessRun:
    """Write anchors to a folder, and say how to run them.

    Parameters
    ----------
    anchors : pandas.DataFrame
        Rows of ``ScoreMatrix.items``.
    folder : Path
        Where to.
    harness_args : str or None
        What the commands say besides the anchors, such as the model.

    Returns
    -------
    run : HarnessRun
        Files, commands and advice.
    """
    path = folder / "samples.json"
    samples = to_lm_eval_samples(
        anchors, path, harness_args=harness_args, output_path="anchor_results"
    )
    advice = (
        "Needs lm-eval 0.4.9 or newer. Few-shot examples that are drawn at random differ from "
        "those of a full run; predict says so where it matters."
    )
    # One list for each number of shots: samples.json, or samples-0-shot.json, samples-5-shot.json.
    files = sorted(one.name for one in folder.glob("samples*.json") if _LISTS.fullmatch(one.name))
    return HarnessRun("lm_eval", files, samples.commands, "anchor_results", advice)


def check_args(anchors: "DataFrame", harness_args: str) -> None:
    """Refuse arguments that would change which items are run.

    Parameters
    ----------
    anchors : pandas.DataFrame
        Rows of ``ScoreMatrix.items``.
    harness_args : str
        What the commands would say besides the anchors.

    Raises
    ------
    ValueError
        If they would, or an anchor cannot be run.
    """
    to_lm_eval_samples(anchors, harness_args=harness_args)
