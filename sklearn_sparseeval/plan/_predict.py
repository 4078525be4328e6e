"""Predictions from results on the anchors, of those models whose results fit the plan."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn_sparseeval.plan._margins import TOO_FEW, few_errors_note, margins
from sklearn_sparseeval.plan._notes import add_note
from sklearn_sparseeval.plan._summary import known, scaled

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from sklearn_sparseeval.harness import AnchorRunReport
    from sklearn_sparseeval.plan import SavedPredictor

OVERALL = "overall"
_FAR = 5.0  # times a result of 1: scores from 0 to 10 or 100 beside fractions


class AnchorPredictions(NamedTuple):
    """What is predicted, and what cannot be."""

    scores: "DataFrame"  # models that can be predicted x targets
    margins: "Series[float]"  # by target
    report: "AnchorRunReport"
    problems: list[str]  # a sentence each


def predict_models(
    saved: "SavedPredictor", plan: dict[str, Any], results: "DataFrame", notes: list[str]
) -> AnchorPredictions:
    """Check results, and predict the models that they allow to.

    Parameters
    ----------
    saved : SavedPredictor
        The predictor.
    plan : dict
        What `plan.json` holds.
    results : pandas.DataFrame
        The long table of results.
    notes : list of str
        Gets what may make predictions less exact.

    Returns
    -------
    predictions : AnchorPredictions
        Scores, margins and problems.
    """
    from sklearn_sparseeval.harness import verify_anchor_run

    report = verify_anchor_run(results, saved.anchors, items=saved.items)
    for message in report.warnings:
        add_note(notes, str(message))
    if saved.items["harness"].any():  # else it is a matrix, and records no contents to compare
        for message in report.notes:
            add_note(notes, str(message))
    problems = [str(problem) for problem in report.problems]
    rows = report.scores.drop(index=report.models_with_problems)
    rows = _on_scale(saved, rows, problems, notes)
    scores = _predict(saved, rows, problems)
    for model in scores.index:
        score, raw_mean = scores.loc[model, OVERALL], report.raw_means.loc[model, OVERALL]
        _note_extrapolation(model, float(score), float(raw_mean), plan, notes)
    few = None if saved.errors is None else few_errors_note(len(saved.errors))
    told = [note for note in plan.get("notes", []) if TOO_FEW in note]
    for note in told or [few] * (few is not None):
        if len(scores):
            add_note(notes, note)
    return AnchorPredictions(scores, margins(saved), report, problems)


def _on_scale(
    saved: "SavedPredictor", rows: "DataFrame", problems: list[str], notes: list[str]
) -> "DataFrame":
    """Drop models whose results no score of the history can be; tell of those far below it."""
    low, high = saved.score_range or (-math.inf, math.inf)
    outside = ((rows < low) | (rows > high)).any(axis=1)
    problems += [
        f"{model!r} has results from {rows.loc[model].min():g} to {rows.loc[model].max():g}, "
        f"where scores are from {low:g} to {high:g}: another metric, or another scale?"
        for model in rows.index[outside]
    ]
    kept = rows[~outside]
    largest = saved.observed_range[1]
    for model, most in kept.max(axis=1).items():
        if 0 < most <= 1 < largest / _FAR:
            notes.append(
                f"{model}: no result is above {most:g}, where the history has results up to "
                f"{largest:g}: another metric, or another scale?"
            )
    return kept


def _predict(saved: "SavedPredictor", rows: "DataFrame", problems: list[str]) -> "DataFrame":
    """Predict; a model whose missing results the predictor does not allow is a problem."""
    import pandas as pd

    incomplete = rows.isna().any(axis=1)
    whole = rows[~incomplete]
    parts = [saved.predict(whole)] if len(whole) else []
    for model in rows.index[incomplete]:
        try:
            parts.append(saved.predict(rows.loc[[model]]))
        except ValueError as error:
            problems.append(f"{model!r} cannot be predicted: {error}")
    if not parts:
        return pd.DataFrame(columns=saved.targets, dtype="float64")
    predicted = pd.concat(parts)
    return predicted.loc[[model for model in rows.index if model in predicted.index]]


def _note_extrapolation(
    model: str, score: float, raw_mean: float, plan: dict[str, Any], notes: list[str]
) -> None:
    """Say so where a model lies beyond what the predictor has seen."""
    (overall,) = (target for target in plan["targets"] if target["target"] == OVERALL)
    low, high = plan.get("anchor_means") or (None, None)
    unit = plan["unit"]
    found = [
        # What is predicted is drawn back to the history, so the results tell more.
        ("its mean on the anchors", raw_mean, low, high),
        ("its predicted score", score, overall.get("worst_so_far"), overall["best_so_far"]),
    ]
    for what, value, worst, best in found:
        if known(best) and value > best:
            notes.append(
                f"{model}: {what}, {scaled(value, unit)}, is above that of every model in the "
                f"history, at most {scaled(best, unit)}. Of a model stronger than all that the "
                "predictor has seen the score is mostly predicted too low. Run the whole benchmark "
                "for it, and add it to the history."
            )
            return
        if known(worst) and value < worst:
            notes.append(
                f"{model}: {what}, {scaled(value, unit)}, is below that of every model in the "
                f"history, at least {scaled(worst, unit)}, so the score is mostly predicted too "
                "high. Look into its answers: is its output broken, or the prompt?"
            )
            return
