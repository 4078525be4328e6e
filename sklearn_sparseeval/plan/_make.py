"""From a score matrix to a plan: choose the items, fit the predictor, measure its error."""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from joblib import parallel_config
from sklearn.base import clone
from sklearn.utils import get_tags

from sklearn_sparseeval._matrix_tables import model_table
from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._notes import Note, noted
from sklearn_sparseeval._tags import AnchorTags
from sklearn_sparseeval.comparison._budget import anchors_of, has_budget, prepared, with_seed
from sklearn_sparseeval.intervals import AnchoredIntervalRegressor
from sklearn_sparseeval.methods import get_methods
from sklearn_sparseeval.plan._description import describe_predictor
from sklearn_sparseeval.plan._out_of_fold import (
    HeldOut,
    as_target,
    hold_out_groups,
    useless_note,
)
from sklearn_sparseeval.plan._plan import Plan
from sklearn_sparseeval.plan.storage._predictor_file import describe_predictor as predictor_of
from sklearn_sparseeval.score_matrix import OVERALL, ScoreMatrix

if TYPE_CHECKING:
    from pandas import DataFrame

_METHOD = "auto"
_LEAST_MODELS = 3


class _Method(NamedTuple):
    """An estimator to be fitted, and what is told of it."""

    estimator: Any
    name: str
    description: str
    source: str


