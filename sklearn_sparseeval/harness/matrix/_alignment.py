"""Which models and items make the matrix, where models were evaluated on different items."""

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import ResultsError, warn
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.harness.matrix._epochs import Cells


def models_to_keep(
    cells: Cells, models: list[str], n_items: int, min_coverage: float | None
) -> NDArray[np.bool_]:
    """Leave out models without a score, and those with too few.

    Parameters
    ----------
    cells : Cells
        The recorded scores.
    models : list of str
        Names of the models.
    n_items : int
        Number of items, scored or not.
    min_coverage : float or None
        The least share of the items that any model has a score on.

    Returns
    -------
    keep : ndarray of shape (n_models,)
        Which of the models to keep.

    Raises
    ------
    ResultsError
        If none is left.

    Warns
    -----
    ResultsWarning
        If some are left out.
    """
    scored = ~np.isnan(cells.value)
    n_scored = np.bincount(cells.model[scored], minlength=len(models))
    n_known = int(np.count_nonzero(np.bincount(cells.item[scored], minlength=n_items)))
    if not n_known:
        raise ResultsError(
            "None of the chosen results is a score: all of them are NaN. Choose another metric or "
            "other tasks."
        )
    keep = n_scored > 0
    if not keep.all():
        without = _names(models, ~keep)
        warn(
            Note(
                "models-left-out",
                f"{len(without)} of {len(models)} models were left out, since they have no score "
                "on "
                f"the chosen tasks: {listing(without)}.",
                count=len(without),
            )
        )
    if min_coverage is not None:
        keep &= _is_covered(n_scored, n_known, models, keep, min_coverage)
    return keep


def items_to_keep(
    cells: Cells, models: list[str], names: list[str], tasks: list[str], alignment: str
) -> NDArray[np.bool_]:
    """Leave out items that some of the models, or all of them, have no score on.

    Parameters
    ----------
    cells : Cells
        The recorded scores of the models that are kept.
    models : list of str
        Their names.
    names : list of str
        Names of the items.
    tasks : list of str
        Task of each item.
    alignment : {"common", "all"}
        "common" keeps the items that all models have a score on; "all" those that any has.

    Returns
    -------
    keep : ndarray of shape (n_items,)
        Which of the items to keep.

    Raises
    ------
    ResultsError
        If none is left.

    Warns
    -----
    ResultsWarning
        If some are left out.
    """
    scored = ~np.isnan(cells.value)
    n_models_of = np.bincount(cells.item[scored], minlength=len(tasks))
    known = n_models_of > 0
    if not known.all():
        warn(
            Note(
                "items-left-out",
                f"{np.count_nonzero(~known)} of {len(names)} items were left out, since no model "
                "has "
                f"a score on them: {listing(_names(names, ~known))}.",
                count=int(np.count_nonzero(~known)),
            )
        )
    if alignment == "all":
        return known
    common: NDArray[np.bool_] = n_models_of == len(models)
    n_lost = int(np.count_nonzero(known & ~common))
    if n_lost:
        n_scored = np.bincount(cells.model[scored], minlength=len(models))
        lacking = _lacking(n_scored, int(np.count_nonzero(known)), models)
        if not common.any():
            raise _none_left(n_lost, lacking, len(models))
        lost_tasks = sorted(set(_names(tasks, known)) - set(_names(tasks, common)))
        whole = f" All items of {listing(lost_tasks)} are among them." if lost_tasks else ""
        warn(
            Note(
                "items-not-common",
                f"{n_lost} of {np.count_nonzero(known)} items were left out, since not all models "
                "have "
                f"a score on them: {lacking}.{whole} {_ADVICE}",
                count=n_lost,
            )
        )
    return common


_ADVICE = (
    "To leave out models that lack many items instead, pass min_coverage=0.9 "
    "(--min-coverage 0.9); to keep all items, alignment='all' (--alignment all)."
)


def _names(names: list[str], keep: NDArray[np.bool_]) -> list[str]:
    return [name for name, kept in zip(names, keep.tolist(), strict=True) if kept]


def _is_covered(
    n_scored: NDArray[np.int64],
    n_items: int,
    models: list[str],
    candidates: NDArray[np.bool_],
    min_coverage: float,
) -> NDArray[np.bool_]:
    share = n_scored / n_items
    covered: NDArray[np.bool_] = share >= min_coverage
    few = candidates & ~covered
    if not few.any():
        return covered
    if not (candidates & covered).any():
        best = int(np.argmax(share))
        raise ResultsError(
            f"No model has a score on {min_coverage:.4g} of the {n_items} items: {models[best]!r} "
            f"has the most, {n_scored[best]} ({share[best]:.4g}). Lower min_coverage "
            "(--min-coverage), or choose fewer tasks."
        )
    shown = np.flatnonzero(few)[:5]
    named = ", ".join(f"{models[model]!r} ({n_scored[model]})" for model in shown)
    n_few = int(np.count_nonzero(few))
    more = f" and {n_few - 5} more" if n_few > 5 else ""
    warn(
        Note(
            "models-left-out",
            f"{n_few} of {len(models)} models were left out, since they have scores on less than "
            f"{min_coverage:.4g} of the {n_items} items: {named}{more}.",
            count=n_few,
        )
    )
    return covered


def _lacking(n_scored: NDArray[np.int64], n_items: int, models: list[str]) -> str:
    """Name the models that lack the most items."""
    order = np.argsort(n_scored, kind="stable")
    order = order[n_scored[order] < n_items]
    texts = [f"model {models[model]!r} lacks {n_items - n_scored[model]}" for model in order[:3]]
    more = f" and {len(order) - 3} more models lack some" if len(order) > 3 else ""
    return ", ".join(texts) + more


def _none_left(n_items: int, lacking: str, n_models: int) -> ResultsError:
    return ResultsError(
        f"None of the {n_items} items has a score of all {n_models} models: {lacking}. Choose the "
        f"tasks that all models were evaluated on (tasks=, --tasks). {_ADVICE}"
    )
