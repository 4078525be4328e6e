"""SparseEval here against the published script, on the published script's split.

    python docs/benchmarks/reference.py PATH/metabench_gsm8k.npz

The data (4,530 models x 486 GSM8K items, metabench, CC BY-NC-SA 4.0) are not part of the package;
the file holds an array ``scores`` (models x items). The split is the released script's:
``default_rng(42).permutation``, the first 200 rows test, the next 200 validation (unused here),
the rest training. The target is the row mean.
"""

import argparse
import time

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error
from sklearn.pipeline import make_pipeline

from sklearn_sparseeval import MLPScoreRegressor, SparseEvalSelector
from sklearn_sparseeval.metrics import kendall_tau_score

# The released script, run as released (20,000 + 10 x 2,000 epochs), one thread.
PUBLISHED = {100: "1.734 / .9290 in 507 s", 20: "3.372 / .8648 in 442 s"}


def methods(k, seed):
    repaired = {"keep": "best", "importance": "corrected"}
    mlp = MLPScoreRegressor(random_state=seed)
    linear = MLPScoreRegressor.paper(
        linear=True, batch_size=256, max_iter=300, learning_rate_init=1e-2,
        learning_rate="one-cycle", random_state=seed,
    )  # fmt: skip
    short_paper = MLPScoreRegressor.paper(
        batch_size=256, max_iter=200, learning_rate_init=3e-3, learning_rate="one-cycle",
        random_state=seed,
    )  # fmt: skip
    ridge = RidgeCV(np.logspace(-2, 4, 25))

    def select(**options):
        return SparseEvalSelector(k, random_state=seed, **options)

    return {
        "random anchors + RidgeCV": (select(init="random", n_init=1, n_refinements=0), ridge),
        "faithful, n_init=1, paper's MLP, 200 epochs": (select(n_init=1), short_paper),
        "faithful, n_init=1": (select(n_init=1), mlp),
        "faithful": (select(), mlp),
        "faithful, linear proxy": (select(proxy="linear"), mlp),
        "faithful, linear proxy, paper's linear": (select(proxy="linear"), linear),
        "keep='best'": (select(keep="best"), mlp),
        "importance='corrected'": (select(importance="corrected"), mlp),
        "keep='best', importance='corrected'": (select(**repaired), mlp),
        "  the same, 10 refinements": (select(**repaired, n_refinements=10), mlp),
        "  the same, linear proxy": (select(**repaired, proxy="linear"), mlp),
        "  the same, RidgeCV": (select(**repaired), ridge),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", help="metabench_gsm8k.npz")
    parser.add_argument("--n-anchors", type=int, nargs="+", default=[100, 20])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--methods", nargs="+", help="only methods whose name holds one of these")
    args = parser.parse_args()

    X = np.load(args.data, allow_pickle=False)["scores"].astype(np.float64)
    y = X.mean(axis=1)
    rows = np.random.default_rng(42).permutation(len(X))
    test, train = rows[:200], rows[400:]
    print(f"{'k':>4} {'method':<48} {'MAE %':>7} {'tau-b':>7} {'fit s':>7}   MAE of each seed")
    for k in args.n_anchors:
        print(f"{k:>4} published script: {PUBLISHED.get(k, 'not run')}")
        for name in methods(k, 0):
            if args.methods and not any(part in name for part in args.methods):
                continue
            maes, taus, seconds = [], [], []
            for seed in range(args.seeds):
                start = time.perf_counter()
                pipeline = make_pipeline(*methods(k, seed)[name]).fit(X[train], y[train])
                seconds.append(time.perf_counter() - start)
                predicted = pipeline.predict(X[test])
                maes.append(100 * mean_absolute_error(y[test], predicted))
                taus.append(kendall_tau_score(y[test], predicted))
            each = " ".join(f"{mae:.3f}" for mae in maes)
            print(
                f"{k:>4} {name:<48} {np.mean(maes):7.3f} {np.mean(taus):7.4f} "
                f"{np.mean(seconds):7.1f}   {each}",
                flush=True,
            )


if __name__ == "__main__":
    main()
