"""Saving a fitted predictor to one file, and loading it without risk."""

import os
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_sparseeval._errors import PredictorError
from sklearn_sparseeval._files import write_whole
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval._sklearn import HasMethods, check_parameters
from sklearn_sparseeval.comparison._budget import anchors_of, only_items
from sklearn_sparseeval.intervals import AnchoredIntervalRegressor
from sklearn_sparseeval.numerics.missing import item_means
from sklearn_sparseeval.plan._predictor import SavedPredictor
from sklearn_sparseeval.plan.storage._description import (
    from_json,
    installed_versions,
    matrix_fingerprint,
    to_json,
)
from sklearn_sparseeval.plan.storage._estimator import load_estimator, store_estimator
from sklearn_sparseeval.plan.storage._fits_matrix import check_fits_matrix
from sklearn_sparseeval.plan.storage._members import DESCRIPTION, pack, read_members
from sklearn_sparseeval.score_matrix import ITEM_COLUMNS, ScoreMatrix

if TYPE_CHECKING:
    from pandas import DataFrame

PathLike = str | os.PathLike[str]

_DIVISORS = (2, 3, 5)  # row r has low results on the items whose number r's divisor divides
# Of the scores' range: another processor rounds differently, in float32 at the sixth digit.
_TOLERANCE = 1e-5


@check_parameters(
    path=[str, os.PathLike],
    estimator=[HasMethods(["fit", "predict"])],
    matrix=[ScoreMatrix],
    errors=[HasMethods(["itertuples"]), None],
    method=[str],
    score_range=[tuple, list, None],
)
def save_predictor(
    path: PathLike,
    estimator: Any,
    matrix: ScoreMatrix,
    *,
    errors: "DataFrame | None" = None,
    method: str = "",
    score_range: tuple[float, float] | None = None,
) -> None:
    """Save a fitted predictor, with the items it is about, to one file.

    Parameters
    ----------
    path : path-like
        The file, by custom with the suffix .skops. One that is there is replaced, once the new
        one is complete.
    estimator : estimator
        A fitted estimator that chooses items: an :class:`~sklearn_sparseeval.AnchoredRegressor`,
        a pipeline with a selector, or the `best_estimator_` of a search over one. It may be made
        of all estimators of this package, and of scikit-learn's `Pipeline`, `SimpleImputer`,
        `SelectKBest` (with `f_regression`), `PCA`, `Ridge`, `RidgeCV`, `SVR`,
        `KNeighborsRegressor`, `DecisionTreeRegressor`, `RandomForestRegressor` and
        `MultiOutputRegressor`. Methods that choose anchors for each model, such as tailoredbench,
        cannot be saved.
    matrix : ScoreMatrix
        What it was fitted on: ``matrix.data``, and as `y` ``matrix.targets`` or its first column,
        "overall".
    errors : pandas.DataFrame of shape (n_models, n_targets), default=None
        Prediction minus score of models of the history, each predicted by a fit without it;
        columns are targets. NaN = not known.
    method : str, default=""
        Name of the method, to be shown.
    score_range : tuple of (float, float), default=None
        Smallest and largest possible score, to which predictions will be clipped.

    Raises
    ------
    PredictorError
        If the estimator does not fit the matrix, which its predictions of the matrix's own models
        tell too, chooses anchors for each model, or holds something that cannot be stored without
        pickle or loaded without risk; it names the method and the type.
    ImportError
        If skops is not installed.

    See Also
    --------
    load_predictor : Loads the file.

    Notes
    -----
    The file is a zip file as skops writes it, with a member ``sparseeval.json`` beside, but for
    one thing: it holds the public names of classes, not those of the modules behind them, which
    may move. Whoever has it sees the names and the results that the estimator keeps of the
    history: regressions keep a few sums, imputers and nearest neighbours the whole matrix.
    Callbacks, caches, and of networks the optimiser and the history of training stay behind;
    networks are loaded onto the CPU.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_sparseeval.methods import get_methods
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> from sklearn_sparseeval import ScoreMatrix
    >>> from sklearn_sparseeval.plan import load_predictor, save_predictor
    >>> matrix = ScoreMatrix.from_frame(load_helm_lite(task="commonsense", as_frame=True).data)
    >>> model = get_methods()["sparse-ridge"](n_anchors=20)
    >>> model = model.fit(matrix.data, matrix.targets["overall"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "commonsense.skops")
    ...     save_predictor(path, model, matrix, method="sparse-ridge", score_range=(0, 1))
    ...     predictor = load_predictor(path)
    >>> predictor
    SavedPredictor(method='sparse-ridge', n_anchors=20, n_items=..., targets=['overall'])
    >>> results = matrix.data.iloc[:2][predictor.anchors.index]  # of a new model, in real life
    >>> predictor.predict(results).shape
    (2, 1)
    """
    predictor = describe_predictor(
        estimator, matrix, errors=errors, method=method, score_range=score_range
    )
    content = _packed(Path(path), predictor)
    check_fits_matrix(predictor, matrix)
    write_whole(Path(path), content)


