"""Scores that are no single number: left out, counted, and told once per metric."""

from sklearn_sparseeval.harness.table._rows import Rows
from sklearn_sparseeval.harness.table._values import NoSingleNumberError


class Refusals:
    """Counts what is refused of one file, with the first such value of each metric.

    Parameters
    ----------
    rows : Rows
        The rows of the file, whose notes are written.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._messages: dict[str, str] = {}

    def add(self, metric: str, error: NoSingleNumberError) -> None:
        """Count one score that is left out.

        Parameters
        ----------
        metric : str
            Name of the metric.
        error : NoSingleNumberError
            Says what it is.
        """
        message = self._messages.setdefault(
            metric,
            "scores were left out since they are no single number: metric "
            f"{metric!r} of task {self._rows.task!r} holds {error}",
        )
        self._rows.note(message)
