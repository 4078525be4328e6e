"""The report of ``sparseeval compare``: one HTML file that needs nothing beside it."""

import base64
import html
import io
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any

from sklearn_sparseeval._files import write_whole
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.comparison._budget import with_seed
from sklearn_sparseeval.comparison._comparison import Comparison
from sklearn_sparseeval.comparison._table import summary_rows, verdict
from sklearn_sparseeval.score_matrix import OVERALL, ScoreMatrix

_HEADINGS = {
    "method": "method",
    "error": "error",
    "difference": "",  # against the baseline
    "tau": "Kendall's tau",
    "rank": "average rank",
    "wins": "wins",
    "fit": "fit (s)",
}

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
       max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
table { border-collapse: collapse; font-size: .9rem; width: 100%; }
th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap; }
th { border-bottom: 2px solid #1a1a1a; } td { border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
td.failed { color: #a00000; }
.scroll { overflow-x: auto; }
.verdict { border-left: 4px solid #1a1a1a; padding-left: .8rem; }
figure { margin: 1.5rem 0; } figure img { max-width: 100%; height: auto; }
figcaption { font-size: .9rem; color: #444; max-width: 46rem; }
code { background: #f2f2f2; padding: 0 .25rem; }
</style>
</head>
<body>
<h1>Which method to trust: $title</h1>
<p>$protocol Every method was refitted, anchors included, on the source models of every split, and
saw of the held-out models its anchors and nothing else.</p>
$notes
$tables
<p>Error: mean absolute error$unit over $n_splits splits. In brackets the 95&nbsp;% interval of the
paired difference, by the corrected resampled t-test of Nadeau and Bengio (2003), which respects
that the splits share source models: an interval without 0 is more than the chance of these splits.
Wins: splits in which no method was better.</p>
<h2>Pictures</h2>
$figures
<p>Made by sklearn-sparseeval $version. Every value is in <code>results.csv</code>, every summary in
<code>summary.csv</code>, beside this file.</p>
</body>
</html>
""")


def write_report(
    path: Path,
    comparison: Comparison,
    matrix: ScoreMatrix,
    *,
    title: str,
    protocol: str,
    notes: list[Note],
) -> None:
    """Write the report.

    Parameters
    ----------
    path : Path
        The file to write.
    comparison : Comparison
        The results.
    matrix : ScoreMatrix
        The score matrix, for the map of the anchors.
    title : str
        What was compared on what.
    protocol : str
        How the models were split, in a sentence.
    notes : list of Note
        What the reader must know, such as failures.
    """
    from sklearn_sparseeval._version import __version__

    unit = matrix.unit
    escaped = "".join(f"<li>{html.escape(note.text)}</li>" for note in notes)
    page = _PAGE.substitute(
        title=html.escape(title),
        protocol=html.escape(protocol),
        notes=f"<p>Notes:</p><ul>{escaped}</ul>" if notes else "",
        tables="\n".join(_table(comparison, k, unit) for k in comparison.n_anchors),
        unit=" in percentage points" if unit == "points" else "",
        n_splits=len(comparison.splits),
        figures="\n".join(_figures(comparison, matrix, unit)),
        version=__version__,
    )
    write_whole(path, page.encode())


def _table(comparison: Comparison, n_anchors: int, unit: str) -> str:
    names = dict(_HEADINGS, difference=f"against {comparison.baseline}")
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names.values())
    rows = []
    for row in summary_rows(comparison, n_anchors, unit):
        cells = "".join(f"<td>{html.escape(row[key])}</td>" for key in names)
        failed = row["n_failed"]
        note = f'<td class="failed">failed in {failed} splits</td>' if failed else ""
        rows.append(f"<tr>{cells}{note}</tr>")
    return (
        f"<h2>{n_anchors} anchors</h2>\n"
        f'<p class="verdict">{html.escape(verdict(comparison, n_anchors, unit))}</p>\n'
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _figures(comparison: Comparison, matrix: ScoreMatrix, unit: str) -> list[str]:
    from sklearn_sparseeval.displays import (
        AnchorMapDisplay,
        BudgetCurveDisplay,
        ComparisonDisplay,
        ScorePredictionDisplay,
    )
    from sklearn_sparseeval.methods import get_methods

    n_anchors = comparison.n_anchors[len(comparison.n_anchors) // 2]
    drawn: list[tuple[Callable[..., Any], str]] = [
        (
            BudgetCurveDisplay.from_comparison(comparison).plot,
            "Error and rank correlation against the number of anchors. The noise ceiling is what "
            "perfect knowledge of the models would score on a benchmark of this many items: "
            "below it an error says nothing more about a model.",
        ),
    ]
    if len(comparison.methods) > 1:
        drawn.append(
            (
                ComparisonDisplay.from_comparison(comparison).plot,
                f"Difference of each method's error to that of {comparison.baseline}, with its "
                "95 % interval.",
            )
        )
    best = _best(comparison, n_anchors)
    if best is not None:
        predictions = ScorePredictionDisplay.from_comparison(
            comparison, method=best, n_anchors=n_anchors
        )
        method = with_seed(get_methods()[best](n_anchors), 0)
        fitted = method.fit(matrix.data, matrix.targets[OVERALL])
        drawn += [
            (
                predictions.plot,
                "Predicted against real scores of the held-out models of all splits: "
                f"{best}, {n_anchors} anchors.",
            ),
            (
                lambda unit: AnchorMapDisplay.from_selector(fitted, matrix.data).plot(),
                f"All items, and the {n_anchors} anchors that {best} chooses when it is fitted on "
                "all models.",
            ),
        ]
    return [_figure(plot, unit, caption) for plot, caption in drawn]


def _best(comparison: Comparison, n_anchors: int) -> str | None:
    """Return the method that the pictures are of; None where all failed."""
    try:
        return str(comparison.best(n_anchors=n_anchors))
    except ValueError:
        return None


def _figure(plot: Callable[..., Any], unit: str, caption: str) -> str:
    from matplotlib import pyplot as plt
    from matplotlib import rc_context

    stream = io.BytesIO()
    # The same file for the same results, and as wide as the page.
    with rc_context({"svg.hashsalt": "sparseeval", "figure.figsize": (9, 6)}):
        figure = plot(unit=unit).figure_
        figure.savefig(stream, format="svg", dpi=200, metadata={"Date": None})
    plt.close(figure)
    encoded = base64.b64encode(stream.getvalue()).decode("ascii")
    text = html.escape(caption)
    return (
        f'<figure><img alt="{text}" src="data:image/svg+xml;base64,{encoded}">'
        f"<figcaption>{text}</figcaption></figure>"
    )