def describe_predictor(
    estimator: Any,
    matrix: ScoreMatrix,
    *,
    errors: "DataFrame | None" = None,
    method: str = "",
    score_range: tuple[float, float] | None = None,
) -> SavedPredictor:
    """Put a fitted estimator together with what is needed to use it; as :func:`save_predictor`.

    Parameters
    ----------
    estimator : estimator
        As :func:`save_predictor` takes it, and so the others.
    matrix : ScoreMatrix
        What it was fitted on.
    errors : pandas.DataFrame, default=None
        Prediction minus score.
    method : str, default=""
        Name of the method.
    score_range : tuple of (float, float), default=None
        Smallest and largest possible score.

    Returns
    -------
    predictor : SavedPredictor
        What :func:`load_predictor` would return of its file.
    """
    _check_fitted_on(estimator, matrix)
    low, high = _observed_range(matrix)
    check = predictions_for_check(estimator, len(matrix.items), (low, high))
    targets = _targets(check.shape[1], matrix)
    return SavedPredictor(
        estimator=estimator,
        items=matrix.items[list(ITEM_COLUMNS)],
        targets=targets,
        score_range=_checked_range(score_range),
        observed_range=(low, high),
        best=matrix.targets[targets].max(),
        n_models=len(matrix.data),
        errors=_checked_errors(errors, targets),
        method=method,
        versions=installed_versions(),
        fingerprint=matrix_fingerprint(matrix),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        item_means=_needed_means(estimator, matrix),
    )


def write_predictor(path: Path, predictor: SavedPredictor) -> None:
    """Write a predictor to a file.

    Parameters
    ----------
    path : Path
        The file.
    predictor : SavedPredictor
        What to write.
    """
    write_whole(path, _packed(path, predictor))


def _packed(path: Path, predictor: SavedPredictor) -> Any:
    """Return what the file is to hold; an estimator that cannot be stored is refused."""
    estimator = predictor.estimator
    check = numbers_for_check(estimator, len(predictor.items), predictor.observed_range)
    members = store_estimator(estimator, predictor.method)
    members[DESCRIPTION] = to_json(predictor, check, members)
    return pack(members, path)


@check_parameters(path=[str, os.PathLike], matrix=[ScoreMatrix, None])
def load_predictor(path: PathLike, *, matrix: ScoreMatrix | None = None) -> SavedPredictor:
    """Load a predictor that `save_predictor` wrote.

    Parameters
    ----------
    path : path-like
        The file.
    matrix : ScoreMatrix, default=None
        Where it is given, the predictor must have been fitted on it.

    Returns
    -------
    predictor : SavedPredictor
        Predicts as the estimator did that was saved.

    Raises
    ------
    PredictorError
        If the file is not a predictor's, is damaged, was saved by another version, holds types
        that are not to be trusted, no longer predicts what it did, or is for another matrix.
    ImportError
        If skops is not installed.

    Warns
    -----
    UserWarning
        If it was saved under another minor version of scikit-learn.

    See Also
    --------
    save_predictor : Writes the file.

    Notes
    -----
    A file of someone else's is safe to load: nothing is unpickled, and of what the file names
    only estimators of this package and some of scikit-learn are made, the classes behind them,
    arrays, numbers and texts. Arrays that compiled code would trust, those of decision trees,
    nearest neighbours, support vectors and networks, are checked first. A file can still hold a
    predictor that predicts nonsense.

    With the estimator the file holds what it predicted when it was saved, for rows made up for
    the purpose; it is loaded only if it still does.

    Examples
    --------
    See :func:`save_predictor`.
    """
    path = Path(path)
    members = read_members(path)
    fields, check, other_version = from_json(path, members)
    if matrix is not None:
        _check_same_matrix(path, fields, matrix)
    estimator = load_estimator(path, members, fields["method"])
    check_predictions(path, estimator, fields, check, other_version)
    if other_version is not None:
        warnings.warn(
            f"{path} was saved {other_version}. On the rows that the file carries for this "
            "purpose it predicts the same as before; to be sure, fit and save it again.",
            UserWarning,
            stacklevel=2,
        )
    return SavedPredictor(estimator=estimator, **fields)


