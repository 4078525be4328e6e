"""What a plan is and what to expect of it, as plain values that JSON holds."""

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.plan._margins import margins
from sklearn_sparseeval.plan._top_up import check_top_ups
from sklearn_sparseeval.score_matrix import OVERALL

if TYPE_CHECKING:
    from pandas import DataFrame

    from sklearn_sparseeval.plan._predictor import SavedPredictor

FORMAT = 3  # 2 had no intervals: neither the history's scores nor top-ups
_Kinds = type | tuple[type, ...]
_NUMBER = (int, float)
_KNOWN_OR_NOT = (int, float, type(None))  # JSON has null where a number is not known
# What commands read of plan.json, and of the objects in its lists.
_KINDS: dict[str, _Kinds] = {
    "predictor_sha256": str,
    "created": str,
    "method": str,
    "n_models": int,
    "n_items": int,
    "n_anchors": int,
    "share_of_items": _NUMBER,
    "share_of_tokens": _KNOWN_OR_NOT,
    "score_range": (list, type(None)),
    "unit": str,
    "targets": list,
    "tasks": list,
    "anchors": list,
    "versions": dict,
    "anchor_means": list,
    "scores": str,
    "seed": int,
    "method_description": str,
    "method_source": str,
    "cross_validation": str,
    "history": list,
    "top_ups": list,
    "notes": list,
    "harnesses": list,
    "files": list,
    "digests": dict,
}
_KINDS_IN: dict[str, dict[str, _Kinds]] = {
    "targets": {
        "target": str,
        "n_items": int,
        "n_anchors": int,
        "mean_absolute_error": _KNOWN_OR_NOT,
        "margin_90": _KNOWN_OR_NOT,
        "kendall_tau": _KNOWN_OR_NOT,
        "best_so_far": _KNOWN_OR_NOT,
        "worst_so_far": _KNOWN_OR_NOT,
    },
    "tasks": {"task": str, "n_items": int, "n_anchors": int},
    "anchors": {"name": str, "task": str, "item": str},
    "history": {"model": str, "scores": list},
    "top_ups": {"seed": int, "items": list, "weights": list},
    "harnesses": {"harness": str, "commands": list, "advice": str, "results": str},
}
_UNITS = ("points", "score")


def describe_predictor(
    saved: "SavedPredictor", scores: "DataFrame | None" = None
) -> dict[str, Any]:
    """Describe a predictor: its anchors, and the errors to expect per target.

    Parameters
    ----------
    saved : SavedPredictor
        The predictor.
    scores : pandas.DataFrame of shape (n_models, n_targets), default=None
        Benchmark scores of the history. None: they are not known, as with a predictor's file
        alone, and so neither is the agreement of the ranking.

    Returns
    -------
    description : dict
        Errors and scores are in the units of the scores. What is not known is NaN.
    """
    items, anchors = saved.items, saved.anchors
    costs = items["cost"].to_numpy(dtype=np.float64)
    return {
        "format": FORMAT,
        "created": saved.created,
        "method": saved.method,
        "n_models": saved.n_models,
        "n_items": len(items),
        "n_anchors": len(anchors),
        "share_of_items": len(anchors) / len(items),
        # NaN where a harness did not record the tokens of every item.
        "share_of_tokens": anchors["cost"].to_numpy(dtype=np.float64).sum() / costs.sum(),
        "score_range": saved.score_range,
        "unit": unit_of(saved),
        "targets": _targets(saved, scores),
        "tasks": [
            {"task": task, "n_items": len(own), "n_anchors": int((anchors["task"] == task).sum())}
            for task, own in items.groupby("task", sort=False, observed=True)
        ],
        "anchors": [
            {"name": name, "task": anchor["task"], "item": anchor["item"]}
            for name, anchor in anchors[["task", "item"]].iterrows()
        ],
        "versions": saved.versions,
    }


