"""The member sparseeval.json of a predictor's file: everything but the estimator."""

import hashlib
import json
import math
import platform
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval import _version
from sklearn_sparseeval._errors import PredictorError
from sklearn_sparseeval._fingerprint import fingerprint_column
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval.plan._predictor import SavedPredictor
from sklearn_sparseeval.plan.storage._members import DESCRIPTION
from sklearn_sparseeval.score_matrix import ITEM_COLUMNS, ScoreMatrix

if TYPE_CHECKING:
    from pandas import DataFrame

FORMAT = 2  # of format 1 the names were those of private modules, which have moved
OURS = "sklearn-sparseeval"
_LEARN = "scikit-learn"
_OTHERS = (_LEARN, "numpy", "scipy", "skops", "torch")
_NUMBERS = ("weight", "cost")
_HASHES = ("content_hash", "prompt_hash")
_TEXTS = tuple(name for name in ITEM_COLUMNS if name not in (*_NUMBERS, *_HASHES))


class Description(NamedTuple):
    """What the member holds."""

    fields: dict[str, Any]  # of a SavedPredictor, but for the estimator
    check: NDArray[np.float64]  # what it predicted for the check rows when it was saved
    other_version: str | None  # that scikit-learn was of another minor version, if it was


def to_json(
    predictor: SavedPredictor, check: NDArray[np.float64], members: Mapping[str, bytes]
) -> bytes:
    """Write the description.

    Parameters
    ----------
    predictor : SavedPredictor
        What to describe.
    check : ndarray of shape (n_rows, n_targets)
        What it predicts for the check rows.
    members : mapping of str to bytes
        The other members of the file.

    Returns
    -------
    text : bytes
        JSON.
    """
    errors, means = predictor.errors, predictor.item_means
    low, high = predictor.score_range or (None, None)
    described = {
        "format": FORMAT,
        "versions": predictor.versions,
        "created": predictor.created,
        "method": predictor.method,
        "fingerprint": predictor.fingerprint,
        "n_models": predictor.n_models,
        "targets": predictor.targets,
        "best": _numbers(predictor.best),
        "score_range": None if low is None else [low, high],
        "observed_range": list(predictor.observed_range),
        "errors": None
        if errors is None
        else {
            "models": [str(name) for name in errors.index],
            "values": [_numbers(row) for row in errors.to_numpy(dtype=np.float64)],
        },
        "items": _items_to_json(predictor.items),
        "item_means": None if means is None else means.tolist(),
        "check": check.tolist(),
        "members": digests(members),
    }
    return json.dumps(described, allow_nan=False).encode()


def digests(members: Mapping[str, bytes]) -> dict[str, str]:
    """Compute SHA-256 of the members that hold the estimator.

    Parameters
    ----------
    members : mapping of str to bytes
        All members; the description itself is left out.

    Returns
    -------
    digests : dict of str to str
        By name, as hexadecimal digits.
    """
    return {
        name: hashlib.sha256(content).hexdigest()
        for name, content in members.items()
        if name != DESCRIPTION
    }


def from_json(path: Path, members: Mapping[str, bytes]) -> Description:
    """Read the description, and check that this version can use the file.

    Parameters
    ----------
    path : Path
        The file, for messages.
    members : mapping of str to bytes
        All members of the file.

    Returns
    -------
    description : Description
        What it says.

    Raises
    ------
    PredictorError
        If it is damaged, of another version, or the other members are not those it was written
        with.
    """
    try:
        described = json.loads(members[DESCRIPTION])
        _check_format(path, described["format"], described["versions"])
        check_versions(path, described["versions"])
        fields = _fields(described)
        check = np.array(described["check"], dtype=np.float64)
        other_version = other_scikit_learn(fields["versions"])
        intact = digests(members) == described["members"]
    except PredictorError:
        raise
    except Exception as error:  # a foreign file: anything may be anything
        raise PredictorError(
            f"{path} is damaged: its {DESCRIPTION} is not as expected ({type(error).__name__}: "
            f"{error}). Copy it again, or make it anew."
        ) from error
    if not intact:
        raise PredictorError(
            f"{path} is damaged: its estimator is not the one it was saved with. Copy it again, "
            "or make it anew."
        )
    return Description(fields, check, other_version)


def _check_format(path: Path, found: Any, versions: dict[str, str]) -> None:
    if not isinstance(found, int) or found < 1:
        raise ValueError(f"format is {found!r}")
    if found < FORMAT:
        raise PredictorError(
            f"{path} was saved by {OURS} {versions[OURS]} in the old format {found}, which this "
            "version no longer reads. Fit and save it again."
        )
    if found > FORMAT:
        raise PredictorError(
            f"{path} was saved by {OURS} {versions[OURS]} in format {found}; this version reads "
            f"format {FORMAT}. Update: pip install --upgrade {OURS}."
        )


