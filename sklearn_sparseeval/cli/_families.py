"""Which models are relatives: families that were given, or that their names tell."""

from collections.abc import Sequence


def find_families(
    models: Sequence[str], given: Sequence[str] | None = None
) -> tuple[list[str] | None, str]:
    """Find the families of models: those given, or the organisations in the names.

    Parameters
    ----------
    models : sequence of str
        Names of the models.
    given : sequence of str, default=None
        Family of each model, where the user named them.

    Returns
    -------
    families : list of str or None
        Family of each model; None where nothing tells.
    source : str
        How many there are and where they are from, for people.
    """
    if given is not None:
        return list(given), f"{len(set(given))} as given"
    if all("/" in name for name in models):
        families = [name.split("/")[0] for name in models]
        return families, f"{len(set(families))}, the part of the names before '/'"
    return None, "the file names none: a column 'family' would hold fine-tunes out together"