def make_plan(
    matrix: ScoreMatrix,
    *,
    n_anchors: int | float = 100,
    method: Any = _METHOD,
    families: Sequence[str] | None = None,
    score_range: tuple[float, float] | None = None,
    alignment: Literal["common", "all"] | None = None,
    folds: int | None = None,
    random_state: int = 0,
    n_jobs: int | None = None,
    name: str = "",
) -> Plan:
    """Choose the items to run on new models, fit a predictor of the full score, and measure it.

    Parameters
    ----------
    matrix : ScoreMatrix
        The results of the models so far. A data frame becomes one by
        :meth:`ScoreMatrix.from_frame`.
    n_anchors : int or float, default=100
        How many items to choose; a float between 0 and 1 is their share.
    method : str or estimator, default="auto"
        How anchors are chosen and scores predicted: the name of a registered method
        (:func:`get_methods`), or an estimator: an :class:`AnchoredRegressor`, or a
        :class:`~sklearn.pipeline.Pipeline` of a selector and a regressor. Every parameter
        `n_anchors` in an estimator is set.
    families : sequence of str or pandas.Series, default=None
        Family of each model; a Series is matched by name. Whole families are held out together
        when the error is measured. None takes those of `matrix`, else what the models' names tell
        ("family/model").
    score_range : tuple of (float, float), default=None
        Smallest and largest possible score, to which predictions and intervals are clipped. None
        is (0, 1) where the scores lie between, else the range of the results.
    alignment : {"common", "all"}, default=None
        What to do where results are missing, as in :meth:`ScoreMatrix.align`; None refuses.
    folds : int, default=None
        Folds of the cross-validation. None is 10 with fewer than 100 models, else 5; at most one
        per group of relatives.
    random_state : int, default=0
        Of every draw, the folds included.
    n_jobs : int, default=None
        How many processes the parts of the method may use that can use several; None is one,
        unless in a :func:`joblib.parallel_config` context. The result does not depend on it.
    name : str, default=""
        What the matrix is called, for the plan's README.

    Returns
    -------
    plan : Plan
        The plan: `anchors`, `errors`, :meth:`Plan.summary`, :meth:`Plan.save`,
        :meth:`Plan.predict`.

    Raises
    ------
    ValueError
        If there are too few models or items, results are missing and `alignment` is None, a model
        has no result on a task, there is no such method, it has different anchors for each model,
        or it fails in the cross-validation.

    See Also
    --------
    load_plan : Reads a plan that was saved.
    sklearn_sparseeval.comparison.compare_estimators : Finds the best method on your data.

    Notes
    -----
    Whatever the method, :class:`AnchoredIntervalRegressor` goes around it. Its cross-validation
    gives the errors and the intervals: each model is predicted, as a new model is, by a fit
    without it and its relatives, by anchors that others chose. The predictor of the plan is
    fitted on all models.
    With several tasks the overall score weighs as much as all tasks together.

    Examples
    --------
    >>> from sklearn_sparseeval import make_plan
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> matrix = load_helm_lite(task="gsm", as_matrix=True)
    >>> plan = make_plan(matrix, n_anchors=20, random_state=0)
    >>> bool(plan.summary().loc["overall", "mean_absolute_error"] < 0.06)
    True
    >>> len(plan.anchors)
    20
    """
    if not isinstance(matrix, ScoreMatrix):
        raise TypeError(
            f"matrix is a {type(matrix).__name__}; expected a ScoreMatrix. A data frame becomes "
            "one by ScoreMatrix.from_frame."
        )
    _check_size(matrix, n_anchors)
    _check_whole(folds, random_state)
    _check_known(matrix)
    matrix = matrix.align(alignment)
    notes = [
        Note(note.kind, f"On import: {note.text}", note.where, note.count) for note in matrix.notes
    ]
    _check_size(matrix, n_anchors)  # again: items may have been left out
    bounds = _score_range(score_range, matrix)
    targets = matrix.targets
    chosen = _method(method, _whole(n_anchors, len(matrix.items)), random_state, targets.shape[1])
    targets = _predictable(chosen, targets, notes)
    given, unknown = _families(matrix, families)
    notes += unknown
    held_out = hold_out_groups(matrix.data, given, folds=folds)
    notes += held_out.notes
    with noted(notes):
        with parallel_config(n_jobs=n_jobs) if n_jobs is not None else nullcontext():
            estimator = _fit(chosen, matrix, targets, held_out, bounds, random_state)
        found: DataFrame = targets.rsub(estimator.held_out_predictions_.reshape(targets.shape))
        useless = useless_note(found, targets)
        notes += [*estimator.notes_, *([] if useless is None else [useless])]
        predictor = predictor_of(
            estimator, matrix, errors=found, method=chosen.name, score_range=bounds
        )
    notes += [] if score_range is not None else [_range_note(bounds, estimator, targets)]
    means = matrix.data[predictor.anchors.index].mean(axis=1)
    description = describe_predictor(predictor, targets) | {
        "anchor_means": [float(means.min()), float(means.max())],
        "scores": name or f"{len(matrix.data)} models x {len(matrix.items)} items",
        "seed": random_state,
        "method_description": chosen.description,
        "method_source": chosen.source,
        "cross_validation": held_out.description,
        "history": [
            {"model": str(model), "scores": scores}
            for model, scores in zip(targets.index, targets.to_numpy().tolist(), strict=True)
        ],
        "top_ups": [],
        "notes": notes,
    }
    return Plan(predictor, description)


def _fit(
    chosen: _Method,
    matrix: ScoreMatrix,
    targets: "DataFrame",
    held_out: HeldOut,
    bounds: tuple[float, float] | None,
    seed: int,
) -> AnchoredIntervalRegressor:
    """Fit the method with intervals around it, whose cross-validation is the plan's."""
    y = as_target(targets.to_numpy())
    if not has_budget(chosen.estimator):  # else it may read all items, or say nothing of them
        anchors_of(clone(chosen.estimator).fit(matrix.data, y), len(matrix.items))
    estimator = chosen.estimator
    settings: dict[str, Any] = {
        "n_folds": held_out.n_folds,
        "score_range": bounds,
        "random_state": seed,
    }
    if isinstance(estimator, AnchoredIntervalRegressor):
        unset = [name for name in settings if getattr(estimator, name) is None]
        estimator.set_params(**{name: settings[name] for name in unset})
    else:
        estimator = AnchoredIntervalRegressor(estimator, **settings)
    try:
        fitted: AnchoredIntervalRegressor = estimator.fit(matrix.data, y, groups=held_out.groups)
        return fitted
    except ValueError as error:
        raise ValueError(
            f"The method {chosen.name} fails, with all of the {len(matrix.data)} models to learn "
            f"from or those of {held_out.n_folds - 1} of {held_out.n_folds} folds: {error}"
        ) from error


