"""``sparseeval demo``: the main job on real data, start to end."""

import argparse
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._optional import check_installed
from sklearn_sparseeval.cli._arguments import positive, seed
from sklearn_sparseeval.datasets import SHIPPED

if TYPE_CHECKING:
    from sklearn_sparseeval.score_matrix import ScoreMatrix

_ROWS_SHOWN = 20
_RANDOM_DRAWS = 200
_STEP = 0.1  # of the range of the scores: so much better than the history is the best model


def fill_parser(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the command.
    """
    text = (
        "Choose anchors from the results of some language models, predict the scores of others "
        "from the anchors alone, with intervals and a verdict on each, and compare with their real "
        "scores. The other models come from organisations of which no model was used to choose or "
        "fit, and one of them is better than all that were used. Real results that ship with the "
        "package; a few seconds."
    )
    parser.description = text
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
    parser.add_argument(
        "--picture", type=Path, metavar="FILE",
        help="write a picture of the predictions too (png, pdf or svg; needs matplotlib)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Run the demo and print its table.

    Parameters
    ----------
    arguments : argparse.Namespace
        With `dataset`, `n_anchors`, `seed` and `picture`.
    """
    from sklearn_sparseeval.datasets import load_shipped
    from sklearn_sparseeval.plan import make_plan
    from sklearn_sparseeval.score_matrix import OVERALL

    if arguments.picture is not None:
        check_installed("matplotlib", purpose="demo")
    matrix = load_shipped(arguments.dataset)
    n_models, n_items = matrix.data.shape
    if arguments.n_anchors > n_items:
        raise ValueError(
            f"--n-anchors {arguments.n_anchors} is more than the {n_items} items of "
            f"{arguments.dataset}. Choose fewer."
        )
    sources, targets, n_better = _split(matrix, arguments.seed)
    print(
        f"{arguments.dataset}: {n_models} models x {n_items} items.\n"
        f"Fitted on {len(sources.data)} models of {sources.models['family'].nunique()} "
        f"organisations, tested on {len(targets.data)} models of "
        f"{targets.models['family'].nunique()} others. {n_better} models about as good as the best "
        "of those were left out, so that it is new to the history.\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the demo is about the table
        plan = make_plan(sources, n_anchors=arguments.n_anchors, random_state=arguments.seed)
        predictions = plan.predict(targets.data[plan.anchors.index])
    overall = predictions[predictions["target"] == OVERALL].set_index("model")
    table = overall[["score", "low", "high", "like", "reason"]].assign(
        actual=targets.targets[OVERALL]
    )
    _print_models(table.dropna().sort_values("actual", ascending=False, kind="stable"))
    _print_intervals(table.dropna())
    _print_comparison(targets, table, arguments.n_anchors, arguments.seed)
    print(
        f"\nRun for each new model: {arguments.n_anchors} of {n_items} items, "
        f"{arguments.n_anchors / n_items:.1%} of the benchmark."
    )

    if arguments.picture is not None:
        _draw(table.dropna(), f"{arguments.dataset}, {arguments.n_anchors} anchors").savefig(
            arguments.picture
        )
        print(f"The picture is {arguments.picture}.")


def _split(matrix: "ScoreMatrix", seed: int) -> "tuple[ScoreMatrix, ScoreMatrix, int]":
    """Hold organisations out, and leave out the models that would make the best of them usual."""
    from sklearn.model_selection import GroupShuffleSplit

    from sklearn_sparseeval.score_matrix import OVERALL

    split = GroupShuffleSplit(1, test_size=0.25, random_state=seed)
    rows, held_out = next(split.split(matrix.data, groups=matrix.families))
    scores = matrix.targets[OVERALL].to_numpy()
    spread = scores.max() - scores.min()
    weaker = rows[scores[rows] < scores[held_out].max() - _STEP * spread]
    sources, targets = (
        matrix.select(models=matrix.data.index[chosen]) for chosen in (weaker, held_out)
    )
    return sources, targets, len(rows) - len(weaker)


def _draw(table: Any, title: str) -> Any:
    """Draw predictions, intervals and verdicts."""
    from sklearn_sparseeval.displays import ScorePredictionDisplay

    display = ScorePredictionDisplay.from_predictions(
        table["actual"],
        table["score"],
        intervals=table[["low", "high"]],
        like=table["like"].astype(bool),
        title=title,
    )
    return display.plot().figure_


def _print_intervals(table: Any) -> None:
    inside = (table["low"] <= table["actual"]) & (table["actual"] <= table["high"])
    like = table["like"].astype(bool)
    for own, what in ((like, "like the history"), (~like, "unlike the history")):
        if own.any():
            width = (table["high"] - table["low"])[own].mean()
            print(
                f"{'' if own is not like else chr(10)}{own.sum()} models {what}: 90 % intervals "
                f"hold {inside[own].sum()} scores, {100 * width:.1f} points wide on average."
            )


def _print_models(table: Any) -> None:
    shown = table
    if len(table) > _ROWS_SHOWN:  # evenly spaced from best to worst
        last = len(table) - 1
        shown = table.iloc[[round(i * last / (_ROWS_SHOWN - 1)) for i in range(_ROWS_SHOWN)]]
    width = max(len(name) for name in shown.index)
    print(f"{'model':<{width}}  predicted  90 % interval    actual   error  verdict")
    for row in shown.itertuples():
        print(
            f"{row.Index:<{width}}  {row.score:8.1%}  {row.low:6.1%} to {row.high:6.1%}  "
            f"{row.actual:6.1%}  {100 * (row.score - row.actual):+5.1f}  {row.reason}"
        )
    if len(table) > _ROWS_SHOWN:
        print(f"({len(table) - _ROWS_SHOWN} more models, evenly spaced between these, not shown)")


def _print_comparison(targets: "ScoreMatrix", table: Any, n_anchors: int, seed: int) -> None:
    from sklearn_sparseeval.metrics import kendall_tau_score

    actual = table["actual"]
    samples = [
        targets.data.sample(n_anchors, axis=1, random_state=seed + draw).mean(axis=1)
        for draw in range(_RANDOM_DRAWS)
    ]
    rows = {"this plan": [table["score"]], f"mean of {n_anchors} random items": samples}
    print(f"\n{'':<26}  mean absolute error  Kendall's tau")
    for name, predicted in rows.items():
        with warnings.catch_warnings():  # a few items can give all models the same mean: NaN
            warnings.simplefilter("ignore")
            taus = [kendall_tau_score(actual[one.notna()], one.dropna()) for one in predicted]
        errors = [(one - actual).abs().mean() for one in predicted]
        known = [tau for tau in taus if tau == tau]
        error, tau = sum(errors) / len(errors), sum(known) / max(1, len(known))
        print(f"{name:<26}  {100 * error:12.2f} points  {tau:13.3f}")
