"""What came back from a run of anchors, and whether it can be predicted from."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval._notes import Note

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class AnchorRunReport:
    """What came back from a run of anchors: made by ``verify_anchor_run``.

    ``print(report)`` shows it all.

    Parameters
    ----------
    scores : pandas.DataFrame of shape (n_models, n_anchors)
        Results on the anchors: the rows for a predictor. The columns are the anchors' names in
        their order; NaN = missing, not scored, or of another item.
    problems : list of Note
        What must be put right before scores are predicted; empty if all is well. `str` of a note
        is its sentence.
    warnings : list of Note
        What may make predictions less exact.
    notes : list of Note
        What does no harm.
    counts : pandas.DataFrame of shape (n_models, n_counts)
        Number of anchors by model: ``missing``, ``other_content`` (number leads to another item,
        or another version of it), ``not_scored``, ``moved`` (found under another number),
        ``other_prompt``, ``other_setting``; and ``extra``, the number of items run besides.
    missing : dict of str to list of str
        Names of the anchors to run yet, by model, for models that lack any.
    raw_means : pandas.DataFrame of shape (n_models, n_targets)
        Plain means of the results on the anchors: "overall", and by task where there are several.
        They are no estimates: anchors are not chosen to be like the benchmark on average.
    models_with_problems : list of str
        Models that a problem is about; the others can be predicted.

    See Also
    --------
    verify_anchor_run : Makes it.

    Examples
    --------
    See `verify_anchor_run`.
    """

    scores: "DataFrame"
    problems: list[Note]
    warnings: list[Note]
    notes: list[Note]
    counts: "DataFrame"
    missing: dict[str, list[str]]
    raw_means: "DataFrame"
    models_with_problems: list[str]

    @property
    def models(self) -> list[str]:
        """The names of the models.

        Returns
        -------
        models : list of str
            In the order of `scores`.
        """
        return list(self.scores.index)

    @property
    def ok(self) -> bool:
        """Whether there is no problem.

        Returns
        -------
        ok : bool
            True if all models can be predicted.
        """
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Convert to what JSON can hold.

        Returns
        -------
        report : dict
            With the keys "ok", "problems", "warnings", "notes" and "models"; the latter holds by
            name of the model its "counts", "missing" anchors, "raw_means" (None = no result) and
            whether it is "ok".
        """
        models = {}
        for model in self.models:
            means = self.raw_means.loc[model].to_dict()
            models[model] = {
                "ok": model not in self.models_with_problems,
                "counts": self.counts.loc[model].to_dict(),
                "missing": self.missing.get(model, []),
                "raw_means": {str(k): None if math.isnan(v) else v for k, v in means.items()},
            }
        return {
            "ok": self.ok,
            "problems": [note.to_dict() for note in self.problems],
            "warnings": [note.to_dict() for note in self.warnings],
            "notes": [note.to_dict() for note in self.notes],
            "models": models,
        }

    def __str__(self) -> str:
        """Tell all of it, the gravest first."""
        n_models, n_anchors = self.scores.shape
        n_good = n_models - len(self.models_with_problems)
        lines = [
            f"{n_anchors} anchors, {n_models} model(s), {n_good} of which can be predicted.",
            *(f"Problem: {text}" for text in self.problems),
            *(f"Warning: {text}" for text in self.warnings),
            *(f"Note: {text}" for text in self.notes),
        ]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({len(self.models)} models, {len(self.problems)} problems, "
            f"{len(self.warnings)} warnings)"
        )