def checked_description(plan: Any) -> dict[str, Any]:
    """Check that a description that was read holds what is read of it, and make its notes.

    Parameters
    ----------
    plan : object
        What `plan.json` holds.

    Returns
    -------
    description : dict
        The same, with a :class:`Note` for each note.

    Raises
    ------
    ValueError
        If a key is missing, or has a value of another kind; it names the key.
    """
    _check_kinds(plan, _KINDS, "it")
    for name, kinds in _KINDS_IN.items():
        for number, entry in enumerate(plan[name]):
            _check_kinds(entry, kinds, f"{name}[{number}]")
    if plan["unit"] not in _UNITS:
        raise ValueError(f"unit is {plan['unit']!r}, not one of {', '.join(_UNITS)}")
    if [target["target"] for target in plan["targets"]].count(OVERALL) != 1:
        raise ValueError(f"targets do not hold {OVERALL!r} once")
    for name, kind in (("score_range", _NUMBER), ("anchor_means", _KNOWN_OR_NOT)):
        bounds = plan[name]
        if bounds is not None and [isinstance(one, kind) for one in bounds] != [True, True]:
            raise ValueError(f"{name} is {bounds!r}, not two numbers")
    if not all(isinstance(one, str) for run in plan["harnesses"] for one in run["commands"]):
        raise ValueError("a command is not a text")
    n_targets = len(plan["targets"])
    for number, entry in enumerate(plan["history"]):
        scores = [isinstance(one, _KNOWN_OR_NOT) for one in entry["scores"]]
        if scores != [True] * n_targets:
            raise ValueError(f"scores of history[{number}] are not {n_targets} numbers")
    check_top_ups(plan["top_ups"], [anchor["name"] for anchor in plan["anchors"]])
    if not all(isinstance(note, dict) for note in plan["notes"]):
        raise ValueError("a note is not an object")
    checked: dict[str, Any] = plan | {"notes": [Note.from_dict(note) for note in plan["notes"]]}
    return checked


def _check_kinds(found: Any, kinds: dict[str, _Kinds], where: str) -> None:
    if not isinstance(found, dict):
        raise ValueError(f"{where} is not an object")
    for name, kind in kinds.items():
        if name not in found:
            raise ValueError(f"{where} has no {name}")
        if not isinstance(found[name], kind):
            raise ValueError(f"{name} of {where} is a {type(found[name]).__name__}")


def unit_of(saved: "SavedPredictor") -> str:
    """Tell in which unit scores are printed.

    Parameters
    ----------
    saved : SavedPredictor
        The predictor.

    Returns
    -------
    unit : {"points", "score"}
        Percentage points for scores from 0 to 1, other scores as they are.
    """
    low, high = saved.observed_range
    return "points" if low >= 0 and max(high, saved.best.max()) <= 1 else "score"


def _targets(saved: "SavedPredictor", scores: Any) -> list[dict[str, Any]]:
    errors: Any = saved.errors
    margin_of: Any = margins(saved)
    tasks = saved.items["task"]
    described = []
    for target in saved.targets:
        own = np.full(len(tasks), True) if target == OVERALL else (tasks == target).to_numpy()
        name_of = saved.items.index[own]
        measured = errors is not None and scores is not None
        described.append(
            {
                "target": target,
                "n_items": int(own.sum()),
                "n_anchors": int(saved.anchors.index.isin(name_of).sum()),
                "mean_absolute_error": (
                    np.nan if errors is None else float(errors[target].abs().mean())
                ),
                "margin_90": float(margin_of[target]),
                "kendall_tau": _tau(scores[target], errors[target]) if measured else np.nan,
                "best_so_far": float(saved.best[target]),
                "worst_so_far": np.nan if scores is None else float(scores[target].min()),
            }
        )
    return described


def _tau(scores: Any, errors: Any) -> float:
    from sklearn.exceptions import UndefinedMetricWarning

    from sklearn_sparseeval.metrics import kendall_tau_score

    with warnings.catch_warnings():  # all models may have one score
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        return kendall_tau_score(scores, scores + errors)
