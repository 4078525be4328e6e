"""From results on a plan's anchors to scores: reading, checking, predicting, and what was found."""

import math
import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn_sparseeval._errors import ResultsWarning
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._notes import Note, NotedWarning, noted
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval.harness import AnchorRunReport, verify_anchor_run
from sklearn_sparseeval.plan._top_up import top_up_results
from sklearn_sparseeval.score_matrix import ScoreMatrix

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from sklearn_sparseeval.plan._predictor import SavedPredictor

_FAR = 5.0  # times a result of 1: scores from 0 to 10 or 100 beside fractions
_LONG_COLUMNS = {"model", "task", "item", "metric", "value"}
LIKE = "like"
# Why a model is unlike the history, as AnchoredIntervalRegressor says it, and what follows.
_VERDICTS = {
    "stronger": (
        "stronger than every model of the history.",
        "The score is read from the anchors in the way for such models, and the interval is wider.",
    ),
    "weaker": (
        "weaker than every model of the history. Is the output broken, or the prompt?",
        "The score is mostly predicted too high, and the interval is wider.",
    ),
    "odd pattern": (
        "right where models of such a strength are wrong, and the other way round. Are the prompt, "
        "the format of the answers and the items those of the history?",
        "The history does not vouch for the score, and the interval is wider.",
    ),
    "too few results": (
        "results on fewer than half of the usual number of anchors.",
        "The interval is wider.",
    ),
}
_RUN_TOP_UP = (
    "For an interval that holds whatever the model, run a random sample of further items: "
    "plan.top_up, or sparseeval top-up."
)
_TOPPED_UP = "Score and interval are from the anchors and the top-up, which holds for any model."


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


class Prediction(NamedTuple):
    """What is predicted of the models whose results fit the plan."""

    rows: "DataFrame"  # (n_models, n_anchors), their results
    score: "DataFrame"  # (n_models, n_targets)
    low: "DataFrame"
    high: "DataFrame"
    reason: "Series[str]"  # (n_models,), "like" or why not; "" where there are no verdicts
    top_up: "Series[int]"  # (n_models,), number of results besides the anchors that were used


def predict(
    saved: "SavedPredictor", plan: dict[str, Any], results: Any, coverage: float
) -> "DataFrame":
    """Predict the models whose results fit; one row per model and target.

    Parameters
    ----------
    saved : SavedPredictor
        The plan's predictor.
    plan : dict
        What the plan is, as plain values.
    results : path-like, iterable of path-like, DataFrame, ScoreMatrix or AnchorRunReport
        The results.
    coverage : float
        Share of the scores that the intervals are to hold.

    Returns
    -------
    predictions : pandas.DataFrame
        As :meth:`Plan.predict` describes it.
    """
    pd = import_pandas()
    report, found, predicted = predict_models(saved, plan, results, coverage)
    measured = {one["model"]: one["scores"] for one in plan.get("history", [])}
    raw: Any = report.raw_means.reindex(columns=saved.targets)
    parts: Any = predicted
    rows = []
    for model in report.models:
        is_known = model in predicted.score.index
        reason = parts.reason[model] if is_known else ""
        for number, target in enumerate(saved.targets):
            score, low, high = (
                float(one.loc[model, target]) if is_known else math.nan
                for one in (parts.score, parts.low, parts.high)
            )
            rows.append(
                {
                    "model": model,
                    "target": target,
                    "score": score,
                    "low": low,
                    "high": high,
                    "like": reason == LIKE if reason else pd.NA,
                    "reason": reason,
                    "top_up": int(parts.top_up[model]) if is_known else 0,
                    "measured": measured[model][number] if model in measured else math.nan,
                    "raw_mean": float(raw.loc[model, target]),
                    "found": ", ".join(found[model]),
                }
            )
    frame: DataFrame = pd.DataFrame(rows)
    return frame.astype({"like": "boolean", "measured": float})


