"""The package's own selectors: accuracy, time and memory. Each command prints one table.

    python docs/benchmarks/optimisers.py reference PATH/metabench_gsm8k.npz
    python docs/benchmarks/optimisers.py budgets PATH/metabench_gsm8k.npz
    python docs/benchmarks/optimisers.py scale
    python docs/benchmarks/optimisers.py interpolation
    python docs/benchmarks/optimisers.py extrapolation

``reference`` and ``budgets`` need 4,530 models x 486 GSM8K items (metabench, CC BY-NC-SA 4.0), not
part of the package; ``scale`` makes its data; the others use what ships with the package.
Errors are mean absolute errors in percentage points.
"""

import argparse
import multiprocessing
import resource
import time
import warnings
from tempfile import TemporaryDirectory

import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVR

from sklearn_sparseeval import (
    AnchoredRegressor,
    DifferenceRegressor,
    MLPScoreRegressor,
    RandomSelector,
    ResidualRidgeRegressor,
    SparseEvalSelector,
    SparseRidgeSelector,
    StraightThroughSelector,
    StratifiedSelector,
    WeightedMeanRegressor,
)
from sklearn_sparseeval import datasets as shipped
from sklearn_sparseeval.metrics import kendall_tau_score

PANELS = {
    **{f"helm {task}": (shipped.load_helm_lite, task)
       for task in ("gsm", "mmlu", "commonsense", "math", "med_qa")},
    "open-llm arc": (shipped.load_open_llm, "arc_challenge"),
    "open-llm ifeval": (shipped.load_open_llm, "ifeval"),
}  # fmt: skip


def points(y, predicted):
    return 100 * np.abs(y - predicted).mean()


def chosen_head(selector, n_anchors, seed, n_folds, cache):
    """Ridge, support vector regression or MLP, by cross-validation inside the source models."""
    heads = [
        ResidualRidgeRegressor(),
        *(SVR(C=1.0, gamma=gamma / n_anchors, epsilon=0.01) for gamma in (0.3, 1.0)),
        MLPScoreRegressor(random_state=seed),
    ]
    return GridSearchCV(
        AnchoredRegressor(selector, heads[0], memory=cache), {"regressor": heads},
        scoring="neg_mean_absolute_error", cv=KFold(n_folds, shuffle=True, random_state=seed),
    )  # fmt: skip


def head_name(search):
    regressor = search.best_params_["regressor"]
    return type(regressor).__name__ + f" {getattr(regressor, 'gamma', '')}".rstrip()


def reference(args):
    """The released script's split; see reference.py for SparseEval's figures on it."""
    X = np.load(args.data, allow_pickle=False)["scores"].astype(np.float64)
    y = X.mean(axis=1)
    rows = np.random.default_rng(42).permutation(len(X))
    test, train = rows[:200], rows[400:]
    print(f"{'k':>4} {'method':<52} {'MAE %':>7} {'tau-b':>7} {'fit s':>7}")

    def report(k, name, estimator):
        start = time.perf_counter()
        estimator.fit(X[train], y[train])
        seconds = time.perf_counter() - start
        predicted = estimator.predict(X[test])
        tau = kendall_tau_score(y[test], predicted)
        print(f"{k:>4} {name:<52} {points(y[test], predicted):7.3f} {tau:7.4f} {seconds:7.2f}")
        return estimator

    make_pipeline(SparseRidgeSelector(20), ResidualRidgeRegressor()).fit(X, y)  # starts the threads
    for k in (100, 20):
        report(k, "random anchors + RidgeCV, one draw",
               make_pipeline(RandomSelector(k, random_state=0), RidgeCV()))  # fmt: skip
        for name, options in {
            "forward path": {"exchange": False}, "forward path and exchange": {},
        }.items():  # fmt: skip
            selector = SparseRidgeSelector(k, **options)
            report(k, f"{name} + ridge", make_pipeline(selector, ResidualRidgeRegressor()))
        with TemporaryDirectory() as cache:
            search = chosen_head(SparseRidgeSelector(k), k, 0, 5, cache)
            report(k, "the same + ridge, SVR or MLP by inner 5-fold CV", search)
        print(f"     chosen: {head_name(search)}")
        for gamma in (0.3, 1.0):
            svr = SVR(C=1.0, gamma=gamma / k, epsilon=0.01)
            report(k, f"the same + SVR, gamma={gamma}/k", make_pipeline(selector, svr))
        report(k, "the same + MLP", make_pipeline(selector, MLPScoreRegressor(random_state=0)))


