"""A plan: which items to run on new models, what error to expect, and the way to a score."""

import os
from collections.abc import Iterable
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._notes import Note
from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval._sklearn import Interval, check_parameters
from sklearn_sparseeval.plan._folder import read_plan, write_plan
from sklearn_sparseeval.plan._predictor import SavedPredictor
from sklearn_sparseeval.plan._summary import error_table, headline, how_measured, scaled

if TYPE_CHECKING:
    from pandas import DataFrame

    from sklearn_sparseeval.harness import AnchorRunReport

PathLike = str | os.PathLike[str]


class Plan:
    """The items to run on new models, the error to expect, and the way from results to scores.

    Made by :func:`make_plan`, and read from a folder by :func:`load_plan`.

    Parameters
    ----------
    predictor : SavedPredictor
        The fitted predictor, with the items it is about.
    description : dict
        What the plan is, as plain values; what `plan.json` holds.

    Attributes
    ----------
    predictor : SavedPredictor
        As given.
    description : dict
        As given.

    See Also
    --------
    make_plan : Chooses the items and measures the error.
    load_plan : Reads a plan that was saved.

    Examples
    --------
    >>> from sklearn_sparseeval import make_plan
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> matrix = load_helm_lite(task="gsm", as_matrix=True)
    >>> plan = make_plan(matrix, n_anchors=20, random_state=0)
    >>> plan
    Plan(method='auto', n_anchors=20, n_items=1000, targets=['overall'])
    >>> results = matrix.data.iloc[:2][plan.anchors.index]  # in real life those of new models
    >>> results = results.set_axis(["new-1", "new-2"])
    >>> plan.predict(results)[["model", "target", "score", "low", "high"]].shape
    (2, 5)
    """

    def __init__(self, predictor: SavedPredictor, description: dict[str, Any]) -> None:
        self.predictor = predictor
        self.description = description

    def __repr__(self) -> str:
        return repr(self.predictor).replace(type(self.predictor).__name__, type(self).__name__, 1)

    def __str__(self) -> str:
        """Say what the plan is, and what error to expect."""
        plan = self.description
        lines = [headline(plan), "", *error_table(plan), how_measured(plan)]
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        """Show the plan in a notebook."""
        import html

        notes = "".join(f"<li>{html.escape(note.text)}</li>" for note in self.notes)
        return (
            f"<p>{html.escape(headline(self.description))}</p>"
            f"{self.summary().to_html(float_format='{:.4g}'.format)}"
            f"<p>{html.escape(how_measured(self.description))}</p>"
        ) + (notes and f"<ul>{notes}</ul>")

    @property
    def anchors(self) -> "DataFrame":
        """The items to run on a new model.

        Returns
        -------
        anchors : pandas.DataFrame of shape (n_anchors, n_columns)
            Rows of the matrix's `items`, in order of choice; the index holds the names.
        """
        return self.predictor.anchors

    @property
    def errors(self) -> "DataFrame":
        """The errors that were measured.

        Returns
        -------
        errors : pandas.DataFrame of shape (n_models, n_targets)
            Prediction minus score of each model of the history, in the units of the scores,
            predicted by anchors and a fit without it and its relatives; NaN = not known.
        """
        if self.predictor.errors is not None:
            return self.predictor.errors
        frame: DataFrame = import_pandas().DataFrame(columns=self.predictor.targets, dtype=float)
        return frame

    @property
    def notes(self) -> list[Note]:
        """What was decided, left out or found odd when the plan was made.

        Returns
        -------
        notes : list of Note
            In the order in which it happened.
        """
        return list(self.description.get("notes", []))

    def summary(self) -> "DataFrame":
        """Tabulate what error to expect.

        Returns
        -------
        summary : pandas.DataFrame of shape (n_targets, 7)
            By target: ``n_items``, ``n_anchors``, ``mean_absolute_error``, ``margin_90`` (as far
            off were 90 % of the models held out, or less), ``kendall_tau``, ``best_so_far`` and
            ``worst_so_far`` in the history; in the units of the scores. NaN = not known.
        """
        frame: DataFrame = import_pandas().DataFrame(self.description["targets"])
        frame = frame.set_index("target")
        return frame.astype({name: float for name in frame if not str(name).startswith("n_")})

    def in_unit(self, value: float) -> str:
        """Write a score as the plan's tables do.

        Parameters
        ----------
        value : float
            A score or an error, in the units of the scores.

        Returns
        -------
        text : str
            In percentage points for scores from 0 to 1, else as it is; "?" where it is not known.
        """
        return scaled(value, self.description["unit"])

    def read(
        self,
        paths: PathLike | Iterable[PathLike],
        *,
        format: str | None = None,
        n_jobs: int | None = None,
        on_error: str = "raise",
    ) -> "DataFrame":
        """Read results on the anchors from files.

        Parameters
        ----------
        paths : path-like or iterable of path-like
            Files and folders of the harness that the history is from; score files (csv, parquet
            or npz) where the history came from one.
        format : str, default=None
            The harness that wrote them; None recognises it. Not used for score files, nor are the
            other two.
        n_jobs : int, default=None
            How many processes; None is one.
        on_error : {"raise", "skip"}, default="raise"
            What to do with files that cannot be read.

        Returns
        -------
        results : pandas.DataFrame
            The long table, for :meth:`verify` and :meth:`predict`.

        Raises
        ------
        ValueError
            If there are no such results.
        """
        from sklearn_sparseeval.plan._predict import read_anchor_results

        return read_anchor_results(
            self.predictor, paths, format=format, n_jobs=n_jobs, on_error=on_error
        )

    def verify(self, results: Any) -> "AnchorRunReport":
        """Check that results are those of the anchors, and on the scale of the history.

        Parameters
        ----------
        results : path-like, iterable of path-like, DataFrame or ScoreMatrix
            Files, as :meth:`read` takes them; or a long table, as
            :func:`~sklearn_sparseeval.harness.read_results` makes it; or a frame with a row per
            model and the anchors among its columns, in any order.

        Returns
        -------
        report : AnchorRunReport
            The scores on the anchors, and what is wrong with them.

        Raises
        ------
        ValueError
            If there are no results on any item of the plan.
        """
        from sklearn_sparseeval.plan._predict import verify

        return verify(self.predictor, results)

    @check_parameters(coverage=[Interval(Real, 0, 1, closed="neither")])
    def predict(self, results: Any, coverage: float = 0.9) -> "DataFrame":
        """Predict the scores of new models on the full benchmark.

        Parameters
        ----------
        results : path-like, iterable of path-like, DataFrame, ScoreMatrix or AnchorRunReport
            What :meth:`verify` takes, or what it returned, of which no top-up is read.
        coverage : float, default=0.9
            Share of the scores that the intervals are to hold, between 0 and 1.

        Returns
        -------
        predictions : pandas.DataFrame
            A row for each model and target, with the columns

            - ``model``, ``target``;
            - ``score``, ``low`` and ``high``: the prediction and the bounds of its interval, inside
              the score range and in the units of the scores; NaN where the results of a model do
              not fit the plan;
            - ``like``: whether the history vouches for the model, as far as its results tell;
              ``reason``: "like", or why not, as
              :meth:`AnchoredIntervalRegressor.applicability` says it;
            - ``top_up``: of how many results besides the anchors use was made (:meth:`top_up`);
            - ``measured``: the score of a model of the history, else NaN;
            - ``raw_mean`` of the results on the anchors, which is not an estimate;
            - ``found``: kinds of what is wrong or odd, such as "missing" or "stronger".

        Warns
        -----
        NotedWarning
            Of each problem and oddity, with a :class:`Note`.
        """
        from sklearn_sparseeval.plan._predict import predict

        return predict(self.predictor, self.description, results, coverage)

    @check_parameters(coverage=[Interval(Real, 0, 1, closed="neither")])
    def rank(self, results: Any, coverage: float = 0.9) -> "DataFrame":
        """Put new models in order of their overall scores, and say which are too close to call.

        Parameters
        ----------
        results : path-like, iterable of path-like, DataFrame or ScoreMatrix
            As for :meth:`predict`.
        coverage : float, default=0.9
            Share of the scores that the intervals are to hold.

        Returns
        -------
        ranking : pandas.DataFrame
            A row for each model that was predicted, the best first, with the columns ``model``,
            ``rank``, ``score``, ``low``, ``high``, ``like``, ``reason``, ``top_up``;
            ``prob_better``, the probability that it scores higher than the next one, NaN of the
            last; and ``too_close``, whether that is below .95. Models share a rank where neither
            the first of them nor the one before is better with a probability of .95.

        Raises
        ------
        PredictorError
            If the predictor has no intervals.

        Warns
        -----
        NotedWarning
            As :meth:`predict` does.
        """
        from sklearn_sparseeval.plan._rank import rank

        return rank(self.predictor, self.description, results, coverage)

    def top_up(self, results: Any = None, n_items: int = 50, random_state: int = 0) -> "DataFrame":
        """Draw further items to run the models on that the history does not vouch for.

        The anchors and a random sample of the other items give an interval that holds whatever
        the model. The plan keeps in mind which items were drawn: :meth:`predict` finds results
        on them among those that it is given, and uses them for models that are unlike.

        Parameters
        ----------
        results : path-like, iterable of path-like, DataFrame or ScoreMatrix, default=None
            As for :meth:`predict`; None draws whatever the models.
        n_items : int, default=50
            How many items.
        random_state : int, default=0
            Of the draw.

        Returns
        -------
        items : pandas.DataFrame of shape (n_items, n_columns)
            Rows as those of `anchors`, none of which is among them; without rows where no model
            of `results` needs a top-up.

        Raises
        ------
        ValueError
            If there are fewer items that are no anchors.
        PredictorError
            If the predictor has no intervals.
        """
        from sklearn_sparseeval.plan._top_up import draw_top_up

        if results is not None:
            table = self.predict(results)
            if table["like"].fillna(True).all():
                return self.predictor.items.iloc[:0]
        return draw_top_up(self.predictor, self.description, n_items, random_state)

    def commands(self, harness: str | None = None) -> list[str]:
        """List the commands that run the anchors on a new model.

        Parameters
        ----------
        harness : str, default=None
            Name of the harness, such as "lm_eval"; None takes all.

        Returns
        -------
        commands : list of str
            Ready to copy into a shell; empty where no command of the harness is known.

        Raises
        ------
        ValueError
            If the plan was not saved, so that the lists the commands name are not there, or the
            history is of no such harness.
        """
        runs = self.description.get("harnesses")
        if runs is None:
            raise ValueError(
                "The commands name lists of items, which are written with the plan. Save it first, "
                "plan.save(folder), or load the plan's folder."
            )
        names = [run["harness"] for run in runs]
        if harness is not None and harness not in names:
            raise ValueError(
                f"The plan was not made from results of {harness!r}, but of "
                f"{', '.join(filter(None, names)) or 'no harness'}."
            )
        return [
            command
            for run in runs
            if harness in (None, run["harness"])
            for command in run["commands"]
        ]

    def save(
        self, folder: PathLike, *, overwrite: bool = False, harness_args: str | None = None
    ) -> None:
        """Write the plan to a folder.

        It then holds predictor.skops, anchors.csv, the lists of items as harnesses take them,
        README.md with the commands to copy and the error to expect, and plan.json for scripts.

        Parameters
        ----------
        folder : path-like
            The folder; made if it does not exist.
        overwrite : bool, default=False
            Whether a plan that is in that folder may be replaced.
        harness_args : str, default=None
            Goes into the harness's commands as it is: the model and how it is run.

        Raises
        ------
        ValueError
            If the folder holds something else, or a plan that may not be replaced, or the
            predictor cannot be stored without pickle.
        """
        self.description = write_plan(
            Path(folder),
            self.predictor,
            self.description,
            overwrite=overwrite,
            harness_args=harness_args,
        )


def load_plan(path: PathLike) -> Plan:
    """Read a plan that was saved.

    Parameters
    ----------
    path : path-like
        The folder that :meth:`Plan.save` or ``sparseeval select`` wrote; or a predictor's file
        alone, of which no commands are known.

    Returns
    -------
    plan : Plan
        The plan.

    Raises
    ------
    ValueError
        If there is no plan, it is damaged or of another version of the package, or its predictor
        is that of another plan.

    See Also
    --------
    make_plan : Makes one.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_sparseeval import load_plan, make_plan
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> matrix = load_helm_lite(task="gsm", as_matrix=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     make_plan(matrix, n_anchors=20, random_state=0).save(folder)
    ...     load_plan(folder)
    Plan(method='auto', n_anchors=20, n_items=1000, targets=['overall'])
    """
    return Plan(*read_plan(Path(path)))
