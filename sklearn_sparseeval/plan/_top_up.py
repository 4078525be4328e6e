"""Top-ups of a plan: random samples of further items, recorded so that their results are known."""

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._notes import Note, NotedWarning
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval.harness import verify_anchor_run

if TYPE_CHECKING:
    from pandas import DataFrame, Series

    from sklearn_sparseeval.plan._predictor import SavedPredictor


def draw_top_up(
    saved: "SavedPredictor", plan: dict[str, Any], n_items: int, random_state: int
) -> "DataFrame":
    """Draw further items, and record them in the plan.

    Parameters
    ----------
    saved : SavedPredictor
        The plan's predictor.
    plan : dict
        What the plan is, as plain values; its ``top_ups`` grow.
    n_items : int
        How many items.
    random_state : int
        Of the draw.

    Returns
    -------
    items : pandas.DataFrame of shape (n_items, n_columns)
        Rows of the plan's items.
    """
    number: Any = n_items  # whatever the user gave
    whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
    if not whole or n_items < 2:
        raise ValueError(f"n_items={n_items!r}; expected a whole number of items, at least 2.")
    seed: Any = random_state
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise ValueError(f"random_state={random_state!r}; expected a number from 0 to 2**32 - 1.")
    weights = saved.draw_top_up(int(n_items), int(random_state))
    drawn = {
        "seed": int(random_state),
        "items": [str(name) for name in weights.index],
        "weights": weights.to_list(),
    }
    known = plan.setdefault("top_ups", [])
    if drawn not in known:
        known.append(drawn)
    items: DataFrame = saved.items.loc[weights.index]
    return items


def top_up_results(
    saved: "SavedPredictor", plan: dict[str, Any], table: "DataFrame", models: list[str]
) -> "list[tuple[Series[float], DataFrame]]":
    """Find the results of models on the top-ups that the plan knows.

    Parameters
    ----------
    saved : SavedPredictor
        The plan's predictor.
    plan : dict
        What the plan is, as plain values.
    table : pandas.DataFrame
        The long table of all results.
    models : list of str
        The models that need them.

    Returns
    -------
    found : list of (pandas.Series, pandas.DataFrame)
        Weights of the items, and the results of the models that have all of them; each model with
        the largest of its top-ups alone.

    Warns
    -----
    NotedWarning
        Of models that have a part of a top-up, or results that are not of its items.
    """
    pd = import_pandas()
    found, done, part = [], set(), []
    for drawn in sorted(plan.get("top_ups", []), key=lambda one: -len(one["items"])):
        weights = pd.Series(drawn["weights"], drawn["items"], dtype=np.float64)
        left = [model for model in models if model not in done]
        own = table[table["model"].astype(str).isin(left)]
        if not len(own):
            continue
        report = verify_anchor_run(own, saved.items.loc[weights.index], items=saved.items)
        rows = report.scores
        have = rows.notna().sum(axis=1)
        bad = rows.index.isin(report.models_with_problems) | (have < len(weights))
        part += [model for model in rows.index[bad] if have[model] > 0]
        if not bad.all():
            found.append((weights, rows[~bad]))
            done |= set(rows.index[~bad])
    part = [model for model in dict.fromkeys(part) if model not in done]
    if part:
        _warn_of_part(part)
    return found


def _warn_of_part(models: list[str]) -> None:
    text = (
        f"{listing(models)}: some results of the top-up are missing or do not fit, so it was not "
        "used. Run all of its items, and give all results together."
    )
    where = models[0] if len(models) == 1 else ""
    note = Note("top-up-incomplete", text, where=where, count=len(models))
    warnings.warn(NotedWarning(note), stacklevel=6)


def check_top_ups(top_ups: list[Any], anchors: list[str]) -> None:
    """Check the draws that were read from a file.

    Parameters
    ----------
    top_ups : list
        What the plan knows of them.
    anchors : list of str
        Names of the anchors.

    Raises
    ------
    ValueError
        If one is not a list of items with a weight each, none of them an anchor.
    """
    for number, drawn in enumerate(top_ups):
        items, weights = drawn["items"], drawn["weights"]
        fits = len(items) == len(weights) > 1 and all(isinstance(one, str) for one in items)
        fits = fits and len({*items, *anchors}) == len(items) + len(anchors)
        numbers = all(isinstance(one, int | float) and one > 0 for one in weights)
        if not (fits and numbers and math.isclose(sum(weights), 1, rel_tol=1e-6)):
            raise ValueError(
                f"top_ups[{number}] is not a list of items that are no anchors, with weights"
            )
