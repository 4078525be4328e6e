"""What a display asks of a comparison."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd


class ComparisonLike(Protocol):
    """The methods of a comparison that displays call."""

    @property
    def baseline(self) -> str:
        """Name of the method that others are compared with by default.

        Returns
        -------
        baseline : str
            One of the methods.
        """

    def frame(self) -> "pd.DataFrame":
        """Return every value of every metric.

        Returns
        -------
        frame : DataFrame
            One row per method, number of anchors, split and metric.
        """

    def predictions(self) -> "pd.DataFrame":
        """Return every prediction.

        Returns
        -------
        frame : DataFrame
            One row per method, number of anchors, split and target model.
        """

    def summary(
        self, metric: str, *, baseline: str | None = None, confidence_level: float = 0.95
    ) -> "pd.DataFrame":
        """Return differences to the baseline.

        Parameters
        ----------
        metric : str
            Name of the metric.
        baseline : str, default=None
            The method that the others are compared with; that of the comparison by default.
        confidence_level : float, default=0.95
            Of the intervals.

        Returns
        -------
        frame : DataFrame
            One row per method and number of anchors.
        """

    def greater_is_better(self, metric: str) -> bool:
        """Return whether more of a metric is better.

        Parameters
        ----------
        metric : str
            Name of the metric.

        Returns
        -------
        greater_is_better : bool
            False for errors.
        """

    def noise_ceiling(self, metric: str) -> float | None:
        """Return what a perfect prediction would reach.

        Parameters
        ----------
        metric : str
            Name of the metric.

        Returns
        -------
        ceiling : float or None
            None where it is not known.
        """
