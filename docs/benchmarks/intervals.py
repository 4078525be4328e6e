"""How often the intervals hold, how wide they are, and what the verdict sees.

    python docs/benchmarks/intervals.py ../shared/data
    python docs/benchmarks/intervals.py ../shared/data --panels helm_lite_gsm glue_rte \
        --anchors 50 --splits 2 --protocols random frontier

A folder holds score matrices as .npz files: `scores` (models x items, NaN = not evaluated),
`models`, and `benchmark_score` where the scores are those of more items than there are columns.
Everything takes hours on one core with the defaults; the second command, minutes. `--save` keeps
the rows of every split, and `--load` prints their tables again.

Yardsticks: Wilson's and the Clopper-Pearson interval of as many random items, with the
finite-population correction; the point error of `SparseRidgeSelector` and
`ResidualRidgeRegressor`, and their errors out of fold as a margin around it ("margin"); the mean
of random items ("random").
"""

import argparse
import pickle
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from sklearn_sparseeval import (
    AnchoredIntervalRegressor,
    AnchoredRegressor,
    ResidualRidgeRegressor,
    SparseRidgeSelector,
)
from sklearn_sparseeval.metrics import kendall_tau_score, winkler_score
from sklearn_sparseeval.numerics.conformal import smoothed_quantile
from sklearn_sparseeval.numerics.proportions import effective_items, wilson_limits
from sklearn_sparseeval.splitters import RepeatedGroupKFold, group_similar_models

PROTOCOLS = ["random", "family", "frontier", "next"]
LEVELS = [0.8, 0.9, 0.95]
N_ITEMS = {"metabench_gsm8k": 1319}  # of the full benchmark, where scores are of more items
MOST_TARGETS = 150
ODD = ["shuffled", "30 % shuffled", "quarter broken", "other prompts", "40 % leaked"]


def load(path):
    """Return the results, the scores, families and the number of items of the benchmark."""
    data = np.load(path, allow_pickle=False)
    X = data["scores"].astype(np.float64)
    keep = np.nanmean(X, axis=1) > 1e-8
    X, names = X[keep], data["models"][keep].astype(str)
    known = "benchmark_score" in data.files
    y = data["benchmark_score"][keep].astype(np.float64) if known else np.nanmean(X, axis=1)
    if path.stem.startswith("helm"):
        families = [name.split("_")[0] for name in names]
    elif all("/" in name for name in names):
        families = [name.split("/")[0] for name in names]
    elif path.stem.startswith("glue"):
        families = np.arange(len(names))
    else:
        families = [
            name.replace(" ", "-").replace("_", "-").split("-")[0].lower() for name in names
        ]
    families = np.unique(families, return_inverse=True)[1]
    if len(X) <= 1500:
        groups = group_similar_models(X, groups=families)
        families = families if np.bincount(groups).max() > max(len(X) / 3, 2) else groups
    return X, y, families, N_ITEMS.get(path.stem, X.shape[1])