def one_budget(X, y, k, seed):
    warnings.simplefilter("ignore")
    train, test = next(ShuffleSplit(1, test_size=400, random_state=seed).split(X))
    with TemporaryDirectory() as cache:
        methods = {
            "random + RidgeCV": make_pipeline(RandomSelector(k, random_state=seed), RidgeCV()),
            "SparseEval": make_pipeline(
                SparseEvalSelector(k, random_state=seed), MLPScoreRegressor(random_state=seed)
            ),
            "sparse ridge": chosen_head(SparseRidgeSelector(k), k, seed, 3, cache),
        }
        return {
            name: points(y[test], method.fit(X[train], y[train]).predict(X[test]))
            for name, method in methods.items()
        }


def budgets(args):
    """Random splits of 4,130 source and 400 target models, five numbers of anchors."""
    X = np.load(args.data, allow_pickle=False)["scores"].astype(np.float64)
    y, sizes = X.mean(axis=1), (20, 40, 60, 80, 100)
    jobs = [(k, seed) for k in sizes for seed in range(args.splits)]
    found = Parallel(args.jobs)(delayed(one_budget)(X, y, *job) for job in jobs)
    print(f"{args.splits} random splits; the ratio is to random anchors + RidgeCV")
    print(f"{'k':>4} {'random + RidgeCV':>17} {'SparseEval':>11} {'sparse ridge':>13} {'ratio':>7}")
    for k in sizes:
        errors = [result for (size, _), result in zip(jobs, found, strict=True) if size == k]
        random, sparse_eval, ours = np.mean([list(e.values()) for e in errors], axis=0)
        print(f"{k:>4} {random:17.3f} {sparse_eval:11.3f} {ours:13.3f} {ours / random:7.3f}")


def simulated(n_models, n_items, dtype):
    """Two-parameter items on three abilities, made in blocks."""
    rng = np.random.default_rng(0)
    ability = rng.normal(size=(n_models, 3)).astype(np.float32)
    X = np.empty((n_models, n_items), dtype=dtype)
    for start in range(0, n_items, 500):
        block = X[:, start : start + 500]
        loading = rng.normal(scale=0.7, size=(3, block.shape[1])).astype(np.float32)
        logit = ability @ loading + rng.normal(size=block.shape[1]).astype(np.float32)
        block[:] = rng.random(block.shape, dtype=np.float32) < 1 / (1 + np.exp(-logit))
    return X


def one_size(n_models, n_items, dtype, connection):
    X = simulated(n_models, n_items, dtype)
    SparseRidgeSelector(2).fit(X[:100])  # starts the threads
    seconds = []
    for selector in (
        SparseRidgeSelector(100, alpha=50.0, exchange=False),
        SparseRidgeSelector(100),
    ):
        start = time.perf_counter()
        selector.fit(X)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    connection.send((*seconds, peak, selector.n_swaps_))


def scale(args):
    """100 anchors, each size in a process of its own; peak memory is that of the whole process.

    "path" is one forward path; "all" the default: five paths, leave-one-out and exchange.
    """
    print(" models   items    dtype  path s  all s  peak GB  swaps")
    spawn = multiprocessing.get_context("spawn")
    sizes = [(5000, 14000), (2500, 14000), (1250, 14000), (5000, 7000), (5000, 3500)]
    for dtype, (n_models, n_items) in [
        ("float32", sizes[0]), *(("uint8", size) for size in sizes),
    ]:  # fmt: skip
        here, there = spawn.Pipe()
        process = spawn.Process(target=one_size, args=(n_models, n_items, dtype, there))
        process.start()
        path, total, peak, n_swaps = here.recv()
        process.join()
        size = f"{n_models:>7} {n_items:>7} {dtype:>8}"
        print(f"{size} {path:7.2f} {total:6.2f} {peak:8.2f} {n_swaps:6d}")


def means(jobs, found):
    """Mean over the seeds: method -> one entry per panel."""
    of_panel = [
        [result for (panel, _), result in zip(jobs, found, strict=True) if panel == name]
        for name in PANELS
    ]
    return {
        method: np.array([np.mean([r[method] for r in results], axis=0) for results in of_panel])
        for method in found[0]
    }


def load(panel):
    loader, task = PANELS[panel]
    return loader(task=task, return_X_y=True)


def one_split(panel, seed, k):
    warnings.simplefilter("ignore")
    X, y = load(panel)
    train, test = next(ShuffleSplit(1, test_size=0.25, random_state=seed).split(X))
    random, stratified = (
        RandomSelector(k, random_state=seed),
        StratifiedSelector(k, random_state=seed),
    )
    methods = {
        "random + RidgeCV": (random, RidgeCV()),
        "random + mean": (random, WeightedMeanRegressor()),
        "random + residual ridge": (random, ResidualRidgeRegressor()),
        "stratified + residual ridge": (stratified, ResidualRidgeRegressor()),
        "stratified + difference": (stratified, DifferenceRegressor()),
        "straight-through + residual ridge": (
            StraightThroughSelector(k, random_state=seed), ResidualRidgeRegressor()
        ),
        "sparse ridge, shrink_to_mean=0, no components": (
            SparseRidgeSelector(k, shrink_to_mean=0.0, n_components=0), ResidualRidgeRegressor()
        ),
        "sparse ridge + RidgeCV": (SparseRidgeSelector(k), RidgeCV()),
        "sparse ridge + residual ridge": (SparseRidgeSelector(k), ResidualRidgeRegressor()),
    }  # fmt: skip
    return {
        name: points(y[test], AnchoredRegressor(*pair).fit(X[train], y[train]).predict(X[test]))
        for name, pair in methods.items()
    }


