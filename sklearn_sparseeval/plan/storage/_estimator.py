"""The estimator of a predictor's file: skops' own members, but for the names of classes."""

import io
import json
import warnings
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning

from sklearn_sparseeval._errors import PredictorError
from sklearn_sparseeval.plan.storage._members import DESCRIPTION, SCHEMA, plain_archive
from sklearn_sparseeval.plan.storage._portable import portable, restored
from sklearn_sparseeval.plan.storage._trusted import (
    refused_types,
    scikit_learn_names,
    with_module_names,
    with_public_names,
)


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
            f"{whose} cannot be saved without pickle ({type(error).__name__}: {error}). "
            f"{_what_can_be_saved()}"
        ) from error
    with zipfile.ZipFile(io.BytesIO(dumped)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members[SCHEMA])
    known = with_public_names(schema)
    refused = refused_types(schema) or _refused_by_skops(dumped, known)
    if refused:
        raise PredictorError(
            f"{whose} cannot be saved: it holds {', '.join(refused)}, which loading would refuse. "
            f"{_what_can_be_saved()}"
        )
    members[SCHEMA] = json.dumps(schema).encode()
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
        If it holds types that cannot be trusted, is of a newer protocol of skops than is
        installed, or is damaged.
    """
    skops = _import_skops()
    try:
        schema = json.loads(members[SCHEMA])
        _check_protocol(path, schema)
        refused = refused_types(schema)
        if not refused:
            known = with_module_names(schema)
            named = members | {SCHEMA: json.dumps(schema).encode()}
            del named[DESCRIPTION]
            archive = plain_archive(named)
            refused = _refused_by_skops(archive, known)
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


def _what_can_be_saved() -> str:
    return (
        "Make it of estimators of this package and these of scikit-learn, without functions of "
        f"your own: {', '.join(scikit_learn_names())}."
    )


def _check_protocol(path: Path, schema: Any) -> None:
    """Check that skops knows the way of writing; skops 0.13 reads any as if it were its own."""
    found, known = schema["protocol"], _known_protocol()
    if type(found) is not int or found < 0:
        raise ValueError(f"protocol is {found!r}")
    if found > known:
        raise PredictorError(
            f"{path} was written in protocol {found} of skops; the skops that is installed reads "
            f"protocols up to {known}. Update: pip install --upgrade skops."
        )


@cache
def _known_protocol() -> int:
    with zipfile.ZipFile(io.BytesIO(_import_skops().dumps(0))) as archive:
        return int(json.loads(archive.read(SCHEMA))["protocol"])


def _refused_by_skops(archive: bytes, known: set[str]) -> list[str]:
    """Ask skops too, after our own list: skops looks at the types, we at how they are loaded."""
    asked = _import_skops().get_untrusted_types(data=archive)
    return [name for name in asked if name not in known and name != "numpy.dtype"]


def _import_skops() -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise PredictorError(
            "Saving and loading predictors needs skops. Install it with "
            "pip install 'sklearn-sparseeval[harness]'."
        ) from error
    return skops.io
