"""A plan in words: its README.md, and what commands print of it."""

from pathlib import Path
from shlex import quote
from typing import Any, TypeGuard

from sklearn_sparseeval.plan._output import text_table

_TASKS_SHOWN = 25
_SCALE = {"points": 100.0, "score": 1.0}
_DIGITS = {"points": 2, "score": 4}
_WARNING_SIGNS = """\
- **A model stronger than every model in the history**, or one that is right where others of its
  strength are wrong. `predict` calls it unlike the history; its interval is wider, and not sure to
  hold. `sparseeval top-up` draws a random sample of further items, with which the interval holds
  whatever the model.
- **A model that is broken, or has cheated, on items that are no anchors**: the anchors cannot show
  it, and a top-up can.
- **A model of a new kind**: another family, another size, another way of training than any in the
  history. The errors above are as good as the history is like the new model.
- **Other prompts, shots, chat templates or versions of the benchmark** than those of the history.
  `predict` compares what the harness recorded, and can only compare that.
- **Two models closer to each other than the error**: `sparseeval rank` gives them one rank.
- **A model trained on the anchors.** Keep them as private as you would keep the benchmark."""


def headline(plan: dict[str, Any]) -> str:
    """Say in a sentence what a plan is.

    Parameters
    ----------
    plan : dict
        What `plan.json` holds.

    Returns
    -------
    text : str
        The sentence.
    """
    shares = [f"{plan['share_of_items']:.1%} of the items"]
    if known(plan["share_of_tokens"]):
        shares.append(f"{plan['share_of_tokens']:.1%} of the tokens")
    method = f", chosen by {plan['method']}" if plan["method"] else ""
    return (
        f"{plan['n_anchors']} of {plan['n_items']} items ({', '.join(shares)}){method} from the "
        f"results of {plan['n_models']} models."
    )


def error_table(plan: dict[str, Any]) -> list[str]:
    """Tabulate the errors to expect.

    Parameters
    ----------
    plan : dict
        What `plan.json` holds.

    Returns
    -------
    lines : list of str
        A line per target under a header, and what the columns are.
    """
    unit = plan["unit"]
    targets = plan["targets"]
    rows = [
        [
            target["target"],
            str(target["n_items"]),
            str(target["n_anchors"]),
            scaled(target["mean_absolute_error"], unit),
            scaled(target["margin_90"], unit),
            f"{target['kendall_tau']:.2f}" if known(target["kendall_tau"]) else "?",
        ]
        for target in targets[: _TASKS_SHOWN + 1]
    ]
    lines = text_table(["target", "items", "anchors", "error", "90 % within", "tau"], rows)
    if len(targets) > len(rows):
        lines.append(f"({len(targets) - len(rows)} more tasks; --json lists them)")
    points = " in percentage points" if unit == "points" else ""
    lines += [
        "",
        f"error: mean absolute error{points}; 90 % within: as far off were 90 % of the models held "
        "out, or less; tau: Kendall's tau-b, how well the order of the models is kept (1 is "
        "perfectly); ?: not known.",
    ]
    return lines


def known(value: float | None) -> TypeGuard[float]:
    """Tell whether a number of a plan is known; in JSON one that is not is null.

    Parameters
    ----------
    value : float or None
        The number.

    Returns
    -------
    known : bool
        Whether it is one.
    """
    return value is not None and value == value and abs(value) != float("inf")


def scaled(value: float | None, unit: str) -> str:
    """Write a score or an error in the unit of the plan.

    Parameters
    ----------
    value : float or None
        In the units of the scores; None and NaN are not known.
    unit : {"points", "score"}
        Percentage points, or as it is.

    Returns
    -------
    text : str
        The number, or a question mark.
    """
    if value is None or not known(value):
        return "?"
    return f"{_SCALE[unit] * value:.{_DIGITS[unit]}f}"


def how_measured(plan: dict[str, Any]) -> str:
    """Say where the errors are from.

    Parameters
    ----------
    plan : dict
        What `plan.json` holds.

    Returns
    -------
    text : str
        A sentence or two.
    """
    if not plan.get("cross_validation"):
        return "The errors are those of the cross-validation that was stored with the predictor."
    return (
        f"Measured by {plan['cross_validation']}; in each fold the anchors were chosen anew "
        "without the models that were predicted."
    )


def next_steps(plan: dict[str, Any], folder: Path) -> list[str]:
    """Say what to run.

    Parameters
    ----------
    plan : dict
        What `plan.json` holds.
    folder : Path
        The plan.

    Returns
    -------
    lines : list of str
        Commands indented, advice not.
    """
    lines = []
    for run in plan.get("harnesses", []):
        if run["commands"]:
            lines += [f"Run the items with {run['harness']}:"]
            lines += [f"    {command}" for command in run["commands"]]
        if run["advice"]:
            lines.append(run["advice"])
    results = " ".join(dict.fromkeys(run["results"] for run in plan.get("harnesses", [])))
    then = "Then predict:" if lines else "Predict:"
    return [*lines, then, f"    sparseeval predict {quote(str(folder))} {results or 'RESULTS'}"]


def readme_text(plan: dict[str, Any], folder: Path) -> str:
    """Write the README.md of a plan.

    Parameters
    ----------
    plan : dict
        What `plan.json` holds.
    folder : Path
        The plan.

    Returns
    -------
    text : str
        Markdown.
    """
    notes = [f"- {note}" for note in plan["notes"]]
    sections = [
        f"# Anchors of {plan['scores']}",
        headline(plan),
        "Run a new model on these items alone, and `sparseeval predict` says what it would score "
        "on all of them.",
        "## What to run",
        *_as_markdown(next_steps(plan, folder)),
        "The paths are as seen from where the plan was written.",
        "## What error to expect",
        "\n".join(["```", *error_table(plan)[:-2], "```"]),
        error_table(plan)[-1],
        how_measured(plan),
        *(["\n".join(notes)] if notes else []),
        "## When not to trust it",
        _WARNING_SIGNS,
        "## The anchors",
        "`anchors.csv` lists them in order of choice; `item_lists.json` holds them by task.",
        "\n".join(_anchors_per_task(plan)),
        "## How it was made",
        "\n".join(_origin(plan)),
    ]
    return "\n\n".join(sections) + "\n"


def _as_markdown(lines: list[str]) -> list[str]:
    """Fence the commands, which stand indented among the advice."""
    return [f"```sh\n{line.strip()}\n```" if line.startswith("    ") else line for line in lines]


def _anchors_per_task(plan: dict[str, Any]) -> list[str]:
    rows = [
        f"| {task['task']} | {task['n_items']} | {task['n_anchors']} |" for task in plan["tasks"]
    ]
    return ["| task | items | anchors |", "|---|---|---|", *rows]


def _origin(plan: dict[str, Any]) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in plan["versions"].items())
    return [
        f"- on {plan['created']}, with seed {plan['seed']}",
        f"- method {plan['method']}: {plan['method_description']} ({plan['method_source']})",
        f"- versions: {versions}",
    ]
