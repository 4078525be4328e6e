"""From results on a plan's anchors to scores: reading, checking, predicting, and what was found."""

import math
import os
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._errors import ResultsWarning
from sklearn_sparseeval._notes import Note, NotedWarning, noted
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval.harness import AnchorRunReport, verify_anchor_run
from sklearn_sparseeval.plan._margins import few_errors_note, margins
from sklearn_sparseeval.plan._summary import known, scaled
from sklearn_sparseeval.score_matrix import OVERALL, ScoreMatrix

if TYPE_CHECKING:
    from pandas import DataFrame

    from sklearn_sparseeval.plan._predictor import SavedPredictor

_FAR = 5.0  # times a result of 1: scores from 0 to 10 or 100 beside fractions
_LONG_COLUMNS = {"model", "task", "item", "metric", "value"}


def read_anchor_results(saved: "SavedPredictor", paths: Any, **options: Any) -> "DataFrame":
    """Read results on a plan's anchors from files.

    Parameters
    ----------
    saved : SavedPredictor
        Its items tell which harness the results are of.
    paths : path-like or iterable of path-like
        Files and folders of a harness; or score files, where the plan was made from one.
    **options
        For ``read_results``.

    Returns
    -------
    results : pandas.DataFrame
        The long table.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if saved.items["harness"].any():
        from sklearn_sparseeval.harness import read_results
        from sklearn_sparseeval.harness._harnesses import harness_named

        notes: list[Note] = []
        with noted(notes):
            results: DataFrame = read_results(given, **options)
        harnesses = map(harness_named, saved.items["harness"].unique())
        as_planned = {kind for one in harnesses if one for kind in one.as_planned}
        for note in notes:
            if note.kind not in as_planned:
                warnings.warn(ResultsWarning(note), stacklevel=3)
        return results
    pd = import_pandas()
    parts = []
    for path in given:
        try:
            matrix = ScoreMatrix.read(path)
        except ValueError as error:
            raise ValueError(
                f"{error} The plan was made from a score file of no harness, so that results have "
                "to be such a file too, with the anchors among its columns."
            ) from None
        parts.append(long_table(saved, matrix.data, where=str(path)).assign(source=str(path)))
    joined: DataFrame = pd.concat(parts, ignore_index=True)
    return joined


def long_table(
    saved: "SavedPredictor", rows: "DataFrame", *, where: str = "results"
) -> "DataFrame":
    """Make a long table of rows of scores, as if a harness had written them.

    Parameters
    ----------
    saved : SavedPredictor
        Whose anchors are among the columns.
    rows : pandas.DataFrame of shape (n_models, n_columns)
        Rows are models, columns items by name, in any order; columns that are not items of the
        plan are not read.
    where : str, default="results"
        What it is, for messages.

    Returns
    -------
    results : pandas.DataFrame
        The long table.

    Raises
    ------
    ValueError
        If no column is an item of the plan, or one is there twice.
    """
    items = saved.items
    texts = [name for name, kind in rows.dtypes.items() if kind.kind not in "iufb"]
    unnamed = [name for name in texts if str(name) not in items.index]
    if unnamed and list(rows.index) == list(range(len(rows))):
        raise ValueError(
            f"{where}: column {unnamed[0]!r} holds texts and the rows are numbered; the models' "
            "names belong in the index, as with pandas.read_csv(..., index_col=0)."
        )
    frame = rows.set_axis([str(name) for name in rows.columns], axis=1)
    frame = frame.set_axis([str(name) for name in rows.index])
    own = frame.loc[:, [name for name in frame.columns if name in items.index]]
    if not own.shape[1]:
        raise ValueError(
            f"{where}: none of the columns is an item of the plan, such as "
            f"{saved.anchors.index[0]!r}. Is it of another benchmark?"
        )
    for kind, names in (("columns", own.columns), ("models", own.index)):
        if not names.is_unique:
            twice = names[names.duplicated()][0]
            raise ValueError(f"{where}: two {kind} are called {twice!r}; expected each once.")
    own = own.rename_axis("model").reset_index()
    long = own.melt("model", var_name="name", value_name="value")
    columns = ["task", "item", "metric", "filter"]
    return long.join(items[columns], on="name").drop(columns="name").assign(epoch=1)


def verify(saved: "SavedPredictor", results: Any) -> AnchorRunReport:
    """Check results against a plan, their scale too.

    Parameters
    ----------
    saved : SavedPredictor
        The plan's predictor.
    results : path-like, iterable of path-like, DataFrame, ScoreMatrix or AnchorRunReport
        The results.

    Returns
    -------
    report : AnchorRunReport
        What came back, and what is wrong with it.
    """
    if isinstance(results, AnchorRunReport):
        return results
    report = verify_anchor_run(_as_long_table(saved, results), saved.anchors, items=saved.items)
    if not saved.items["harness"].any():  # a matrix records no contents that could be compared
        report = replace(report, notes=[])
    return _with_scale(saved, report)


def _as_long_table(saved: "SavedPredictor", results: Any) -> "DataFrame":
    if isinstance(results, ScoreMatrix):
        results = results.data
    if not hasattr(results, "columns"):
        given = [results]
        if not isinstance(results, str | os.PathLike) and hasattr(results, "__iter__"):
            given = list(results)
        if not all(isinstance(path, str | os.PathLike) for path in given):
            raise TypeError(
                f"results is a {type(results).__name__}; expected a data frame with a row per "
                f"model and the names of items as columns, such as {saved.anchors.index[0]!r}; a "
                "ScoreMatrix; a long table; or paths of files."
            )
        return read_anchor_results(saved, given)
    if hasattr(results, "to_pandas"):  # polars has no index: the first column names the models
        results = results.to_pandas()
        if not set(results.columns) >= _LONG_COLUMNS:
            results = results.set_index(results.columns[0])
    if set(results.columns) >= _LONG_COLUMNS:
        return results  # type: ignore[no-any-return]
    return long_table(saved, results)


def _with_scale(saved: "SavedPredictor", report: AnchorRunReport) -> AnchorRunReport:
    """Refuse models whose results no score of the history can be; tell of those far below it."""
    rows = report.scores.drop(index=report.models_with_problems)
    low, high = saved.score_range or (-math.inf, math.inf)
    outside = rows.index[((rows < low) | (rows > high)).any(axis=1)]
    problems = [
        Note(
            "off-scale",
            f"{model!r} has results from {rows.loc[model].min():g} to {rows.loc[model].max():g}, "
            f"where scores are from {low:g} to {high:g}: another metric, or another scale?",
            where=model,
        )
        for model in outside
    ]
    largest = saved.observed_range[1]
    warnings = [
        Note(
            "small-scale",
            f"{model}: no result is above {most:g}, where the history has results up to "
            f"{largest:g}: another metric, or another scale?",
            where=str(model),
        )
        for model, most in rows.drop(index=outside).max(axis=1).items()
        if 0 < most <= 1 < largest / _FAR
    ]
    found = {model: list(kinds) for model, kinds in report.found.items()}
    for note in [*problems, *warnings]:
        found[note.where].append(note.kind)
    return replace(
        report,
        found=found,
        problems=[*report.problems, *problems],
        warnings=[*report.warnings, *warnings],
        models_with_problems=[*report.models_with_problems, *outside],
    )


def predict(saved: "SavedPredictor", plan: dict[str, Any], results: Any) -> "DataFrame":
    """Predict the models whose results fit; one row per model and target.

    Parameters
    ----------
    saved : SavedPredictor
        The plan's predictor.
    plan : dict
        What the plan is, as plain values.
    results : path-like, iterable of path-like, DataFrame, ScoreMatrix or AnchorRunReport
        The results.

    Returns
    -------
    predictions : pandas.DataFrame
        As :meth:`Plan.predict` describes it.
    """
    pd = import_pandas()
    report = verify(saved, results)
    if report is not results:
        for note in [*report.problems, *report.warnings, *report.notes]:
            _warn(note)
    found = {model: list(report.found[model]) for model in report.models}
    scores: Any = _scores(saved, report, found)
    _note_beyond_history(plan, report, scores, found)
    for note in _notes_on_margins(saved, plan) if len(scores) else []:
        _warn(note)
    margin: Any = margins(saved)
    low, high = saved.score_range or (-math.inf, math.inf)
    raw: Any = report.raw_means.reindex(columns=saved.targets)
    rows = []
    for model in report.models:
        for target in saved.targets:
            score = float(scores.loc[model, target]) if model in scores.index else math.nan
            rows.append(
                {
                    "model": model,
                    "target": target,
                    "score": score,
                    "low": max(score - margin[target], low) if score == score else math.nan,
                    "high": min(score + margin[target], high) if score == score else math.nan,
                    "raw_mean": float(raw.loc[model, target]),
                    "found": ", ".join(found[model]),
                }
            )
    frame: DataFrame = pd.DataFrame(rows)
    return frame


def _scores(
    saved: "SavedPredictor", report: AnchorRunReport, found: dict[str, list[str]]
) -> "DataFrame":
    """Predict the models without problems; those that cannot be are told."""
    pd = import_pandas()
    rows = report.scores.drop(index=report.models_with_problems)
    incomplete = rows.isna().any(axis=1)
    whole = rows[~incomplete]
    parts = [saved.predict(whole)] if len(whole) else []
    for model in rows.index[incomplete]:
        try:
            parts.append(saved.predict(rows.loc[[model]]))
        except ValueError as error:
            text = f"{model!r} cannot be predicted: {error}"
            found[model].append("not-predicted")
            _warn(Note("not-predicted", text, where=model))
    scores: DataFrame = pd.concat(parts) if parts else pd.DataFrame(columns=saved.targets)
    return scores


def _note_beyond_history(
    plan: dict[str, Any], report: AnchorRunReport, scores: Any, found: dict[str, list[str]]
) -> None:
    """Say so where a model lies beyond what the predictor has seen."""
    lowest, highest = plan.get("anchor_means") or (None, None)
    (overall,) = (one for one in plan["targets"] if one["target"] == OVERALL)
    bounds = {
        # What is predicted is drawn back to the history, so the results tell more.
        "its mean on the anchors": (lowest, highest),
        "its predicted score": (overall["worst_so_far"], overall["best_so_far"]),
    }
    for model in scores.index:
        values = (float(report.raw_means.loc[model, OVERALL]), float(scores.loc[model, OVERALL]))
        for value, (what, (least, most)) in zip(values, bounds.items(), strict=True):
            note = _beyond(f"{model}: {what}", value, least, most, plan["unit"])
            if note is not None:
                found[model].append(note.kind)
                _warn(replace(note, where=model))
                break


def _beyond(
    what: str, value: float, least: float | None, most: float | None, unit: str
) -> Note | None:
    if known(most) and value > most:
        return Note(
            "above-history",
            f"{what}, {scaled(value, unit)}, is above that of every model in the history, at most "
            f"{scaled(most, unit)}. Of a model stronger than all that the predictor has seen the "
            "score is mostly predicted too low. Run the whole benchmark for it, and add it to the "
            "history.",
        )
    if known(least) and value < least:
        return Note(
            "below-history",
            f"{what}, {scaled(value, unit)}, is below that of every model in the history, at least "
            f"{scaled(least, unit)}, so the score is mostly predicted too high. Look into its "
            "answers: is its output broken, or the prompt?",
        )
    return None


def _notes_on_margins(saved: "SavedPredictor", plan: dict[str, Any]) -> list[Note]:
    """List what makes the margins less certain."""
    told = [note for note in plan.get("notes", []) if note.kind == "few-errors"]
    few = None if saved.errors is None else few_errors_note(len(saved.errors))
    return told or ([] if few is None else [few])


def _warn(note: Note) -> None:
    warnings.warn(NotedWarning(note), stacklevel=5)
