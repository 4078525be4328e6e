"""A comparison in words: a table for the terminal, and which method to trust."""

from typing import Any

from sklearn_sparseeval.comparison._comparison import Comparison

SCALE = {"points": 100.0, "score": 1.0}
_NAMES_SHOWN = 3
_ERROR = "mean_absolute_error"


def table_lines(comparison: Comparison, unit: str) -> list[str]:
    """Write a table per number of anchors, the best method first, and the verdict.

    Parameters
    ----------
    comparison : Comparison
        The results.
    unit : {"points", "score"}
        Whether errors are printed in percentage points or as they are.

    Returns
    -------
    lines : list of str
        The lines.
    """
    lines = []
    width = max(len(name) for name in comparison.methods)
    against = f"against {comparison.baseline}"
    for n_anchors in comparison.n_anchors:
        rows = summary_rows(comparison, n_anchors, unit)
        gap = max(len(row["difference"]) for row in rows)
        gap = max(gap, len(against))
        corner = f"{n_anchors} anchors"
        lines.append(f"{corner:<{width}}   error  {against:<{gap}}    tau  rank  wins   fit s")
        for row in rows:
            failed = f"  failed in {row['n_failed']} splits" if row["n_failed"] else ""
            lines.append(
                f"{row['method']:<{width}}  {row['error']:>6}  {row['difference']:<{gap}}  "
                f"{row['tau']:>5}  {row['rank']:>4}  {row['wins']:>4}  {row['fit']:>6}{failed}"
            )
        lines += [verdict(comparison, n_anchors, unit), ""]
    lines.append(
        f"error: mean absolute error{' in percentage points' if unit == 'points' else ''}, over "
        f"{len(comparison.splits)} splits; against {comparison.baseline}: the difference, negative "
        "where the method is better, with its 95 % interval (corrected for overlapping splits); "
        "tau: Kendall's tau-b; rank: average over the splits, 1 is best; wins: splits in which no "
        "method has less error."
    )
    return lines


def summary_rows(comparison: Comparison, n_anchors: int, unit: str) -> list[dict[str, Any]]:
    """Return a row of texts per method, the best first.

    Parameters
    ----------
    comparison : Comparison
        The results.
    n_anchors : int
        Number of anchors.
    unit : {"points", "score"}
        Unit of the errors.

    Returns
    -------
    rows : list of dict
        With `method`, `error`, `difference`, `tau`, `rank`, `wins`, `fit` and `n_failed`.
    """
    error = _of_budget(comparison, n_anchors, _ERROR).sort_values("mean")
    tau = _of_budget(comparison, n_anchors, "kendall_tau")["mean"]
    scale = SCALE[unit]
    return [
        {
            "method": method,
            "error": f"{scale * row['mean']:.2f}",
            "difference": _interval(row, scale),
            "tau": f"{tau[method]:.3f}",
            "rank": f"{row['average_rank']:.1f}",
            "wins": f"{row['wins']:.0f}",
            "fit": f"{row['fit_seconds']:.2f}",
            "n_failed": int(row["n_failed"]),
        }
        for method, row in error.iterrows()
    ]


def verdict(comparison: Comparison, n_anchors: int, unit: str) -> str:
    """Say which method to trust for a number of anchors, and which are no worse for all we know.

    Parameters
    ----------
    comparison : Comparison
        The results.
    n_anchors : int
        Number of anchors.
    unit : {"points", "score"}
        Unit of the errors.

    Returns
    -------
    verdict : str
        A sentence or two.
    """
    error = _of_budget(comparison, n_anchors, _ERROR)
    sound = error[error["n_failed"] == 0]
    if sound.empty:
        return f"With {n_anchors} anchors every method failed in some split."
    best = comparison.best(_ERROR, n_anchors=n_anchors)
    mean = SCALE[unit] * sound.loc[best, "mean"]
    text = f"With {n_anchors} anchors {best} has the smallest error, {mean:.2f}"
    text += " points" * (unit == "points")
    others = _of_budget(comparison, n_anchors, _ERROR, baseline=best).loc[sound.index].drop(best)
    others = others.sort_values("mean")
    level = [name for name, row in others.iterrows() if not row["difference_low"] > 0]
    if level:
        shown = ", ".join(level[:_NAMES_SHOWN])
        rest = len(level) - _NAMES_SHOWN
        more = f" and {rest} more" if rest > 0 else ""
        text += f"; for all that these splits can tell, no worse: {shown}{more}"
    elif len(others):
        text += ", less than that of each other method, one at a time, beyond chance (95 %)"
    failed = error.index[error["n_failed"] > 0]
    return f"{text}." + (
        f" Left out, since they failed: {', '.join(failed)}." if len(failed) else ""
    )


def _of_budget(comparison: Comparison, n_anchors: int, metric: str, **options: Any) -> Any:
    table = comparison.summary(metric, **options)
    return table[table["n_anchors"] == n_anchors].set_index("method")


def _interval(row: Any, scale: float) -> str:
    if row["difference"] != row["difference"]:
        return ""
    low, high = (f"{scale * row[f'difference_{end}']:+.2f}" for end in ("low", "high"))
    return f"{scale * row['difference']:+.2f} [{low}, {high}]"
