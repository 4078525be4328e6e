"""Versions: which were there when a predictor was saved, and whether these can use it."""

import platform
import re
from importlib.metadata import version
from pathlib import Path

from sklearn_sparseeval._errors import PredictorError
from sklearn_sparseeval._version import __version__

OURS = "sklearn-sparseeval"
_LEARN = "scikit-learn"
_OTHERS = (_LEARN, "numpy", "scipy", "skops", "torch")


def installed_versions() -> dict[str, str]:
    """List the versions that a prediction depends on.

    Returns
    -------
    versions : dict of str to str
        By name of the distribution.
    """
    ours = {OURS: __version__, "python": platform.python_version()}
    return ours | {name: version(name) for name in _OTHERS}


def check_versions(path: Path, saved: dict[str, str]) -> None:
    """Check that the installed versions can use a predictor.

    Parameters
    ----------
    path : Path
        Its file, for the message.
    saved : dict of str to str
        The versions it was saved under.

    Raises
    ------
    PredictorError
        If it was saved by another release series of this package: by a newer one, or by one
        whose fitted estimators look different. A series is 0.1, 0.2 and so on, and all of 1.
    """
    here = installed_versions()
    then, now = _release(saved[OURS]), _release(here[OURS])
    newer = then > now
    same_series = then[0] == now[0] and (now[0] > 0 or then[1] == now[1])
    if newer or not same_series:
        advice = (
            f"Update: pip install --upgrade '{OURS}>={saved[OURS]}'."
            if newer
            else f"Fit and save it again, or pip install '{OURS}=={saved[OURS]}'."
        )
        raise PredictorError(
            f"{path} was saved by {OURS} {saved[OURS]}, and this is {here[OURS]}, which cannot use "
            f"it. {advice}"
        )


def other_scikit_learn(saved: dict[str, str]) -> str | None:
    """Say that scikit-learn is of another minor version, if it is.

    Parameters
    ----------
    saved : dict of str to str
        The versions that a predictor was saved under.

    Returns
    -------
    difference : str or None
        Both versions, as the end of a sentence.
    """
    here = installed_versions()[_LEARN]
    if _release(saved[_LEARN]) == _release(here):
        return None
    return f"under {_LEARN} {saved[_LEARN]}, and this is {here}"


def _release(text: str) -> tuple[int, int]:
    found = re.match(r"(\d{1,9})\.(\d{1,9})(?!\d)", text)
    if found is None:
        raise ValueError(f"{text!r} is no version")
    return int(found[1]), int(found[2])