def interpolation(args):
    """Targets drawn like the sources: a random quarter of the models."""
    jobs = [(panel, seed) for panel in PANELS for seed in range(args.splits)]
    found = Parallel(args.jobs)(delayed(one_split)(*job, args.n_anchors) for job in jobs)
    mean = means(jobs, found)
    base, fair = mean["random + RidgeCV"], mean["random + residual ridge"]
    print(
        f"{args.n_anchors} anchors, {args.splits} splits, a random quarter of the models as targets"
    )
    print(f"{'':<46} " + " ".join(f"{panel.split()[-1]:>11}" for panel in PANELS)
          + "   ratio to random + RidgeCV   worst to random + residual ridge")  # fmt: skip
    for name, errors in mean.items():
        row = " ".join(f"{error:11.2f}" for error in errors)
        ratio, worst = errors.mean() / base.mean(), (errors / fair).max()
        print(f"{name:<46} {row}   {ratio:24.3f}   {worst:32.3f}")


def item_space_ridge(X, anchors, targets):
    """BenchPred's "AIPW": ridge over items on the sources' answers, the mean of the unseen."""
    unseen = np.setdiff1d(np.arange(X.shape[1]), anchors)
    ridge = Ridge(alpha=10).fit(X[:, anchors].T, targets[:, anchors].T)
    return ridge.predict(X[:, unseen].T).mean(axis=0)


def one_strong_half(panel, seed, k):
    warnings.simplefilter("ignore")
    X, y = load(panel)
    order = np.argsort(y, kind="stable")
    sources, targets = order[: round(0.5 * len(y))], order[-round(0.3 * len(y)) :]
    stratified, random = (
        StratifiedSelector(k, random_state=seed),
        RandomSelector(k, random_state=seed),
    )
    methods = {
        "random + mean": (random, WeightedMeanRegressor()),
        "random + residual ridge": (random, ResidualRidgeRegressor()),
        "random + residual ridge, sum to one": (random, ResidualRidgeRegressor(sum_to_one=True)),
        "sparse ridge + residual ridge": (SparseRidgeSelector(k), ResidualRidgeRegressor()),
        "stratified + mean": (stratified, WeightedMeanRegressor()),
        "stratified + difference": (stratified, DifferenceRegressor()),
    }
    source_X, source_y = X[sources], y[sources]
    drawn = np.sort(RandomSelector(k, random_state=seed).fit(source_X).anchors_)
    errors = {"random + item-space ridge": item_space_ridge(source_X, drawn, X[targets])}
    for name, pair in methods.items():
        errors[name] = AnchoredRegressor(*pair).fit(source_X, source_y).predict(X[targets])
    return {
        name: (points(y[targets], predicted), 100 * (predicted - y[targets]).mean())
        for name, predicted in errors.items()
    }


def extrapolation(args):
    """Sources: the weakest half; targets: the strongest three tenths."""
    jobs = [(panel, seed) for panel in PANELS for seed in range(args.seeds)]
    found = Parallel(args.jobs)(delayed(one_strong_half)(*job, args.n_anchors) for job in jobs)
    mean = means(jobs, found)
    base = mean["random + item-space ridge"][:, 0]
    print(f"{args.n_anchors} anchors, {args.seeds} seeds; error (mean signed error)")
    print(f"{'':<37} " + " ".join(f"{panel.split()[-1]:>15}" for panel in PANELS)
          + "   mean ratio to item-space ridge")  # fmt: skip
    for name, cells in mean.items():
        row = " ".join(f"{error:6.2f} ({bias:+6.2f})" for error, bias in cells)
        print(f"{name:<37} {row}   {np.mean(cells[:, 0] / base):8.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    for command in (reference, budgets, scale, interpolation, extrapolation):
        sub = commands.add_parser(command.__name__, help=command.__doc__)
        sub.set_defaults(run=command)
        if command in (reference, budgets):
            sub.add_argument("data", help="metabench_gsm8k.npz")
        if command in (interpolation, extrapolation):
            sub.add_argument("--n-anchors", type=int, default=50)
        if command in (budgets, interpolation):
            sub.add_argument("--splits", type=int, default=10 if command is budgets else 20)
        if command is extrapolation:
            sub.add_argument("--seeds", type=int, default=40)
        sub.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
