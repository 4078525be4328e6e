"""What saving, loading and using a predictor raises."""


class PredictorError(ValueError):
    """A predictor cannot be saved, loaded, or used on the results given.

    The message names what was found, what was expected and what to do.

    See Also
    --------
    load_predictor : Raises it for a file that is none, is damaged, or is for other versions.

    Examples
    --------
    >>> from sklearn_sparseeval.persistence import PredictorError, load_predictor
    >>> try:
    ...     load_predictor("no-such-file.skops")
    ... except PredictorError as error:
    ...     print(error)
    There is no file no-such-file.skops.
    """
