"""The warning of a metric that is undefined for the scores it was given."""

import warnings

from sklearn.exceptions import UndefinedMetricWarning


def warn_undefined(
    metric: str,
    reasons: list[str],
    *,
    n_models: int,
    advice: str = "It takes at least two models whose scores differ.",
) -> None:
    """Warn the caller of a metric, three frames up, that it returns NaN.

    Parameters
    ----------
    metric : str
        Name of the metric, as at the start of a sentence.
    reasons : list of str
        What is wrong, with the task in which it is.
    n_models : int
        Number of models.
    advice : str, default="It takes at least two models whose scores differ."
        What the metric needs, as a sentence.
    """
    warnings.warn(
        f"{metric} is undefined and NaN is returned: {'; '.join(reasons)} (n_models={n_models}). "
        f"{advice}",
        UndefinedMetricWarning,
        stacklevel=4,
    )
