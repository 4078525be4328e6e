"""The estimator of a predictor's file: skops' own members, stored and loaded with a list."""

import io
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning

from sklearn_sparseeval.persistence._members import DESCRIPTION, SCHEMA, plain_archive
from sklearn_sparseeval.persistence._portable import portable, restored
from sklearn_sparseeval.persistence._predictor_error import PredictorError
from sklearn_sparseeval.persistence._trusted_types import is_trusted_class, refused_types


def store_estimator(estimator: Any, method: str) -> dict[str, bytes]:
    """Write an estimator as members of a zip file.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator.
    method : str
        Its name, for messages; may be empty.

    Returns
    -------
    members : dict of str to bytes
        Content by name.

    Raises
    ------
    PredictorError
        If it holds something that cannot be stored, or that loading would refuse.
    """
    skops = _import_skops()
    whose = f"The method {method!r}" if method else f"The {type(estimator).__name__}"
    try:
        dumped = skops.dumps(portable(estimator))
    except Exception as error:  # skops raises many types, for what it cannot take apart
        raise PredictorError(
            f"{whose} cannot be saved without pickle ({type(error).__name__}: {error}). Make it of "
            "estimators of this package and of scikit-learn."
        ) from error
    with zipfile.ZipFile(io.BytesIO(dumped)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    refused = _refused(dumped, members[SCHEMA])
    if refused:
        raise PredictorError(
            f"{whose} cannot be saved: it holds {', '.join(refused)}, which loading would refuse. "
            "Make it of estimators of this package and of scikit-learn, without functions of your "
            "own."
        )
    return members


def load_estimator(path: Path, members: dict[str, bytes], method: str) -> Any:
    """Make the estimator, if all that it is made of can be trusted.

    Parameters
    ----------
    path : Path
        The file, for messages.
    members : dict of str to bytes
        All its members.
    method : str
        Name of the method, for messages.

    Returns
    -------
    estimator : object
        What was stored.

    Raises
    ------
    PredictorError
        If it holds types that cannot be trusted, or is damaged.
    """
    skops = _import_skops()
    try:
        archive = plain_archive({k: v for k, v in members.items() if k != DESCRIPTION})
        refused = _refused(archive, members[SCHEMA])
        if refused:
            raise PredictorError(
                f"{path} is not to be trusted: it holds {', '.join(refused)}, which no predictor "
                "does. Nothing of it was loaded."
            )
        trusted = skops.get_untrusted_types(data=archive)  # all of them are on our list
        with warnings.catch_warnings():  # versions are compared once, not by each estimator
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            return restored(skops.loads(archive, trusted=trusted))
    except PredictorError:
        raise
    except Exception as error:  # a foreign file: anything may be anything
        raise PredictorError(
            f"{path} is damaged: its estimator, by the method {method!r}, cannot be loaded "
            f"({type(error).__name__}: {error}). Copy it again, or make it anew."
        ) from error


def _refused(archive: bytes, schema: bytes) -> list[str]:
    """Ask our own list first: skops looks at the types, we at how they are loaded too."""
    refused = refused_types(json.loads(schema))
    if refused:
        return refused
    asked = _import_skops().get_untrusted_types(data=archive)
    return [name for name in asked if not is_trusted_class(name)]


def _import_skops() -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise PredictorError(
            "Saving and loading predictors needs skops. Install it with "
            "pip install 'sklearn-sparseeval[harness]'."
        ) from error
    return skops.io
