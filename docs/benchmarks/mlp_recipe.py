"""Which settings of MLPScoreRegressor are best? Nested cross-validation on the shipped data.

    python docs/benchmarks/mlp_recipe.py

Outer splits hold out families of models; within each, anchors are chosen once per inner fold and
the recipes are compared by inner folds that hold out families as well. Printed for each recipe: the
mean inner error (what the choice may look at), how often it was chosen, and the outer error (what
is reported). "chosen inside" is the outer error of whatever the inner folds chose.
"""

import argparse
import time
import warnings

import numpy as np
from joblib import Parallel, delayed
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GroupKFold, GroupShuffleSplit
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import MLPScoreRegressor, SparseEvalSelector
from sklearn_sparseeval import datasets as shipped

DATASETS = {
    **{f"helm {task}": (shipped.load_helm_lite, {"task": task})
       for task in ("gsm", "mmlu", "commonsense", "math", "med_qa")},
    "open-llm arc": (shipped.load_open_llm, {"task": "arc_challenge"}),
    "open-llm ifeval": (shipped.load_open_llm, {"task": "ifeval"}),
    "zeroeval gsm": (shipped.load_zeroeval_gsm, {}),
}  # fmt: skip

RECIPES = {
    "default": {},
    "one network": {"n_networks": 1},
    "widths (64,)": {"hidden_layer_sizes": (64,)},
    "10 epochs": {"max_iter": 10},
    "100 epochs": {"max_iter": 100},
    "step 3e-3": {"learning_rate_init": 3e-3},
    "early stopping": {"early_stopping": True, "max_iter": 100},
    "no baseline, 100 epochs": {"baseline": None, "max_iter": 100},
    "no baseline, 300 epochs": {"baseline": None, "max_iter": 300},
    "paper's net, 300 epochs": "paper",
}


def regressor(recipe):
    if recipe == "paper":
        return MLPScoreRegressor.paper(
            max_iter=300, batch_size=128, learning_rate_init=3e-3, learning_rate="one-cycle",
            random_state=0,
        )  # fmt: skip
    return MLPScoreRegressor(**recipe, random_state=0)


def errors(X, y, sources, targets, n_anchors):
    """Mean absolute error of every recipe, and of ridge, on one split."""
    selector = SparseEvalSelector(n_anchors, proxy="linear", missing_anchors="keep", random_state=0)
    columns = make_pipeline(selector, SimpleImputer())
    train, test = columns.fit_transform(X[sources], y[sources]), columns.transform(X[targets])
    models = {name: regressor(recipe) for name, recipe in RECIPES.items()}
    models["RidgeCV"] = RidgeCV(np.logspace(-2, 4, 25))
    return {
        name: 100 * mean_absolute_error(y[targets], model.fit(train, y[sources]).predict(test))
        for name, model in models.items()
    }


def one_split(name, seed, n_anchors):
    warnings.simplefilter("ignore")
    loader, options = DATASETS[name]
    bunch = loader(**options)
    X, y, families = bunch.data, bunch.target, bunch.families
    outer = GroupShuffleSplit(1, test_size=0.25, random_state=seed)
    sources, targets = next(outer.split(X, groups=families))
    folds = GroupKFold(3, shuffle=True, random_state=seed).split(sources, groups=families[sources])
    inner = [errors(X, y, sources[a], sources[b], n_anchors) for a, b in folds]
    mean_inner = {recipe: np.mean([fold[recipe] for fold in inner]) for recipe in RECIPES}
    return name, mean_inner, errors(X, y, sources, targets, n_anchors)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n-anchors", type=int, default=50)
    parser.add_argument("--splits", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    start = time.perf_counter()
    results = Parallel(args.jobs)(
        delayed(one_split)(name, seed, args.n_anchors)
        for name in DATASETS
        for seed in range(args.splits)
    )
    chosen = [min(inner, key=inner.get) for _, inner, _ in results]
    print(
        f"{args.n_anchors} anchors, {args.splits} outer splits by family of {len(DATASETS)} data "
        f"sets; mean absolute error in points ({time.perf_counter() - start:.0f} s)"
    )
    print(f"{'recipe':<30} {'inner':>7} {'chosen':>7} {'outer':>7}   outer, per data set")
    for name in [*RECIPES, "RidgeCV", "chosen inside"]:
        outer = {data: [] for data in DATASETS}
        for (data, _, errors_out), choice in zip(results, chosen, strict=True):
            outer[data].append(errors_out[choice if name == "chosen inside" else name])
        inner = np.mean([r[1][name] for r in results]) if name in RECIPES else np.nan
        per_data = " ".join(f"{np.mean(values):5.2f}" for values in outer.values())
        overall = np.mean([np.mean(values) for values in outer.values()])
        print(f"{name:<30} {inner:7.3f} {chosen.count(name):7d} {overall:7.3f}   {per_data}")
    print("data sets:", ", ".join(DATASETS))


if __name__ == "__main__":
    main()
