"""Store what every method predicts and what is read of logs; later, check that it is the same.

python docs/benchmarks/same_numbers.py store FILE.npz --logs FOLDER ...
python docs/benchmarks/same_numbers.py check FILE.npz --logs FOLDER ...

A move of code must not change a bit: `check` prints each method and folder, and exits 1 if any
differs. Needs no other data than what ships, but for the logs.
"""

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from sklearn_sparseeval import get_methods
from sklearn_sparseeval.datasets import load_helm_lite, load_open_llm
from sklearn_sparseeval.harness import read_results, to_score_matrix

N_ANCHORS = 20
SEED = 0


def predictions():
    """Yield a name and the predictions of a quarter of the models, by each method."""
    for data in (load_helm_lite(task="gsm"), load_open_llm(task="arc_challenge")):
        X, y = data.data, data.target
        order = np.random.default_rng(SEED).permutation(len(X))
        n_sources = 3 * len(X) // 4
        sources, targets = order[:n_sources], order[n_sources:]
        for name, method in get_methods().items():
            estimator = method(n_anchors=N_ANCHORS)
            unset = [
                key
                for key, value in estimator.get_params().items()
                if key.rsplit("__", 1)[-1] == "random_state" and value is None
            ]
            estimator.set_params(**dict.fromkeys(unset, SEED))
            with threadpool_limits(1):
                estimator.fit(X[sources], y[sources])
                yield f"{X.shape[1]} items, {name}", estimator.predict(X[targets])


def cells(folders):
    """Yield the cells of each folder of logs, by task, metric and filter; or why there are none."""
    for folder in folders:
        results = read_results(folder)
        choices = results[["task", "metric", "filter"]].drop_duplicates().astype(str)
        for task, metric, name in sorted(choices.itertuples(index=False, name=None)):
            what = f"{folder.name}, {task}, {metric}, {name}"
            try:
                matrix = to_score_matrix(
                    results, tasks=task, metric=metric, filter=name, mixed_settings="warn"
                )
            except ValueError as error:
                yield what, np.array(type(error).__name__)
                continue
            yield what, matrix.data.to_numpy()
            yield f"{what}, names", np.array([*matrix.data.index, *matrix.data.columns])


def main():
    """Store or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["store", "check"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--logs", type=Path, nargs="*", default=[])
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    found = dict([*cells(arguments.logs), *predictions()])
    if arguments.command == "store":
        np.savez_compressed(arguments.file, **found)
        return 0
    stored = np.load(arguments.file)
    names = sorted({*found, *stored.files})
    same = {
        name: name in found
        and name in stored.files
        and np.array_equal(found[name], stored[name], equal_nan=found[name].dtype.kind == "f")
        for name in names
    }
    for name in names:
        print(f"{'same' if same[name] else 'DIFFERENT'}  {name}")
    print(f"{sum(same.values())} of {len(same)} the same, to the last bit")
    return 0 if all(same.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
