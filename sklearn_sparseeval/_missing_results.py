"""What is said of results that are missing: who lacks how many, and what each way out costs."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._messages import counted

if TYPE_CHECKING:
    from pandas import DataFrame

_NAMED = 3


def missing_results(missing: "DataFrame") -> tuple[str, str]:
    """Describe missing results.

    Parameters
    ----------
    missing : pandas.DataFrame of shape (n_models, n_items)
        Whether each is missing; at least one is.

    Returns
    -------
    what : str
        Which models lack how many items.
    ways : str
        The ways out, with their prices.
    """
    n_models, n_items = missing.shape
    by_model = missing.sum(axis=1).sort_values(ascending=False, kind="stable")
    by_model = by_model[by_model > 0]
    n_common = int((~missing.any()).sum())
    named = ", ".join(f"{model!r} lacks {n}" for model, n in by_model.iloc[:_NAMED].items())
    more = f", and {len(by_model) - _NAMED} more" if len(by_model) > _NAMED else ""
    what = (
        f"{len(by_model)} of {counted(n_models, 'model')} have no result on some of the "
        f"{counted(n_items, 'item')}: {named}{more}."
    )
    ways = [
        "Their scores would be means over different items. Choose: alignment='common' "
        f"(--alignment common) keeps the {counted(n_common, 'item')} that all models have",
        "alignment='all' (--alignment all) scores every model by what it has",
    ]
    worst = _worst(missing, list(by_model.index))
    if worst:
        n_left = n_models - len(worst)
        kept = int((~missing.drop(index=worst).any()).sum())
        ways.append(
            f"or leave out {len(worst)} of the {n_models} models, those that lack most ("
            f"{', '.join(map(repr, worst[:_NAMED]))}{', ...' if len(worst) > _NAMED else ''}): "
            f"{counted(n_left, 'model')} with {counted(kept, 'item')} remain"
        )
    return what, "; ".join(ways) + "."


def _worst(missing: "DataFrame", by_need: list[str]) -> list[str]:
    """Return the models whose absence keeps most results: models left times common items."""
    best, worst = missing.shape[0] * int((~missing.any()).sum()), 0
    left = missing.to_numpy()
    place = {name: row for row, name in enumerate(missing.index)}
    lacking = left.sum(axis=0)
    for number, name in enumerate(by_need, start=1):
        lacking = lacking - left[place[name]]
        cells = (missing.shape[0] - number) * int((lacking == 0).sum())
        if cells > best:
            best, worst = cells, number
    return by_need[:worst]
