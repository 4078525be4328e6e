"""Figures without a screen, and comparisons to draw: one made by hand, one real."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from sklearn_sparseeval.comparison import compare_estimators
from sklearn_sparseeval.datasets import make_score_matrix

NAN = float("nan")

# Three splits. With 10 anchors c fails in the second; with 40 b has no tau in the last.
VALUES = {
    "mean_absolute_error": {
        ("a", 10): [0.10, 0.12, 0.14],
        ("a", 40): [0.04, 0.06, 0.08],
        ("b", 10): [0.08, 0.08, 0.11],
        ("b", 40): [0.03, 0.03, 0.03],
        ("c", 10): [0.05, NAN, 0.07],
        ("c", 40): [0.02, 0.04, 0.03],
    },
    "kendall_tau": {
        ("a", 10): [0.5, 0.6, 0.7],
        ("a", 40): [0.7, 0.8, 0.9],
        ("b", 10): [0.4, 0.4, 0.4],
        ("b", 40): [0.6, 0.8, NAN],
        ("c", 10): [0.8, NAN, 0.6],
        ("c", 40): [0.9, 0.9, 0.9],
    },
    "bias": {
        ("a", 10): [-0.01, 0.0, 0.01],
        ("a", 40): [0.0, 0.0, 0.03],
        ("b", 10): [0.02, 0.02, 0.02],
        ("b", 40): [-0.02, 0.0, 0.02],
        ("c", 10): [0.01, NAN, 0.03],
        ("c", 40): [0.0, 0.01, 0.02],
    },
}
# Mean, low and high of the difference to a; that of c with 10 anchors is not known.
DIFFERENCES = {
    ("b", 10): (-0.03, -0.05, -0.01),
    ("c", 10): (NAN, NAN, NAN),
    ("b", 40): (0.01, -0.02, 0.04),
    ("c", 40): (-0.04, -0.06, -0.02),
}
TRUE = {0: 0.2, 1: 0.5, 2: 0.8}


class FakeComparison:
    """What the displays ask of a comparison, with results chosen by hand."""

    baseline = "a"

    def __init__(self, values=VALUES, differences=DIFFERENCES, n_tasks=None, families=True):
        self.values, self.differences = values, differences
        self.n_tasks, self.families = n_tasks, families
        self.asked = None

    def frame(self):
        rows = [
            (method, n_anchors, split, metric, value, self._error(method, n_anchors, split))
            for metric, table in self.values.items()
            for (method, n_anchors), values in table.items()
            for split, value in enumerate(values)
        ]
        columns = ["method", "n_anchors", "split", "metric", "value", "error"]
        return pd.DataFrame(rows, columns=columns).assign(fit_seconds=1.0, predict_seconds=1.0)

    def _error(self, method, n_anchors, split):
        failed = np.isnan(next(iter(self.values.values()))[method, n_anchors][split])
        return "RuntimeError: no luck" if failed else None

    def predictions(self):
        runs = self.frame().drop_duplicates(["method", "n_anchors", "split"])
        rows = [
            {
                "method": run.method, "n_anchors": run.n_anchors, "split": run.split,
                "model": f"model-{model}", "family": "even" if model % 2 == 0 else "odd",
                "y_true": true + 0.01 * task, "y_pred": true + 0.1 / run.n_anchors + 0.02 * task,
                "task": task,
            }
            for run in runs.itertuples() if pd.isna(run.error)
            for model, true in TRUE.items()
            for task in range(self.n_tasks or 1)
        ]  # fmt: skip
        table = pd.DataFrame(rows)
        if not self.families:
            table["family"] = pd.Series([None] * len(table), dtype=object)
        return table if self.n_tasks else table.drop(columns="task")

    def summary(self, metric, *, baseline=None, confidence_level=0.95):
        self.asked = metric, baseline, confidence_level
        methods = list(dict.fromkeys(method for method, _ in next(iter(self.values.values()))))
        budgets = list(dict.fromkeys(k for _, k in next(iter(self.values.values()))))
        rows = [
            (m, k, *self.differences.get((m, k), (NAN,) * 3), 3, 0)
            for k in budgets
            for m in methods
        ]
        columns = ["method", "n_anchors", "difference", "difference_low", "difference_high"]
        table = pd.DataFrame(rows, columns=[*columns, "n_splits", "n_failed"])
        table.attrs["baseline"] = self.baseline if baseline is None else baseline
        return table

    def greater_is_better(self, metric):
        return metric == "kendall_tau"

    def noise_ceiling(self, metric):
        return {"mean_absolute_error": 0.012, "kendall_tau": 0.95}.get(metric)


@pytest.fixture(autouse=True)
def _closed_figures_and_fresh_settings():
    with matplotlib.rc_context():  # or what one test changes the next would not notice
        yield
        plt.close("all")


@pytest.fixture
def make_fake():
    """Return what makes a comparison from other values."""
    return FakeComparison


@pytest.fixture
def fake():
    return FakeComparison()


@pytest.fixture(scope="session")
def panel():
    return make_score_matrix(48, 60, n_families=8, random_state=0)


@pytest.fixture(scope="session")
def real(panel):
    return compare_estimators(
        ["random-mean", "random-ridge", "sparse-ridge"], panel.data, groups=panel.families,
        n_anchors=[5, 15], cv=4, random_state=0,
    )  # fmt: skip


@pytest.fixture
def outside():
    """Return a function that lists the texts of a figure that stand out of it."""

    def texts_outside(figure):
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        shown = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text().strip()]
        for ax in figure.axes:  # tick labels beyond the ends of an axis are there but not drawn
            for axis in (ax.xaxis, ax.yaxis):
                drawn = {id(tick) for tick in axis._update_ticks()}
                hidden = {
                    id(label)
                    for tick in [*axis.majorTicks, *axis.minorTicks]
                    for label in (tick.label1, tick.label2)
                    if id(tick) not in drawn or not label.get_visible()
                }
                shown = [text for text in shown if id(text) not in hidden]
        boxes = {text.get_text(): text.get_window_extent(renderer) for text in shown}
        edge = figure.bbox
        return [
            text
            for text, box in boxes.items()
            if box.x0 < -1 or box.y0 < -1 or box.x1 > edge.x1 + 1 or box.y1 > edge.y1 + 1
        ]

    return texts_outside
