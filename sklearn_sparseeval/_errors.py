"""The errors and warnings of the package, beside those of Python and scikit-learn."""

import warnings

from sklearn_sparseeval._notes import Note, NotedWarning


class ResultsError(ValueError):
    """A harness's results cannot be read, or cannot be trusted.

    The message names the file, what was found in it, what was expected and what to do.

    See Also
    --------
    ResultsWarning : Results were read, and something in them was left out or decided.

    Examples
    --------
    >>> from sklearn_sparseeval import ResultsError
    >>> from sklearn_sparseeval.harness import read_results
    >>> try:
    ...     read_results("no-such-folder")
    ... except ResultsError as error:
    ...     print(error)
    There is no file or folder no-such-folder.
    """


class ResultsWarning(NotedWarning):
    """Results were read, and something in them was left out or decided; the message counts it.

    Parameters
    ----------
    note : Note or str
        What.

    See Also
    --------
    ResultsError : Results cannot be read at all.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_sparseeval import ResultsWarning
    >>> warnings.simplefilter("error", ResultsWarning)  # to stop at the first one
    >>> warnings.simplefilter("default", ResultsWarning)
    """


class PredictorError(ValueError):
    """A predictor cannot be saved, loaded, or used on the results given.

    The message names what was found, what was expected and what to do.

    See Also
    --------
    load_predictor : Raises it for a file that is not one, is damaged, or is for other versions.

    Examples
    --------
    >>> from sklearn_sparseeval import PredictorError, load_predictor
    >>> try:
    ...     load_predictor("no-such-file.skops")
    ... except PredictorError as error:
    ...     print(error)
    There is no file no-such-file.skops.
    """


def warn(note: Note | str) -> None:
    """Warn of something in results that was left out or decided.

    Parameters
    ----------
    note : Note or str
        What.

    Warns
    -----
    ResultsWarning
        With the note.
    """
    warnings.warn(ResultsWarning(note), stacklevel=3)
