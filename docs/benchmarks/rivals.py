"""Every registered method on every data set that ships, under three protocols.

    python docs/benchmarks/rivals.py --output rivals
    python docs/benchmarks/rivals.py --speed

The first takes about ten minutes on two cores. It prints the table of docs/rivals.rst, and writes
into the folder every value (rivals.csv) and the picture (rivals.png). Errors are mean absolute
errors in percentage points, averaged over the data sets and splits. The second times every fit on
448 models x 756 items with 100 anchors on one thread, and the item response model on its own.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from scipy.linalg import orthogonal_procrustes
from scipy.special import expit
from sklearn.model_selection import ShuffleSplit
from threadpoolctl import threadpool_limits

from sklearn_sparseeval import ItemResponseModel, datasets, get_methods
from sklearn_sparseeval.comparison import compare_estimators
from sklearn_sparseeval.comparison._budget import with_seed
from sklearn_sparseeval.splitters import FamilyShuffleSplit, StrengthSplit, group_similar_models

PANELS = {
    **{f"helm {task}": (datasets.load_helm_lite, {"task": task})
       for task in ("gsm", "mmlu", "commonsense", "math", "med_qa")},
    "open-llm arc": (datasets.load_open_llm, {"task": "arc_challenge"}),
    "open-llm ifeval": (datasets.load_open_llm, {"task": "ifeval"}),
    "zeroeval gsm": (datasets.load_zeroeval_gsm, {}),
    "mathvision": (datasets.load_mathvision, {}),
}  # fmt: skip
BUDGETS = [20, 50, 100]
PROTOCOLS = ["interpolation", "family", "extrapolation"]


def splits(data, protocol, n_splits):
    X, y = data.data, data.target
    if protocol == "interpolation":
        return list(ShuffleSplit(n_splits, test_size=0.25, random_state=0).split(X))
    if protocol == "family":
        groups = group_similar_models(X, groups=data.families)
        splitter = FamilyShuffleSplit(n_splits, test_size=0.25, random_state=0)
        return list(splitter.split(X, groups=groups))
    return list(StrengthSplit(n_splits, random_state=0).split(X, y))


def measure(args):
    tables = []
    for panel, (loader, options) in PANELS.items():
        data = loader(**options)
        for protocol in PROTOCOLS:
            start = time.perf_counter()
            comparison = compare_estimators(
                get_methods(), data.data, cv=splits(data, protocol, args.splits), n_anchors=BUDGETS,
                scoring=["neg_mean_absolute_error", "kendall_tau"], n_jobs=args.jobs,
                random_state=0,
            )  # fmt: skip
            frame = comparison.frame().assign(panel=panel, protocol=protocol)
            tables.append(frame)
            failed = comparison.failures()
            print(f"{panel}, {protocol}: {time.perf_counter() - start:.0f} s, "
                  f"{len(failed)} failures", flush=True)  # fmt: skip
            for method, rows in failed.groupby("method"):
                print(f"  {method}: {rows['error'].iloc[0]}")
    return pd.concat(tables)


def report(results):
    error = results[results["metric"] == "mean_absolute_error"].copy()
    error["points"] = 100 * error["value"]
    tau = results[results["metric"] == "kendall_tau"]
    columns = ["protocol", "n_anchors"]
    order = pd.MultiIndex.from_product([PROTOCOLS, BUDGETS], names=columns)
    points = error.pivot_table("points", "method", columns)[order]
    taus = tau[tau["n_anchors"] == 50].pivot_table("value", "method", "protocol")[PROTOCOLS]
    taus.columns = pd.MultiIndex.from_product([["tau, 50 anchors"], ["int.", "fam.", "ext."]])
    seconds = error[error["n_anchors"] == 100].groupby("method")["fit_seconds"].max()
    table = points.round(2).join(taus.round(2))
    table["slowest fit, s", "100"] = seconds.round(1)
    print("\nmean absolute error in points, mean over data sets and splits")
    print(table.sort_values(("interpolation", 50)).to_string())
    return points


def draw(points, path):
    """Error on new families against error on stronger models, 50 anchors: lower left is best."""
    figure, ax = plt.subplots(figsize=(9, 6), layout="constrained")
    points = points.sort_values(("family", 50))
    x, y = points["family", 50], points["extrapolation", 50]
    numbers = range(1, len(points) + 1)
    for number, method in zip(numbers, points.index, strict=True):
        ax.plot(x[method], y[method], color="0.7", marker="o", markersize=3)
        ax.annotate(str(number), (x[method], y[method]), fontsize=8, xytext=(3, 2),
                    textcoords="offset points")  # fmt: skip
    names = "\n".join(f"{n:>2} {m}" for n, m in zip(numbers, points.index, strict=True))
    ax.text(1.02, 1, names, transform=ax.transAxes, va="top", fontsize=8, family="monospace")
    ax.set(xscale="log", yscale="log", xlabel="error on new families (points)",
           ylabel="error on models stronger than the history (points)")  # fmt: skip
    ticks = [2, 3, 4, 5, 7, 10, 15, 20]
    for axis, values in ((ax.xaxis, x), (ax.yaxis, y)):
        axis.set_ticks([t for t in ticks if 0.9 * values.min() <= t <= 1.1 * values.max()])
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(plt.NullLocator())
    ax.grid(color="0.9")
    figure.savefig(path, dpi=150)


def speed():
    """One thread, 448 models x 756 items; and how well simulated item parameters come back."""
    data = datasets.make_score_matrix(448, 756, n_dimensions=3, n_families=60, random_state=0)
    with threadpool_limits(1):
        for name, method in get_methods().items():
            estimator = with_seed(method(100), 0)
            start = time.perf_counter()
            estimator.fit(data.data, data.target)
            middle = time.perf_counter()
            estimator.predict(data.data[:112])
            end = time.perf_counter()
            print(f"{name:<28} fit {middle - start:6.2f} s   predict {end - middle:6.2f} s")
    rng = np.random.default_rng(0)
    ability, loading = rng.normal(size=(500, 2)), rng.normal(size=(300, 2))
    difficulty = rng.normal(size=300)
    X = (rng.random((500, 300)) < expit(ability @ loading.T - difficulty)).astype(float)
    start = time.perf_counter()
    model = ItemResponseModel(n_dimensions=2).fit(X)
    seconds = time.perf_counter() - start
    found = model.discriminations_
    rotation, _ = orthogonal_procrustes(found, loading)
    recovered = np.corrcoef((found @ rotation).ravel(), loading.ravel())[0, 1]
    easy = np.corrcoef(model.difficulties_, difficulty)[0, 1]
    print(
        f"item response model, 500 models x 300 items, 2 dimensions: {seconds:.1f} s; correlation "
        f"of difficulties {easy:.3f}, of rotated discriminations {recovered:.3f}"
    )
    for n_dimensions in (2, "auto"):
        start = time.perf_counter()
        ItemResponseModel(n_dimensions=n_dimensions).fit(data.data)
        print(f"item response model, 448 x 756, n_dimensions={n_dimensions!r}: "
              f"{time.perf_counter() - start:.1f} s")  # fmt: skip


def main():
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--splits", type=int, default=1, help="per data set and protocol")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("rivals"), metavar="FOLDER")
    parser.add_argument("--speed", action="store_true", help="time the fits instead")
    args = parser.parse_args()
    if args.speed:
        speed()
        return
    args.output.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    results = measure(args)
    results.to_csv(args.output / "rivals.csv", index=False)
    points = report(results)
    draw(points, args.output / "rivals.png")
    print(f"\n{np.round((time.perf_counter() - start) / 60, 1)} minutes")


if __name__ == "__main__":
    main()
