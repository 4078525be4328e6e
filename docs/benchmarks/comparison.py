"""The judge itself: how long a comparison takes, and what each protocol says of the same methods.

    python docs/benchmarks/comparison.py time
    python docs/benchmarks/comparison.py protocols

Both use what ships with the package. Errors are mean absolute errors in percentage points.
"""

import argparse
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import ShuffleSplit
from sklearn.neighbors import KNeighborsRegressor

from sklearn_sparseeval import AnchoredRegressor, RandomSelector, datasets, get_methods
from sklearn_sparseeval.comparison import compare_estimators
from sklearn_sparseeval.splitters import (
    FamilyShuffleSplit,
    StrengthSplit,
    group_similar_models,
)

PANELS = {
    "helm gsm": (datasets.load_helm_lite, "gsm"),
    "helm mmlu": (datasets.load_helm_lite, "mmlu"),
    "open-llm arc": (datasets.load_open_llm, "arc_challenge"),
    "open-llm ifeval": (datasets.load_open_llm, "ifeval"),
}


def load(panel):
    loader, task = PANELS[panel]
    return loader(task=task)


def values(comparison):
    return comparison.frame().drop(columns=["fit_seconds", "predict_seconds"])


# One of each kind, those that train networks among them.
TIMED = [
    "random-mean", "random-ridge", "random-residual-ridge", "stratified-mean",
    "stratified-residual-ridge", "stratified-difference", "straight-through", "sparse-ridge",
    "sparse-ridge-nested", "sparse-ridge-mlp", "sparseeval", "sparseeval-repaired",
]  # fmt: skip


def timing(args):
    """12 methods, 3 budgets, 20 splits on two panels; then again in other ways."""
    total = 0.0
    for panel in ("helm gsm", "open-llm arc"):
        data = load(panel)
        arguments = {
            "estimators": TIMED,
            "X": data.data,
            "groups": data.families,
            "n_anchors": [20, 50, 100],
            "cv": args.splits,
            "random_state": 0,
        }
        start = time.perf_counter()
        comparison = compare_estimators(**arguments, n_jobs=2)
        seconds = time.perf_counter() - start
        total += seconds
        n_methods, n_fits = len(comparison.methods), len(comparison.results)
        print(f"{panel}: {n_methods} methods, {n_fits} fits, n_jobs=2: {seconds:.0f} s, "
              f"{len(comparison.failures())} failures", flush=True)  # fmt: skip
        if args.again:
            one = compare_estimators(**arguments, n_jobs=1)
            print(f"  the same numbers with n_jobs=1: {values(one).equals(values(comparison))}")
            again = resumed(arguments)
            print(f"  the same numbers after a resume: {values(again).equals(values(comparison))}")
    print(f"both: {total:.0f} s")


def resumed(arguments):
    """Stop a comparison after half of its fits, as a kill would, and go on."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.jsonl"
        compare_estimators(**arguments, n_jobs=2, results_file=path)
        lines = path.read_bytes().splitlines(keepends=True)
        half = len(lines) // 2
        path.write_bytes(b"".join(lines[:half]) + lines[half][:40])
        return compare_estimators(**arguments, n_jobs=2, results_file=path)


def nearest_model(n_anchors):
    """The score of the source model that is most alike on random anchors: a pure memory."""
    return AnchoredRegressor(RandomSelector(n_anchors), KNeighborsRegressor(1))


METHODS = {
    "nearest model": nearest_model,
    **{
        name: get_methods()[name]
        for name in (
            "random-mean", "random-ridge", "random-residual-ridge", "stratified-difference",
            "sparse-ridge", "sparseeval-repaired",
        )
    },
}  # fmt: skip


def few_sources(splits, n_models):
    """Keep so many source models of every split."""
    rng = np.random.default_rng(0)
    return [(np.sort(rng.choice(old, n_models, replace=False)), new) for old, new in splits]


def protocols_of(data, n_splits):
    X, y = data.data, data.target
    groups = group_similar_models(X, groups=data.families)
    family = list(
        FamilyShuffleSplit(n_splits, test_size=0.25, random_state=0).split(X, groups=groups)
    )
    return {
        "random": list(ShuffleSplit(n_splits, test_size=0.25, random_state=0).split(X)),
        "family": family,
        "strength": list(StrengthSplit(n_splits, random_state=0).split(X, y)),
        "20 sources": few_sources(family, 20),
    }


def protocols(args):
    """The same methods under four protocols."""
    tables = []
    for panel in PANELS:
        data = load(panel)
        for protocol, splits in protocols_of(data, args.splits).items():
            comparison = compare_estimators(
                METHODS, data.data, cv=splits, n_anchors=args.n_anchors, random_state=0, n_jobs=2,
                scoring=["neg_mean_absolute_error"],
            )  # fmt: skip
            summary = comparison.summary()
            tables.append(summary.assign(panel=panel, protocol=protocol))
    table = pd.concat(tables)
    table["points"] = 100 * table["mean"]
    order = list(protocols_of(load("helm gsm"), 1))
    print(f"{args.n_anchors} anchors, {args.splits} splits; mean absolute error in points")
    wide = table.pivot_table("points", ["panel", "method"], "protocol", sort=False)[order]
    print(wide.round(2).to_string())
    mean = table.pivot_table("points", "method", "protocol", sort=False)[order]
    mean["family / random"] = mean["family"] / mean["random"]
    print("\nmean over the panels")
    print(mean.round(2).to_string())


def main():
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    for name, command in {"time": timing, "protocols": protocols}.items():
        sub = commands.add_parser(name, help=command.__doc__)
        sub.set_defaults(run=command)
        sub.add_argument("--splits", type=int, default=20)
        if command is timing:
            sub.add_argument(
                "--again",
                action="store_true",
                help="also n_jobs=1 and a resume: longer",
            )
        else:
            sub.add_argument("--n-anchors", type=int, default=50)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