def _check_fitted_on(estimator: Any, matrix: ScoreMatrix) -> None:
    kind = type(estimator).__name__
    if hasattr(estimator, "best_estimator_"):
        raise PredictorError(
            f"The estimator is a {kind}, a search; expected what it found: save best_estimator_."
        )
    if not hasattr(estimator, "n_features_in_"):
        raise PredictorError(
            f"The estimator, a {kind}, does not say with n_features_in_ on how many items it was "
            "fitted; expected a fitted AnchoredRegressor, or a fitted pipeline with a selector."
        )
    n_items = len(matrix.items)
    if estimator.n_features_in_ != n_items:
        raise PredictorError(
            f"The {kind} was fitted on {estimator.n_features_in_} items, and matrix has {n_items}; "
            "expected the matrix that it was fitted on."
        )
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None and list(names) != list(matrix.items.index):
        raise PredictorError(
            f"The items that the {kind} was fitted on have other names than those of matrix, or "
            "another order; expected the matrix that it was fitted on."
        )
    try:
        anchors_of(estimator, n_items)
    except ValueError as error:
        raise PredictorError(str(error)) from error


def _needed_means(estimator: Any, matrix: ScoreMatrix) -> NDArray[np.float64] | None:
    """Return what stands in for the items that are not run, where NaN cannot."""
    rows = matrix.data.iloc[:1].fillna(0.0)
    rows = only_items(rows, anchors_of(estimator, len(matrix.items)), np.nan)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator.predict(rows if _has_names(estimator) else rows.to_numpy())
    except ValueError:
        return item_means(matrix.data.to_numpy(), empty=0.0)
    return None


def _observed_range(matrix: ScoreMatrix) -> tuple[float, float]:
    values = matrix.data.to_numpy(dtype=np.float64)
    if np.isnan(values).all():
        raise PredictorError("matrix holds no result at all (every one is NaN).")
    return float(np.nanmin(values)), float(np.nanmax(values))


def _targets(n_outputs: int, matrix: ScoreMatrix) -> list[str]:
    names = list(matrix.targets.columns)
    if n_outputs not in (1, len(names)):
        raise PredictorError(
            f"The estimator predicts {n_outputs} scores, and matrix has {len(names)}: "
            f"{', '.join(names[:5])}{' ...' if len(names) > 5 else ''}; expected one fitted on "
            "matrix.targets, or on its first column."
        )
    return names[:n_outputs]


def _checked_range(score_range: Any) -> tuple[float, float] | None:
    if score_range is None:
        return None
    bounds = np.asarray(score_range, dtype=np.float64)
    if bounds.shape != (2,) or not np.isfinite(bounds).all() or bounds[0] >= bounds[1]:
        raise PredictorError(
            f"score_range is {score_range!r}; expected the smallest and the largest possible score."
        )
    return float(bounds[0]), float(bounds[1])


def _checked_errors(errors: Any, targets: list[str]) -> Any:
    if errors is None:
        return None
    if sorted(map(str, errors.columns)) != sorted(targets):
        raise PredictorError(
            f"errors has the columns {list(errors.columns)}, and the estimator predicts {targets}; "
            "expected one column per target."
        )
    checked = errors[targets].astype(np.float64)
    if np.isinf(checked.to_numpy()).any():
        raise PredictorError("errors holds an infinite one; expected NaN where it is not known.")
    return checked


def _check_same_matrix(path: Path, fields: dict[str, Any], matrix: ScoreMatrix) -> None:
    found = matrix_fingerprint(matrix)
    if found != fields["fingerprint"]:
        items, n_models = fields["items"], fields["n_models"]
        raise PredictorError(
            f"{path} was fitted on another matrix, of {n_models} models and {len(items)} items "
            f"(fingerprint {fields['fingerprint'][:12]}); this one is of {matrix.data.shape[0]} "
            f"models and {matrix.data.shape[1]} items ({found[:12]}). Load it without matrix, or "
            "fit and save one on this matrix."
        )


