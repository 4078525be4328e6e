"""What metrics are called on an axis, and in which unit they are shown."""

from sklearn_sparseeval._sklearn import StrOptions

UNIT = [StrOptions({"points", "score"})]

# Errors have the unit of the scores; their names are as well the words for the axis.
_ERRORS = {
    "bias",
    "max_absolute_error",
    "mean_absolute_error",
    "percentile_absolute_error",
    "root_mean_squared_error",
    "top_pick_regret",
}
_WORDS = {
    "kendall_tau": "Kendall's tau",
    "max_absolute_error": "largest absolute error",
    "percentile_absolute_error": "high percentile of absolute errors",
    "root_mean_squared_error": "root mean squared error",
    "top_k_overlap": "top-k overlap",
    "top_pick_regret": "regret of the top pick",
}


def metric_factor(metric: str, unit: str) -> float:
    """Return by what values of a metric are multiplied to be shown.

    Parameters
    ----------
    metric : str
        Name of the metric.
    unit : {"points", "score"}
        Unit of errors: percentage points, or the unit that the scores have.

    Returns
    -------
    factor : float
        100 for an error in points, otherwise 1.
    """
    return 100.0 if unit == "points" and metric in _ERRORS else 1.0


def metric_words(metric: str) -> str:
    """Return the name of a metric in words.

    Parameters
    ----------
    metric : str
        Name of the metric.

    Returns
    -------
    words : str
        Without the unit.
    """
    return _WORDS.get(metric, metric.replace("_", " "))


def metric_label(metric: str, unit: str) -> str:
    """Return the name of a metric in words, with its unit.

    Parameters
    ----------
    metric : str
        Name of the metric.
    unit : {"points", "score"}
        Unit of errors.

    Returns
    -------
    label : str
        For an axis.
    """
    in_points = metric_factor(metric, unit) != 1
    return f"{metric_words(metric)} (points)" if in_points else metric_words(metric)


def direction_words(metric: str, greater_is_better: bool) -> str:
    """Say which way is good.

    Parameters
    ----------
    metric : str
        Name of the metric.
    greater_is_better : bool
        What the comparison says of it.

    Returns
    -------
    words : str
        A bias is best where it is zero.
    """
    if metric == "bias":
        return "zero is best"
    return "higher is better" if greater_is_better else "lower is better"
