"""``sparseeval demo``: the main job on real data, start to end."""

import argparse
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._score_file import SHIPPED
from sklearn_sparseeval.cli._arguments import positive, seed

Array = NDArray[np.floating]

_ROWS_SHOWN = 20
_RANDOM_DRAWS = 200


def add_parser(commands: Any) -> None:
    """Add the sub-command to the parser of ``sparseeval``.

    Parameters
    ----------
    commands : argparse sub-parsers action
        What ``add_subparsers`` returned.
    """
    text = (
        "Choose anchors from the results of some language models, predict the scores of others "
        "from the anchors alone, and compare with their real scores. The other models come from "
        "organisations of which no model was used to choose or fit. Real results that ship with "
        "the package; a few seconds."
    )
    parser = commands.add_parser(
        "demo", help="predict held-out models on real data", description=text
    )
    parser.add_argument(
        "--dataset", default="open_llm_arc_challenge", choices=list(SHIPPED), metavar="NAME",
        help="one of: %(choices)s (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--n-anchors", type=positive, default=50, metavar="K",
        help="how many items to choose (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="SEED",
        help="which models are held out, and every other draw (default: %(default)s)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Run the demo and print its table.

    Parameters
    ----------
    arguments : argparse.Namespace
        With `dataset`, `n_anchors` and `seed`.
    """
    from sklearn.model_selection import GroupShuffleSplit

    from sklearn_sparseeval import datasets

    loader, options = SHIPPED[arguments.dataset]
    bunch = getattr(datasets, loader)(**options)
    X, y, families = bunch.data, bunch.target, bunch.families
    split = GroupShuffleSplit(1, test_size=0.25, random_state=arguments.seed)
    sources, targets = next(split.split(X, y, groups=families))
    n_items = X.shape[1]
    if arguments.n_anchors > n_items:
        raise ValueError(
            f"--n-anchors {arguments.n_anchors} is more than the {n_items} items of "
            f"{arguments.dataset}. Choose fewer."
        )
    print(
        f"{arguments.dataset}: {len(X)} models x {n_items} items.\n"
        f"Fitted on {len(sources)} models of {len(set(families[sources]))} organisations, tested "
        f"on {len(targets)} models of {len(set(families[targets]))} others.\n"
    )
    pipeline = _make_pipeline(arguments.n_anchors, arguments.seed, np.isnan(X).any())
    pipeline.fit(X[sources], y[sources])
    predicted = pipeline.predict(X[targets])
    _print_models(bunch.model_names[targets], predicted, y[targets])
    _print_comparison(X[targets], y[targets], predicted, arguments.n_anchors, arguments.seed)
    print(
        f"\nRun for each new model: {arguments.n_anchors} of {n_items} items, "
        f"{arguments.n_anchors / n_items:.1%} of the benchmark."
    )


def _make_pipeline(n_anchors: int, seed: int, missing: bool) -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    from sklearn_sparseeval import MLPScoreRegressor, SparseEvalSelector

    selector = SparseEvalSelector(n_anchors, random_state=seed)
    regressor = MLPScoreRegressor(random_state=seed)
    if missing:  # some models were not run on every item
        return make_pipeline(
            selector.set_params(missing_anchors="keep"), SimpleImputer(), regressor
        )
    return make_pipeline(selector, regressor)


def _print_models(names: Any, predicted: Array, actual: Array) -> None:
    order = np.argsort(-actual, kind="stable")
    if len(order) > _ROWS_SHOWN:  # evenly spaced from best to worst
        order = order[np.linspace(0, len(order) - 1, _ROWS_SHOWN).round().astype(int)]
    width = max(len(name) for name in names[order])
    print(f"{'model':<{width}}  predicted  actual   error")
    for row in order:
        print(
            f"{names[row]:<{width}}  {predicted[row]:8.1%}  {actual[row]:6.1%}  "
            f"{100 * (predicted[row] - actual[row]):+5.1f}"
        )
    if len(names) > _ROWS_SHOWN:
        print(f"({len(names) - _ROWS_SHOWN} more models, evenly spaced between these, not shown)")


def _kendall_tau(y: Array, predicted: Array) -> float:
    from sklearn.exceptions import UndefinedMetricWarning

    from sklearn_sparseeval.metrics import kendall_tau_score

    with warnings.catch_warnings():  # a few items can give all models the same mean: NaN
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        return kendall_tau_score(y, predicted)


def _print_comparison(X: Array, y: Array, predicted: Array, n_anchors: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    samples = [
        np.nanmean(X[:, rng.choice(X.shape[1], n_anchors, replace=False)], axis=1)
        for _ in range(_RANDOM_DRAWS)
    ]
    errors = [np.abs(sample - y).mean() for sample in samples]
    taus = [_kendall_tau(y, sample) for sample in samples]
    rows = {
        "SparseEval anchors + MLP": (np.abs(predicted - y).mean(), _kendall_tau(y, predicted)),
        f"mean of {n_anchors} random items": (np.mean(errors), np.nanmean(taus)),
    }
    print(f"\n{'':<26}  mean absolute error  Kendall's tau")
    for name, (error, tau) in rows.items():
        print(f"{name:<26}  {100 * error:12.2f} points  {tau:13.3f}")
