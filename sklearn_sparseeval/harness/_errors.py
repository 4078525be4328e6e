"""What reading of results raises and warns."""


class ResultsError(ValueError):
    """A harness's results cannot be read, or cannot be trusted.

    The message names the file, what was found in it, what was expected and what to do.

    See Also
    --------
    ResultsWarning : Results were read, and something in them was left out or decided.

    Examples
    --------
    >>> from sklearn_sparseeval.harness import ResultsError, read_results
    >>> try:
    ...     read_results("no-such-folder")
    ... except ResultsError as error:
    ...     print(error)
    There is no file or folder no-such-folder.
    """


class ResultsWarning(UserWarning):
    """Results were read, and something in them was left out or decided; the message counts it.

    See Also
    --------
    ResultsError : Results cannot be read at all.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_sparseeval.harness import ResultsWarning
    >>> warnings.simplefilter("error", ResultsWarning)  # to stop at the first one
    >>> warnings.simplefilter("default", ResultsWarning)
    """
