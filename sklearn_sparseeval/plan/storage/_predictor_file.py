"""Saving a fitted predictor to one file, and loading it without risk."""

import os
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_sparseeval._errors import PredictorError
from sklearn_sparseeval._sklearn import HasMethods, check_parameters
from sklearn_sparseeval.plan._predictor import SavedPredictor
from sklearn_sparseeval.plan.storage._check_rows import check_predictions, predictions_for_check
from sklearn_sparseeval.plan.storage._description import from_json, to_json
from sklearn_sparseeval.plan.storage._estimator import load_estimator, store_estimator
from sklearn_sparseeval.plan.storage._matrix_fingerprint import matrix_fingerprint
from sklearn_sparseeval.plan.storage._members import DESCRIPTION, pack, read_members, write_whole
from sklearn_sparseeval.plan.storage._versions import installed_versions
from sklearn_sparseeval.score_matrix import ScoreMatrix

if TYPE_CHECKING:
    from pandas import DataFrame

PathLike = str | os.PathLike[str]


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
        A fitted estimator with `predict` and `anchors_`, such as
        :class:`~sklearn_sparseeval.AnchoredRegressor`, made of estimators of this package and of
        scikit-learn's linear models, nearest neighbours, decision trees, forests, bagging,
        scalers, imputers, PCA and pipelines. An error lists them all. Methods that choose anchors
        for each model, such as tailoredbench, cannot be saved.
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
        If the estimator does not fit the matrix, chooses anchors for each model, or holds
        something that cannot be stored without pickle or loaded without risk; it names the method
        and the type.

    See Also
    --------
    load_predictor : Loads the file.

    Notes
    -----
    The file is a zip file as skops writes it, with a member ``sparseeval.json`` beside. Whoever
    has it sees the names and the results that the estimator keeps of the history: regressions keep
    a few sums, imputers and nearest neighbours the whole matrix. Callbacks, caches, and of networks
    the optimiser and the history of training stay behind; networks are loaded onto the CPU.

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
    path = Path(path)
    _check_fitted_on(estimator, matrix)
    low, high = _observed_range(matrix)
    check = predictions_for_check(estimator, len(matrix.items), (low, high))
    targets = _targets(check.shape[1], matrix)
    predictor = SavedPredictor(
        estimator=estimator,
        items=matrix.items,
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
    )
    members = store_estimator(estimator, method)
    members[DESCRIPTION] = to_json(predictor, check, members)
    write_whole(path, pack(members, path))


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
        If the file is none of a predictor, is damaged, was saved by another version, holds types
        that are not to be trusted, no longer predicts what it did, or is for another matrix.

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
    arrays, numbers and texts. Support vectors, clusterings and boosted trees are not among them:
    their compiled code trusts the arrays it gets. A file can still hold a predictor that predicts
    nonsense.

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
    if not hasattr(estimator, "anchors_") or not hasattr(estimator, "n_features_in_"):
        raise PredictorError(
            f"The estimator, a {kind}, has no anchors_; expected a fitted AnchoredRegressor, or "
            "another fitted estimator that says with anchors_ which items it reads. Of a search, "
            "save best_estimator_."
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