def _has_names(estimator: Any) -> bool:
    return getattr(estimator, "feature_names_in_", None) is not None


def predictions_for_check(
    estimator: Any, n_items: int, observed_range: tuple[float, float]
) -> NDArray[np.float64]:
    """Predict the scores of made-up models, whose results are low on some items, high on others.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator.
    n_items : int
        Number of items it was fitted on.
    observed_range : tuple of (float, float)
        What a low and a high result is.

    Returns
    -------
    predictions : ndarray of shape (3, n_targets)
        Predicted scores.

    Raises
    ------
    PredictorError
        If they are not finite.
    """
    rows = _rows_for_check(estimator, n_items, observed_range)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # made-up models may well be unlike all others
        predicted = np.asarray(estimator.predict(rows), dtype=np.float64)
    if not np.isfinite(predicted).all():
        raise PredictorError(
            f"The {type(estimator).__name__} predicts a score that is not finite for a model that "
            "was evaluated on all items. Is there anything to learn in the matrix?"
        )
    return predicted.reshape(len(_DIVISORS), -1)


def numbers_for_check(
    estimator: Any, n_items: int, observed_range: tuple[float, float]
) -> NDArray[np.float64]:
    """Predict the scores of made-up models, and the bounds of their intervals if there are any.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator.
    n_items : int
        Number of items it was fitted on.
    observed_range : tuple of (float, float)
        What a low and a high result is.

    Returns
    -------
    numbers : ndarray of shape (3, n_targets) or (3, 3 * n_targets)
        Scores, then a pair of bounds for each target.
    """
    predicted = predictions_for_check(estimator, n_items, observed_range)
    if not _has_intervals(estimator):
        return predicted
    rows = _rows_for_check(estimator, n_items, observed_range)
    bounds = estimator.predict_interval(rows, 0.9)
    return np.hstack([predicted, bounds.reshape(len(_DIVISORS), -1)])


def _has_intervals(estimator: Any) -> bool:
    return isinstance(estimator, AnchoredIntervalRegressor)


def _rows_for_check(estimator: Any, n_items: int, observed_range: tuple[float, float]) -> Any:
    low, high = observed_range
    numbers = np.arange(n_items)
    rows = np.array([np.where(numbers % divisor, high, low) for divisor in _DIVISORS])
    if _has_names(estimator):
        return import_pandas().DataFrame(rows, columns=estimator.feature_names_in_)
    return rows


def check_predictions(
    path: Path,
    estimator: Any,
    fields: dict[str, Any],
    expected: NDArray[np.float64],
    other_version: str | None,
) -> None:
    """Check that an estimator belongs to its description, and predicts what it did.

    Parameters
    ----------
    path : Path
        Its file, for messages.
    estimator : object
        What was loaded.
    fields : dict
        What the file says of it.
    expected : ndarray of shape (3, n_targets) or (3, 3 * n_targets)
        What it predicted when it was saved, as :func:`numbers_for_check` returns it.
    other_version : str or None
        That it was saved under another version of scikit-learn, if so.

    Raises
    ------
    PredictorError
        If it does not.
    """
    n_items, targets = len(fields["items"]), fields["targets"]
    try:
        anchors = anchors_of(estimator, n_items)
        fits = anchors.ndim == 1 and anchors.dtype.kind == "i" and len(anchors) > 0
        fits = fits and anchors.min() >= 0 and anchors.max() < n_items
        found = numbers_for_check(estimator, n_items, fields["observed_range"])
    except Exception as error:  # a crafted estimator can do anything in vain
        fault = f"its estimator cannot predict ({type(error).__name__}: {error})"
        raise PredictorError(_damaged(path, fault, other_version)) from error
    width = len(targets) * (3 if _has_intervals(estimator) else 1)
    if not fits or not found.shape == expected.shape == (len(_DIVISORS), width):
        raise PredictorError(_damaged(path, "its estimator is for other items", other_version))
    low, high = fields["observed_range"]
    off = float(np.abs(found - expected).max())
    if not off <= _TOLERANCE * max(high - low, 1e-300):
        fault = f"its estimator now predicts other scores, off by up to {off:.2g}"
        raise PredictorError(_damaged(path, fault, other_version))


def _damaged(path: Path, fault: str, other_version: str | None) -> str:
    if other_version is None:
        return f"{path} is damaged: {fault}. Copy it again, or make it anew."
    return f"{path} cannot be used: {fault}. It was saved {other_version}. Fit and save it again."