def _fields(described: dict[str, Any]) -> dict[str, Any]:
    pd = import_pandas()
    targets = [_text(name) for name in described["targets"]]
    errors = described["errors"]
    n_models, bounds = described["n_models"], described["score_range"]
    if len(set(targets)) < len(targets) or not targets:
        raise ValueError(f"targets are {targets}")
    if type(n_models) is not int or n_models < 1:
        raise ValueError(f"n_models is {n_models!r}")
    if errors is not None:
        values = np.array(errors["values"], dtype=np.float64).reshape(-1, len(targets))
        errors = pd.DataFrame(values, [_text(name) for name in errors["models"]], targets)
    best = np.array(described["best"], dtype=np.float64)
    items = _items_from_json(described["items"])
    means = described["item_means"]
    if means is not None:
        means = np.array(means, dtype=np.float64)
        if means.shape != (len(items),) or not np.isfinite(means).all():
            raise ValueError("item_means is not one number per item")
    return {
        "items": items,
        "targets": targets,
        "score_range": None if bounds is None else _range(bounds),
        "observed_range": _range(described["observed_range"]),
        "best": pd.Series(best, targets, name="best"),
        "n_models": n_models,
        "errors": errors,
        "method": _text(described["method"]),
        "versions": {_text(k): _text(v) for k, v in described["versions"].items()},
        "fingerprint": _text(described["fingerprint"]),
        "created": _text(described["created"]),
        "item_means": means,
    }


def _items_to_json(items: "DataFrame") -> dict[str, Any]:
    known: dict[str, Any] = {"name": [str(name) for name in items.index]}
    known |= {name: [str(text) for text in items[name]] for name in _TEXTS}
    known |= {name: _numbers(items[name]) for name in _NUMBERS}
    for name in _HASHES:
        column = fingerprint_column(items[name])
        known[name] = [
            None if one is None else int(one) for one in column.to_numpy(object, na_value=None)
        ]
    return known


def _items_from_json(items: dict[str, Any]) -> "DataFrame":
    pd = import_pandas()
    names = pd.Index([_text(name) for name in items["name"]], name="name")
    if not names.is_unique:
        raise ValueError("two items have one name")
    known: dict[str, Any] = {name: [_text(text) for text in items[name]] for name in _TEXTS}
    known |= {name: np.array(items[name], dtype=np.float64) for name in _NUMBERS}
    known |= {name: fingerprint_column(items[name]) for name in _HASHES}
    return cast("DataFrame", pd.DataFrame(known, index=names)[list(ITEM_COLUMNS)])


def _numbers(values: Any) -> list[float | None]:
    """Convert numbers for JSON, which has no NaN."""
    return [None if math.isnan(one) else float(one) for one in values]


def _range(bounds: Any) -> tuple[float, float]:
    low, high = (float(bound) for bound in bounds)
    if not -math.inf < low <= high < math.inf:
        raise ValueError(f"[{low}, {high}] is not a range")
    return low, high


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{type(value).__name__} where a text was expected")
    return value


def matrix_fingerprint(matrix: ScoreMatrix) -> str:
    """Compute the fingerprint of a score matrix.

    Parameters
    ----------
    matrix : ScoreMatrix
        Its scores, names of models, names of items and weights count; what else is known of the
        items does not.

    Returns
    -------
    fingerprint : str
        SHA-256, as 64 hexadecimal digits; the same on every machine.
    """
    digest = hashlib.sha256()
    for names in (matrix.data.index, matrix.data.columns):
        digest.update(json.dumps([str(name) for name in names]).encode())
    for values in (matrix.data.to_numpy(), matrix.items["weight"].to_numpy()):
        digest.update(_bytes_of(np.asarray(values, dtype=np.float64)))
    return digest.hexdigest()


def _bytes_of(values: NDArray[np.float64]) -> bytes:
    """Return little-endian bytes that equal values share: NaN and zero have several forms."""
    return np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8").tobytes()


def installed_versions() -> dict[str, str]:
    """List the versions that a prediction depends on.

    Returns
    -------
    versions : dict of str to str
        By name of the distribution.
    """
    ours = {OURS: _version.__version__, "python": platform.python_version()}
    found = {name: _installed(name) for name in _OTHERS}
    return ours | {name: number for name, number in found.items() if number is not None}


@cache
def _installed(name: str) -> str | None:
    """Look a version up once: its file is searched for among those of all packages."""
    try:
        return version(name)
    except PackageNotFoundError:  # skops, without which there are no files
        return None


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
        raise ValueError(f"{text!r} is not a version")
    return int(found[1]), int(found[2])