def _families(matrix: ScoreMatrix, given: Any) -> tuple[list[str] | None, list[Note]]:
    """Return the families that are known of all models, and a note where only some are."""
    if given is None:
        n_unknown = int(matrix.models["family"].isna().sum())
        if not 0 < n_unknown < len(matrix.models):
            return matrix.families, []
        text = (
            f"{n_unknown} of the {len(matrix.models)} models have no family, so the families of "
            "the others were not used. Name one for every model."
        )
        return None, [Note("families-unknown", text, count=n_unknown)]
    named = model_table(list(matrix.data.index), given)["family"]
    if named.isna().any():
        unnamed = list(named.index[named.isna()])
        raise ValueError(f"families has no family for {listing(unnamed)}; expected one each.")
    return named.astype(str).tolist(), []


def _method(method: Any, n_anchors: int, seed: int, n_targets: int) -> _Method:
    """Make the estimator, with a seed wherever it draws."""
    if isinstance(method, str):
        registered = get_methods()
        if method not in registered:
            raise ValueError(
                f"There is no method {method!r}. Expected an estimator, or one of: "
                f"{', '.join(registered)}."
            )
        found = registered[method]
        estimator = with_seed(found(n_anchors), seed)
        chosen = _Method(estimator, method, found.description, found.source)
    elif not isinstance(method, type) and hasattr(method, "fit") and hasattr(method, "get_params"):
        if not hasattr(method, "predict"):
            raise ValueError(
                f"method is a {type(method).__name__}, which does not predict; expected the name "
                "of a registered method, an AnchoredRegressor, or a pipeline of a selector and a "
                "regressor."
            )
        name = _name(method)
        estimator = with_seed(clone(method), seed)
        if has_budget(estimator):
            estimator = prepared(estimator, name, n_anchors, seed)
        chosen = _Method(estimator, name, "An estimator of your own.", "given")
    else:
        raise TypeError(
            f"method is {method!r}; expected the name of a registered method, or an estimator."
        )
    if AnchorTags.of(estimator).anchors_for_each_model:
        raise ValueError(
            f"The method {chosen.name} chooses anchors for each model from its results on the "
            "first few, so there is no list of anchors to run. Choose another method, or use it "
            "without a plan."
        )
    weights = [key for key in estimator.get_params() if key.endswith("__target_weights")]
    if n_targets > 1:
        # Else many tasks would outvote the overall score, of which each is a part.
        weighted = [n_targets - 1] + [1] * (n_targets - 1)
        unset = [key for key in weights if estimator.get_params()[key] is None]
        estimator.set_params(**dict.fromkeys(unset, weighted))
    return chosen


def _name(estimator: Any) -> str:
    """Name an estimator by its class; a pipeline by its steps."""
    if hasattr(estimator, "steps"):
        return " + ".join(type(step).__name__ for _, step in estimator.steps)
    parts = [getattr(estimator, name, None) for name in ("selector", "regressor")]
    if all(part is not None for part in parts):
        return " + ".join(type(part).__name__ for part in parts)
    return type(estimator).__name__


def _predictable(chosen: _Method, targets: "DataFrame", notes: list[Note]) -> "DataFrame":
    """Keep the targets that the method can predict."""
    if targets.shape[1] == 1 or get_tags(chosen.estimator).target_tags.multi_output:
        return targets
    notes.append(
        Note(
            "one-target",
            f"The method {chosen.name} predicts one score only: the overall one, and none per "
            "task.",
        )
    )
    return targets[[OVERALL]]


