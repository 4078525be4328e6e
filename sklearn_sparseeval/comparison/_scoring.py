"""Which metrics are compared, under which names, and which way is better."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer, mean_absolute_error, root_mean_squared_error

from sklearn_sparseeval import metrics

Scorer = Callable[..., float]

_DEFAULT = (
    "neg_mean_absolute_error",
    "neg_root_mean_squared_error",
    "neg_percentile_absolute_error",
    "neg_max_absolute_error",
    "bias",
    "kendall_tau",
    "pairwise_accuracy",
    "neg_top_pick_regret",
)

# The metrics of which a finite benchmark has a ceiling, by the name they have in the table.
_METRICS: dict[str, Callable[..., float]] = {
    "mean_absolute_error": mean_absolute_error,
    "root_mean_squared_error": root_mean_squared_error,
    "kendall_tau": metrics.kendall_tau_score,
    "pairwise_accuracy": metrics.pairwise_accuracy_score,
}


def check_scorers(scoring: Any) -> dict[str, Scorer]:
    """Turn what the user gave as `scoring` into scorers.

    Parameters
    ----------
    scoring : None, str, iterable of str, or dict of str to str or callable
        Names are those of :func:`~sklearn_sparseeval.metrics.get_scorers` or of scikit-learn.

    Returns
    -------
    scorers : dict of str to callable
        Scorers by name.
    """
    if scoring is None:
        scoring = _DEFAULT
    if isinstance(scoring, str):
        scoring = [scoring]
    if isinstance(scoring, Mapping):
        named = dict(scoring)
    elif isinstance(scoring, Iterable):
        named = {name: name for name in scoring}
    else:
        raise TypeError(
            f"scoring={scoring!r} is not a name, a list of names or a dict of name to scorer. "
            "Pass a callable as {'its name': scorer}."
        )
    if not named:
        raise ValueError("scoring is empty. Name at least one metric, or leave it out.")
    for name, scorer in named.items():
        if not isinstance(name, str) or not (callable(scorer) or isinstance(scorer, str)):
            raise TypeError(
                f"scoring holds {name!r}: {scorer!r}; expected names of scorers, or a dict of "
                "name to scorer or name."
            )
        if name.startswith("neg_") and shown_name(name) in named:
            raise ValueError(
                f"scoring has both {name!r} and {shown_name(name)!r}, which would have the same "
                "name in the table. Rename one."
            )
    return {name: scorer if callable(scorer) else _scorer(scorer) for name, scorer in named.items()}


def _scorer(name: str) -> Scorer:
    ours = metrics.get_scorers()
    if name in ours:
        return ours[name]
    prefixed = f"neg_{name}"
    if prefixed in ours:
        raise ValueError(
            f"scoring={name!r} is the name of an error; its scorer, of which more is better, is "
            f"{prefixed!r}. The table then shows {name!r}."
        )
    try:
        scorer: Scorer = get_scorer(name)
    except ValueError as error:
        raise ValueError(
            f"scoring={name!r} is not a scorer of sklearn_sparseeval ({', '.join(sorted(ours))}) "
            "nor of scikit-learn (sklearn.metrics.get_scorer_names())."
        ) from error
    return scorer


def shown_name(scorer: str) -> str:
    """Return the name of a scorer in tables, where errors are positive.

    Parameters
    ----------
    scorer : str
        Name of the scorer.

    Returns
    -------
    metric : str
        The name without "neg_".
    """
    return scorer.removeprefix("neg_")


def shown_value(scorer: str, value: float) -> float:
    """Return the value of a scorer in tables, where errors are positive.

    Parameters
    ----------
    scorer : str
        Name of the scorer.
    value : float
        Its value.

    Returns
    -------
    value : float
        The value, with its sign turned where the name begins with "neg_".
    """
    return -value if scorer.startswith("neg_") else value


def loss(scorer: str, value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn values as shown in tables into losses: less is better.

    Parameters
    ----------
    scorer : str
        Name of the scorer. "neg_" marks an error; of "bias" the size counts; of others more is
        better.
    value : ndarray
        Values as shown.

    Returns
    -------
    loss : ndarray
        The losses.
    """
    if scorer == "bias":
        return np.abs(value)
    return value if scorer.startswith("neg_") else -value


_CEILING_SPLITS = 5  # the ceiling hardly differs from split to split


def ceilings(X: Any, splits: Any, names: Iterable[str], n_draws: int = 50) -> dict[str, float]:
    """Compute what perfect knowledge of the target models would score on this benchmark.

    Parameters
    ----------
    X : array-like of shape (n_models, n_items)
        Score matrix.
    splits : list of tuple of ndarray
        Rows of source and target models.
    names : iterable of str
        Names of metrics as shown in tables.
    n_draws : int, default=50
        Draws of the benchmark per split.

    Returns
    -------
    ceilings : dict of str to float
        Mean over the first few splits, for the metrics of which it is defined.
    """
    values = np.asarray(X, dtype=np.float64)
    found = {}
    for name in names:
        if name not in _METRICS:
            continue
        of_split = [
            metrics.noise_ceiling(
                values[targets], _METRICS[name], n_draws=n_draws, random_state=split
            )
            for split, (_, targets) in enumerate(splits[:_CEILING_SPLITS])
        ]
        found[name] = float(np.mean(of_split))
    return found