def split(y, families, protocol, seed, n_sources):
    """Return the rows of the sources and of the targets."""
    n, rng = len(y), np.random.default_rng(seed)
    order = np.argsort(y, kind="stable")
    if protocol == "random":
        rows, n_targets = rng.permutation(n), min(n // 4, 400)
        targets, sources = rows[:n_targets], rows[n_targets:]
    elif protocol == "family":
        out = np.zeros(n, dtype=bool)
        for family in rng.permutation(np.unique(families)):
            if out.sum() >= n / 4:
                break
            if out.sum() + (families == family).sum() <= 0.4 * n:
                out |= families == family
        sources, targets = np.flatnonzero(~out), np.flatnonzero(out)
    else:
        weak = order[: n // 2]
        sources = np.sort(rng.permutation(weak)[: max(8, int(0.9 * len(weak)))])
        next_ones = order[n // 2 : n // 2 + max(2, int(0.2 * n))]
        targets = order[-int(0.3 * n) :] if protocol == "frontier" else next_ones
    if n_sources and n_sources < len(sources):
        sources = np.sort(rng.permutation(sources)[:n_sources])
    return sources, rng.permutation(targets)[:MOST_TARGETS]


def baseline(k):
    return AnchoredRegressor(SparseRidgeSelector(k, exchange="once"), ResidualRidgeRegressor())


def margin_around(X, y, groups, k, seed, targets):
    """Return predictions of the baseline, and the errors out of fold that make its margin."""
    n_folds = min(5, len(np.unique(groups)))
    errors = np.empty(len(y))
    for fitted, out in RepeatedGroupKFold(n_folds, n_repeats=1, random_state=seed).split(
        X, groups=groups
    ):
        errors[out] = baseline(k).fit(X[fitted], y[fitted]).predict(X[out]) - y[out]
    return np.clip(baseline(k).fit(X, y).predict(targets), 0, 1), np.abs(errors)


def one(panel, data, protocol, k, seed, n_sources, estimator, odd):
    """Fit on one split, and return all that the tables need."""
    X, y, families, n_items = data
    sources, targets = split(y, families, protocol, seed, n_sources)
    if len(sources) < 8 or len(targets) < 2 or X.shape[1] < 1.5 * k:
        return None
    start = time.process_time()
    inner = baseline(k) if estimator == "sparse-ridge" else "auto"
    model = AnchoredIntervalRegressor(inner, n_anchors=k, n_items=n_items, random_state=seed)
    model.fit(X[sources], y[sources], groups=families[sources])
    seconds = time.process_time() - start
    true, new = y[targets], X[targets]
    start = time.process_time()
    bounds = {level: model.predict_interval(new, level) for level in LEVELS}
    predict_seconds = (time.process_time() - start) / len(LEVELS)
    plain, errors = margin_around(X[sources], y[sources], families[sources], k, seed, new)
    rng = np.random.default_rng(seed)
    columns = rng.permutation(X.shape[1])[:k]
    first, second = pairs(true, rng)
    top_up = model.draw_top_up(min(50, X.shape[1] - k), random_state=seed)
    row = {
        "panel": panel, "protocol": protocol, "k": k, "seed": seed, "n": len(sources),
        "n_sources": n_sources, "y": true, "predicted": model.predict(new), "bounds": bounds,
        "verdicts": model.applicability(new), "plain": plain, "errors": errors,
        "random": np.nanmean(new[:, columns], axis=1), "n_items": n_items,
        "p": model.prob_better(new[first], new[second]), "won": true[first] > true[second],
        "top_up": model.top_up_interval(new, top_up), "n_top_up": len(top_up.items),
        "seconds": seconds, "predict_seconds": predict_seconds,
    }  # fmt: skip
    if odd and protocol == "random":
        row["odd"] = {kind: odd_models(model, new, kind, top_up) for kind in ODD}
    return row


def pairs(y, rng, most=300):
    first, second = np.triu_indices(len(y), 1)
    some = rng.permutation(len(first))[:most]
    first, second = first[some], second[some]
    turned = rng.random(len(first)) < 0.5
    first, second = np.where(turned, second, first), np.where(turned, first, second)
    differ = y[first] != y[second]
    return first[differ], second[differ]


def odd_models(model, X, kind, top_up):
    """Alter models, and return verdicts, scores, intervals and those of the top-up."""
    rng, altered = np.random.default_rng(1), X.copy()
    n_items = X.shape[1]
    for row in altered:
        some = rng.permutation(n_items)
        if kind == "shuffled":
            row[:] = row[some]
        elif kind == "30 % shuffled":
            some = some[: int(0.3 * n_items)]
            row[some] = row[rng.permutation(some)]
        elif kind == "quarter broken":
            row[(rng.integers(n_items) + np.arange(n_items // 4)) % n_items] = 0
        elif kind == "other prompts":
            some = some[: int(0.2 * n_items)]
            row[some] = rng.random(len(some)) < np.nanmean(row)
        else:
            row[some[: int(0.4 * n_items)]] = 1
    table = model.applicability(altered)
    return {
        "y": np.nanmean(altered, axis=1), "reason": table.reason.to_numpy(),
        "p_pattern": table.p_pattern.to_numpy(), "bounds": model.predict_interval(altered),
        "top_up": model.top_up_interval(altered, top_up),
    }  # fmt: skip


def sample_width(y, k, n_items, level, kind="wilson"):
    """Return the width of the interval of k random items."""
    share, n = np.clip(y, 1e-3, 1 - 1e-3), effective_items(k, n_items)
    if kind == "wilson":
        low, high = wilson_limits(share, n, stats.norm.ppf((1 + level) / 2))
    else:
        tail = (1 - level) / 2
        low = stats.beta.ppf(tail, share * n + 1e-9, n - share * n + 1)
        high = stats.beta.ppf(1 - tail, share * n + 1, n - share * n + 1e-9)
    return high - low


def inside(y, bounds):
    return (bounds[:, 0] <= y) & (y <= bounds[:, 1])


def summary(row):
    """Return the figures of one split."""
    y, k, m = row["y"], row["k"], row["n_items"]
    bounds = row["bounds"][0.9]
    width = np.diff(bounds).mean()
    wilson = sample_width(y, k, m, 0.9).mean()
    margin = np.sort(row["errors"])
    margin = margin[min(int(np.ceil((len(margin) + 1) * 0.9)), len(margin)) - 1]
    around = np.clip(row["plain"][:, np.newaxis] + [-margin, margin], 0, 1)
    error = {name: 100 * np.abs(row[name] - y).mean() for name in ("predicted", "plain", "random")}
    reason = row["verdicts"].reason
    flagged = (reason != "like").to_numpy()
    tau = {name: kendall_tau_score(y, row[name]) for name in ("predicted", "random")}
    return {
        **{f"{100 * level:.0f}": 100 * inside(y, row["bounds"][level]).mean() for level in LEVELS},
        "/Wilson": width / wilson,
        "/C-P": width / sample_width(y, k, m, 0.9, "exact").mean(),
        "Winkler": winkler_score(y, *bounds.T) / wilson,
        "MAE": error["predicted"], "/ridge": error["predicted"] / error["plain"],
        "/random": error["predicted"] / error["random"], "tau-": tau["predicted"] - tau["random"],
        "unlike": 100 * flagged.mean(), "strong": 100 * (reason == "stronger").mean(),
        "odd": 100 * (reason == "odd pattern").mean(),
        "m. cover": 100 * inside(y, around).mean(),
        "m./Wilson": np.diff(around).mean() / wilson,
        "m.Winkler": winkler_score(y, *around.T) / wilson,
        "targets": len(y), "s": row["seconds"],
    }  # fmt: skip


def table(rows, by, title):
    """Print means over panels of means over splits; ratios of errors are geometric."""
    if not rows:
        return None
    ratios = ["/ridge", "/random"]
    data = pd.DataFrame(
        [
            {**{key: row[key] for key in ("panel", "protocol", "k", "n")}, **summary(row)}
            for row in rows
        ]
    )
    data[ratios] = np.log(data[ratios].clip(lower=1e-3))
    keys = list(dict.fromkeys([*by, "panel"]))
    means = data.groupby(keys, sort=False).mean(numeric_only=True)
    means["targets"] = data.groupby(keys, sort=False)["targets"].sum()
    shown = means.groupby(level=list(range(len(by))), sort=False)
    found = shown.mean()
    found["targets"] = shown["targets"].sum()
    found[ratios] = np.exp(found[ratios])
    print(f"\n{title}")
    drop = [column for column in ("k", "n", "protocol") if column in found and column in by]
    print(found.drop(columns=drop).round(2).to_string())
    worst = means[means.targets >= 30]
    if len(worst):
        low = worst["90"].idxmin()
        print(f"worst of 30 targets and more: {low}, {worst.loc[low, '90']:.1f} %")
    return found


def terciles(rows):
    print("\ncoverage of random and family targets by strength, the weakest third first")
    found = [[], [], []]
    for row in rows:
        if row["protocol"] in ("random", "family") and len(row["y"]) >= 9:
            held = inside(row["y"], row["bounds"][0.9])
            for part, which in zip(found, np.array_split(np.argsort(row["y"]), 3), strict=True):
                part.append(held[which].mean())
    print([round(100 * float(np.mean(part)), 1) for part in found if part])


def flagged(rows):
    print("\nlike models that are flagged: error / that of the ridge for all and for flagged ones")
    for protocols in (("random",), ("family",)):
        ours, plain, cover, n = 0.0, 0.0, 0, 0
        for row in rows:
            if row["protocol"] in protocols:
                which = ~row["verdicts"].like.to_numpy()
                ours += np.abs(row["predicted"] - row["y"])[which].sum()
                plain += np.abs(row["plain"] - row["y"])[which].sum()
                cover += inside(row["y"], row["bounds"][0.9])[which].sum()
                n += which.sum()
        if n:
            print(
                f"{protocols[0]}: {ours / plain:.2f}, {n} flagged, covered {100 * cover / n:.0f} %"
            )


def reliability(rows, title):
    if not rows:
        return
    said = np.concatenate([row["p"] for row in rows])
    won = np.concatenate([row["won"] for row in rows]).astype(float)
    sure, right = np.maximum(said, 1 - said), np.where(said >= 0.5, won, 1 - won)
    bins = np.minimum(((sure - 0.5) * 20).astype(int), 9)
    decided = sure >= 0.95
    print(
        f"\nP(A > B), {title}: {len(said)} pairs, Brier score {np.mean((said - won) ** 2):.4f}, "
        f"{100 * decided.mean():.0f} % decided at .95, of which "
        f"{100 * right[decided].mean() if decided.any() else np.nan:.1f} % right"
    )
    for number in range(10):
        own = bins == number
        if own.sum():
            told, was = sure[own].mean(), right[own].mean()
            print(f"  said {told:.3f}  was {was:.3f}  {was - told:+.3f}  n {own.sum()}")


def top_ups(rows):
    print("\ntop-up of 50 items: coverage at 90 %, width / Wilson(50)")
    groups = {protocol: [] for protocol in PROTOCOLS} | {kind: [] for kind in ODD}
    for row in rows:
        n, m = row["n_top_up"], row["n_items"]
        cases = {row["protocol"]: row, **row.get("odd", {})}
        for name, case in cases.items():
            width = np.diff(case["top_up"]).mean() / sample_width(case["y"], n, m, 0.9).mean()
            groups[name].append((100 * inside(case["y"], case["top_up"]).mean(), width))
    for name, found in groups.items():
        if found:
            print(f"  {name:15s} {np.mean(found, axis=0).round(2)}")


def odd_table(rows):
    rows = [row for row in rows if "odd" in row]
    if not rows:
        return
    print("\nodd models: flagged, p_pattern <= .05, interval covers")
    for kind in ODD:
        cases = [row["odd"][kind] for row in rows]
        found = [
            (np.mean(case["reason"] != "like"), np.mean(case["p_pattern"] <= 0.05),
             np.mean(inside(case["y"], case["bounds"]))) for case in cases
        ]  # fmt: skip
        print(f"  {kind:15s} {(100 * np.mean(found, axis=0)).round(1)}")


def beta_law():
    """Print what small calibration sets promise."""
    print("\ncoverage reached by split conformal at 90 %, over calibration sets: 5 %, mean, 95 %")
    for n in (9, 12, 20, 40, 80, 400):
        errors = np.random.default_rng(0).uniform(-1, 1, size=(500, n))
        reached = [smoothed_quantile(row, 0.9, n_prior=0) for row in errors]
        rank = int(np.ceil((n + 1) * 0.9))
        law = stats.beta(rank, n + 1 - rank)
        seen = np.quantile(reached, [0.05, 0.95])
        print(
            f"  n={n:4d} simulated {seen[0]:.3f} {np.mean(reached):.3f} {seen[1]:.3f}   "
            f"law {law.ppf(0.05):.3f} {law.mean():.3f} {law.ppf(0.95):.3f}"
        )


def report(rows):
    full = [row for row in rows if not row["n_sources"]]
    few = [row for row in rows if row["n_sources"]]
    table(full, ["protocol"], "all panels as they are")
    table(full, ["k", "protocol"], "by number of anchors")
    table(full, ["protocol", "panel"], "by panel")
    table(few, ["n_sources", "protocol"], "by number of sources") if few else None
    for low, high in ((8, 149), (150, 10000)):
        some = [row for row in full if low <= row["n"] <= high]
        table(some, ["protocol"], f"panels of {low} to {high} sources")
    terciles(full)
    flagged(full)
    reliability([row for row in full if row["protocol"] in ("random", "family")], "like")
    reliability([row for row in full if row["protocol"] == "frontier"], "frontier")
    top_ups(full)
    odd_table(full)
    beta_law()


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--panels", nargs="*")
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument("--protocols", nargs="*", default=PROTOCOLS, choices=PROTOCOLS)
    parser.add_argument("--anchors", nargs="*", type=int, default=[20, 50, 100])
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--first-split", type=int, default=0)
    parser.add_argument(
        "--sources", nargs="*", type=int, default=[0], help="numbers of sources; 0 takes all"
    )
    parser.add_argument("--estimator", default="auto", choices=["auto", "sparse-ridge"])
    parser.add_argument("--odd", action="store_true", help="alter models too")
    parser.add_argument("--save", type=Path)
    parser.add_argument("--load", nargs="*", type=Path, default=[])
    return parser.parse_args()


def main():
    args = parse()
    warnings.simplefilter("ignore")
    rows = [row for path in args.load for row in pickle.loads(path.read_bytes())]
    paths = [path for folder in args.folders for path in sorted(folder.glob("*.npz"))]
    for path in paths:
        if (args.panels and path.stem not in args.panels) or path.stem in args.without:
            continue
        data = load(path)
        for seed in range(args.first_split, args.first_split + args.splits):
            for k in args.anchors:
                for protocol in args.protocols:
                    for n in args.sources:
                        row = one(path.stem, data, protocol, k, seed, n, args.estimator, args.odd)
                        rows += [row] if row else []
        if args.save:
            args.save.write_bytes(pickle.dumps(rows))
    report(rows)


if __name__ == "__main__":
    main()