def _whole(n_anchors: int | float, n_items: int) -> int:
    return int(n_anchors) if n_anchors >= 1 else max(1, round(n_anchors * n_items))


def _check_size(matrix: ScoreMatrix, n_anchors: Any) -> None:
    n_models, n_items = matrix.data.shape
    if n_models < _LEAST_MODELS:
        raise ValueError(
            f"The history has {n_models} models; at least {_LEAST_MODELS} are needed to fit a "
            "predictor and test it, and 30 or more make a good one."
        )
    number = isinstance(n_anchors, int | float | np.number) and not isinstance(n_anchors, bool)
    whole = isinstance(n_anchors, int | np.integer)
    if not number or not (n_anchors >= 1 if whole else 0 < n_anchors < 1):
        raise ValueError(
            f"n_anchors={n_anchors!r}; expected a whole number of items, or a share of them "
            "between 0 and 1."
        )
    if n_anchors > n_items:
        raise ValueError(f"n_anchors={n_anchors} is more than the {n_items} items.")


def _check_whole(folds: Any, random_state: Any) -> None:
    if folds is not None and (not isinstance(folds, int | np.integer) or folds < 2):
        raise ValueError(f"folds={folds!r}; expected a whole number of at least 2, or None.")
    if not isinstance(random_state, int | np.integer) or not 0 <= random_state < 2**32:
        raise ValueError(
            f"random_state={random_state!r}; expected a whole number from 0 to 2**32 - 1, so that "
            "the same plan can be made again."
        )


def _check_known(matrix: ScoreMatrix) -> None:
    """Refuse models whose score nobody knows."""
    unknown = matrix.targets.isna()
    for target in unknown.columns[unknown.any()]:
        models = list(unknown.index[unknown[target]])
        what = "any item" if target == OVERALL else f"any item of task {target!r}"
        more = f" (nor have {len(models) - 1} other models)" if len(models) > 1 else ""
        raise ValueError(
            f"Model {models[0]!r} has no result on {what}{more}, so its score is not known. Leave "
            "such models out of the matrix, or the task (import has --min-coverage and --tasks)."
        )


def _score_range(given: Any, matrix: ScoreMatrix) -> tuple[float, float] | None:
    """Return the range of the scores: what the user says, or what the scores leave no doubt of."""
    tables = [matrix.data.to_numpy(), matrix.targets.to_numpy()]  # targets may be given
    low = float(min(np.nanmin(table) for table in tables))
    high = float(max(np.nanmax(table) for table in tables))
    if given is None:
        return (0.0, 1.0) if (low, high) == (0, 1) else None
    bounds = list(given) if isinstance(given, list | tuple) else [given]
    if (
        len(bounds) != 2
        or not all(isinstance(bound, Real) and math.isfinite(bound) for bound in bounds)
        or not bounds[0] <= low <= high <= bounds[1]
        or bounds[0] == bounds[1]
    ):
        raise ValueError(
            f"score_range={listing(bounds)}; expected the smallest and the largest possible score; "
            f"the scores are from {low:g} to {high:g}."
        )
    return float(bounds[0]), float(bounds[1])


def _range_note(
    bounds: tuple[float, float] | None, estimator: AnchoredIntervalRegressor, targets: "DataFrame"
) -> Note:
    """Say inside which range predictions stay, and why."""
    low, high = (float(ends[0]) for ends in (estimator.scale_.low, estimator.scale_.high))
    kept = f"predictions and intervals stay between {low:g} and {high:g}"
    if bounds is not None:
        return Note(
            "score-range",
            f"All scores lie between 0 and 1 and reach both, so {kept}; score_range "
            "(--score-range) sets another range.",
        )
    return Note(
        "score-range",
        f"Overall scores are from {targets[OVERALL].min():.4g} to {targets[OVERALL].max():.4g}, "
        f"and it is not known what scores are possible; {kept}. score_range (--score-range LO HI) "
        "sets another range.",
    )