def predict_models(
    saved: "SavedPredictor", plan: dict[str, Any], results: Any, coverage: float
) -> tuple[AnchorRunReport, dict[str, list[str]], Prediction]:
    """Check results, and predict the models whose results fit.

    Parameters
    ----------
    saved : SavedPredictor
        The plan's predictor.
    plan : dict
        What the plan is, as plain values.
    results : path-like, iterable of path-like, DataFrame, ScoreMatrix or AnchorRunReport
        The results.
    coverage : float
        Share of the scores that the intervals are to hold.

    Returns
    -------
    report : AnchorRunReport
        Of all models.
    found : dict of str to list of str
        Kinds of what is wrong or odd, by model.
    prediction : Prediction
        Of those whose results fit.
    """
    if isinstance(results, AnchorRunReport):
        report, table = results, None
    else:
        table = _as_long_table(saved, results)
        report = verify(saved, table)
        for note in [*report.problems, *report.warnings, *report.notes]:
            warn_note(note)
    found = {model: list(report.found[model]) for model in report.models}
    rows = _predictable_rows(saved, report, found)
    predicted = _predict_rows(saved, rows, coverage)
    unlike = [model for model in rows.index if predicted.reason[model] not in (LIKE, "")]
    if table is not None and unlike:
        for weights, more in top_up_results(saved, plan, table, unlike):
            predicted = _topped_up(saved, predicted, weights, more, coverage)
    for note in [*_verdict_notes(predicted), *_history_notes(plan, predicted)]:
        warn_note(note)
    for model in unlike:
        found[model].append(predicted.reason[model].replace(" ", "-"))
    return report, found, predicted


def _predict_rows(saved: "SavedPredictor", rows: "DataFrame", coverage: float) -> Prediction:
    """Predict rows without problems."""
    pd = import_pandas()
    top_up = pd.Series(0, rows.index)
    if not len(rows):
        none = pd.DataFrame(columns=saved.targets, dtype=float)
        return Prediction(rows, none, none, none, pd.Series(dtype=object), top_up)
    score = saved.predict(rows)
    low, high = saved.predict_interval(rows, coverage)
    reason = pd.Series("", rows.index)
    if saved.has_intervals:
        reason = saved.applicability(rows)["reason"].astype(str)
    return Prediction(rows, score, low, high, reason, top_up)


def _topped_up(
    saved: "SavedPredictor", predicted: Prediction, weights: Any, more: "DataFrame", coverage: float
) -> Prediction:
    """Put what follows from a top-up in the place of what the anchors alone tell."""
    rows = predicted.rows.loc[more.index].join(more)
    new = saved.predict_topped_up(rows, weights, coverage)
    score, low, high = (
        _replaced(old, one)
        for old, one in zip((predicted.score, predicted.low, predicted.high), new, strict=True)
    )
    top_up = predicted.top_up.copy()
    top_up[more.index] = len(weights)
    return Prediction(predicted.rows, score, low, high, predicted.reason, top_up)


def _replaced(old: "DataFrame", new: "DataFrame") -> "DataFrame":
    changed = old.copy()
    changed.loc[new.index] = new
    return changed


def _predictable_rows(
    saved: "SavedPredictor", report: AnchorRunReport, found: dict[str, list[str]]
) -> "DataFrame":
    """Return the results of the models that can be predicted; those that cannot be are told."""
    rows = report.scores.drop(index=report.models_with_problems)
    failed = []
    for model in rows.index[rows.isna().any(axis=1)]:
        try:
            with noted([]):  # of the results' range, which is told once for all models
                saved.predict(rows.loc[[model]])
        except ValueError as error:
            text = f"{model!r} cannot be predicted: {error}"
            found[model].append("not-predicted")
            failed.append(model)
            warn_note(Note("not-predicted", text, where=model))
    fitting: DataFrame = rows.drop(index=failed)
    return fitting


def _verdict_notes(predicted: Prediction) -> Iterator[Note]:
    """Say which models the history does not vouch for; one note for all with one reason."""
    for reason, (what, then) in _VERDICTS.items():
        models = [str(model) for model, one in predicted.reason.items() if one == reason]
        topped_up = [model for model in models if predicted.top_up[model]]
        alone = [model for model in models if model not in topped_up]
        kind = reason.replace(" ", "-")
        for own, name, end in (
            (alone, kind, f"{then} {_RUN_TOP_UP}"),
            (topped_up, f"{kind}-topped-up", _TOPPED_UP),
        ):
            if own:
                where = own[0] if len(own) == 1 else ""
                yield Note(name, f"{listing(own)}: {what} {end}", where, len(own))


def _history_notes(plan: dict[str, Any], predicted: Prediction) -> Iterator[Note]:
    known_models = {one["model"] for one in plan.get("history", [])}
    models = [str(model) for model in predicted.score.index if model in known_models]
    if models:
        yield Note(
            "in-history",
            f"{listing(models)}: of the history that the plan was made from, so the score was "
            "measured, and the prediction has seen it.",
            where=models[0] if len(models) == 1 else "",
            count=len(models),
        )


def warn_note(note: Note) -> None:
    """Warn of something with a note.

    Parameters
    ----------
    note : Note
        What it is.
    """
    warnings.warn(NotedWarning(note), stacklevel=5)
