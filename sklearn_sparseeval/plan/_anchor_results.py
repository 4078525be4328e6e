"""Results on a plan's anchors: a harness's, or a score file like the one of the history."""

import argparse
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._score_file import read_scores
from sklearn_sparseeval.cli._reading_arguments import read_given_results
from sklearn_sparseeval.plan._notes import add_note, noted

if TYPE_CHECKING:
    from sklearn_sparseeval.plan import SavedPredictor

_AS_PLANNED = "cover only part of their task"  # what readers say of a run of chosen items


def read_anchor_results(
    saved: "SavedPredictor", arguments: argparse.Namespace, notes: list[str]
) -> Any:
    """Read the results that are to be predicted from.

    Parameters
    ----------
    saved : SavedPredictor
        The predictor, whose items tell which harness they are of.
    arguments : argparse.Namespace
        With `results` and how they are read.
    notes : list of str
        Gets what the reader warned of.

    Returns
    -------
    results : pandas.DataFrame
        The long table.

    Raises
    ------
    ValueError
        If there are no such results.
    """
    warned: list[str] = []
    with noted(warned):
        if saved.items["harness"].any():
            results = read_given_results(arguments)
        else:
            results = _from_score_files(arguments.results, saved)
    for message in warned:
        if _AS_PLANNED not in message:
            add_note(notes, message)
    return results


def _from_score_files(paths: list[str], saved: "SavedPredictor") -> Any:
    """Make a long table of score matrices, as if a harness had written them."""
    import pandas as pd

    parts = []
    for path in paths:
        try:
            table = read_scores(path)
        except ValueError as error:
            raise ValueError(
                f"{error} The plan was made from a score file of no harness, so that results have "
                "to be such a file too, with the anchors among its columns."
            ) from None
        frame = pd.DataFrame(table.scores, index=table.models, columns=table.items)
        frame = frame.rename_axis("model").reset_index()
        part = frame.melt("model", var_name="item", value_name="value")
        parts.append(part.assign(source=path))
    long = pd.concat(parts, ignore_index=True).rename(columns={"item": "name"})
    long = long[long["name"].isin(saved.items.index)]
    if long.empty:
        raise ValueError(
            f"{' '.join(paths)}: none of the columns is an item of the plan, such as "
            f"{saved.anchors.index[0]!r}. Is it of another benchmark?"
        )
    columns = ["task", "item", "metric", "filter"]
    return long.join(saved.items[columns], on="name").drop(columns="name").assign(epoch=1)
