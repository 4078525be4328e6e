"""Which models are relatives: families that were given, or that their names tell."""

from collections.abc import Sequence


def find_families(
    models: Sequence[str], given: Sequence[str] | None = None
) -> tuple[list[str] | None, str]:
    """Find the families of models: those given, or what the names begin with.

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
    families = [name.rpartition("/")[0] for name in models]
    # One prefix for all is a folder or a provider, as a path is that begins with / or a dot.
    if all(families) and len(set(families)) > 1 and not any(name[0] in "/." for name in families):
        return families, f"{len(set(families))}, the part of the names before the last '/'"
    return None, "the file names none: a column 'family' would hold fine-tunes out together"
