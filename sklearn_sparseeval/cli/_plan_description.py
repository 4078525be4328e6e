"""What a plan is and what to expect of it, as plain values that JSON holds."""

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_sparseeval.cli._cross_validation import OutOfFold
from sklearn_sparseeval.cli._margins import margins

if TYPE_CHECKING:
    from sklearn_sparseeval.persistence import SavedPredictor

FORMAT = 1
OVERALL = "overall"


def describe_predictor(
    saved: "SavedPredictor", out_of_fold: OutOfFold | None = None
) -> dict[str, Any]:
    """Describe a predictor: its anchors, and the errors to expect per target.

    Parameters
    ----------
    saved : SavedPredictor
        The predictor.
    out_of_fold : OutOfFold, default=None
        What cross-validation found; None takes the errors that the predictor's file holds, which
        do not tell the agreement of the ranking.

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
        "targets": _targets(saved, out_of_fold),
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
    return "points" if low >= 0 and high <= 1 else "score"


def _targets(saved: "SavedPredictor", out_of_fold: OutOfFold | None) -> list[dict[str, Any]]:
    errors = saved.errors
    margin_of = margins(saved)
    tasks = saved.items["task"]
    described = []
    for target in saved.targets:
        own = np.full(len(tasks), True) if target == OVERALL else (tasks == target).to_numpy()
        name_of = saved.items.index[own]
        described.append(
            {
                "target": target,
                "n_items": int(own.sum()),
                "n_anchors": int(saved.anchors.index.isin(name_of).sum()),
                "mean_absolute_error": (
                    np.nan if errors is None else float(errors[target].abs().mean())
                ),
                "margin_90": float(margin_of[target]),
                "kendall_tau": np.nan if out_of_fold is None else _tau(out_of_fold, target),
                "best_so_far": float(saved.best[target]),
                "worst_so_far": (
                    np.nan if out_of_fold is None else float(out_of_fold.targets[target].min())
                ),
            }
        )
    return described


def _tau(out_of_fold: OutOfFold, target: str) -> float:
    from sklearn.exceptions import UndefinedMetricWarning

    from sklearn_sparseeval.metrics import kendall_tau_score

    scores = out_of_fold.targets[target]
    with warnings.catch_warnings():  # all models may have one score
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        return kendall_tau_score(scores, scores + out_of_fold.errors[target])
