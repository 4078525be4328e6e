"""What was found in a run of anchors: collected by kind and model, told as notes, reported."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn_sparseeval._messages import listing
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.harness._harnesses import harness_named

if TYPE_CHECKING:
    from pandas import DataFrame

PROBLEM, WARNING, NOTE = "problem", "warning", "note"
_MODELS_SHOWN = 3
_NAMES_SHOWN = 3


class _Kind(NamedTuple):
    """How a kind of finding is told."""

    level: str
    lead: str
    advice: str = ""


# In the order in which they are told.
KINDS = {
    "no-results": _Kind(
        PROBLEM,
        "Models without any result on the tasks of the anchors",
        "Are the tasks called otherwise?",
    ),
    "other-harness": _Kind(
        PROBLEM,
        "Results of another harness, which numbers items, prompts and scores in its own way",
        "Evaluate with the history's harness.",
    ),
    "other-scores": _Kind(
        PROBLEM,
        "Results without the scores that the anchors were chosen by",
        "Evaluate with this metric and filter, or select anchors by what there is.",
    ),
    "other-setting": _Kind(
        PROBLEM, "Other settings than in the history", "Evaluate in the history's setting."
    ),
    "missing": _Kind(
        PROBLEM,
        "Anchors that were not run",
        "Run them too, and give all results together.",
    ),
    "other-item": _Kind(
        PROBLEM,
        "Anchors whose number leads to another item of the benchmark",
        "The log's item numbers are wrong.",
    ),
    "other-content": _Kind(
        PROBLEM,
        "Anchors with other contents than in the history",
        "Was another version of the data set used? Evaluate on the history's, or import a history "
        "of this one and select again.",
    ),
    "none-scored": _Kind(PROBLEM, "Models without a score on any anchor (all are NaN)"),
    "not-scored": _Kind(
        WARNING,
        "Anchors without a score (NaN)",
        "They count as not evaluated, which not every predictor allows.",
    ),
    "moved": _Kind(
        WARNING,
        "Anchors that were found by their contents, under other numbers",
        "The log's item numbers are wrong, or the data set was put into another order; the scores "
        "were taken from the right items.",
    ),
    "other-wording": _Kind(
        WARNING,
        "Anchors with other prompts than in the history, where no examples are drawn",
        "The chat template, the system instruction or the task's wording is another, and scores "
        "may differ by much. Run the model as those of the history were.",
    ),
    "other-prompt": _Kind(
        WARNING,
        "Anchors with other prompts than in the history",
        "Has the template, or have the examples of few-shot prompts changed? Scores differ for it, "
        "mostly a little where only the examples are others.",
    ),
    "prompt-unknown": _Kind(
        WARNING,
        "Anchors whose prompts could not be compared, since the history has different ones, or "
        "none recorded",
        "Few-shot prompts may have other examples than those of the history.",
    ),
    "wording-unknown": _Kind(
        NOTE,
        "Anchors whose prompts could not be compared, since the history has different ones, or "
        "none recorded",
        "Run the model with chat template and system instruction as those of the history were.",
    ),
    "unchecked": _Kind(
        NOTE, "Anchors whose contents could not be compared, since they are not recorded"
    ),
    "extra": _Kind(
        NOTE,
        "Items besides the anchors were run, which does no harm",
    ),
    "other-tasks": _Kind(NOTE, "Tasks without anchors, whose results were not used"),
}
# These are counted in anchors; of the others the names say it all.
_OF_ANCHORS = frozenset(
    {
        "missing",
        "other-item",
        "other-content",
        "not-scored",
        "moved",
        "other-prompt",
        "other-wording",
        "prompt-unknown",
        "wording-unknown",
        "unchecked",
    }
)
_OF_MODELS = frozenset({"no-results", "none-scored"})
_OF_ALL_MODELS = ""


class Findings:
    """Collects what was found.

    Parameters
    ----------
    n_anchors : int
        Number of anchors.
    """

    def __init__(self, n_anchors: int) -> None:
        self._n_anchors = n_anchors
        self._found: dict[str, dict[str, list[str]]] = {kind: {} for kind in KINDS}
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._harnesses: dict[str, set[str]] = {}

    def add(
        self,
        kind: str,
        model: str = _OF_ALL_MODELS,
        name: str = "",
        *,
        harness: str = "",
        number: int = 1,
    ) -> None:
        """Add one.

        Parameters
        ----------
        kind : str
            Key of `KINDS`.
        model : str, default=""
            Which model it is about; "" = all.
        name : str, default=""
            Which anchor, or what it is.
        harness : str, default=""
            Which harness it is about.
        number : int, default=1
            How many items it is about.
        """
        self._found[kind].setdefault(model, []).append(name)
        self._numbers[kind, model] += number
        self._harnesses.setdefault(kind, set()).add(harness)

    def names(self, kind: str) -> dict[str, list[str]]:
        """List what was found of a kind.

        Parameters
        ----------
        kind : str
            Key of `KINDS`.

        Returns
        -------
        names : dict of str to list of str
            By model, in the order in which they were added.
        """
        return self._found[kind]

    def number(self, kind: str, model: str) -> int:
        """Count the items that findings of a kind are about.

        Parameters
        ----------
        kind : str
            Key of `KINDS`.
        model : str
            Of which model.

        Returns
        -------
        number : int
            0 where there is none.
        """
        return self._numbers[kind, model]

    def models(self, level: str) -> set[str]:
        """List the models with a finding.

        Parameters
        ----------
        level : {"problem", "warning", "note"}
            How grave.

        Returns
        -------
        models : set of str
            Their names.
        """
        return {
            model
            for kind, found in self._found.items()
            for model in found
            if KINDS[kind].level == level
        }

    def kinds(self, model: str) -> list[str]:
        """List the kinds of what is wrong or odd about a model.

        Parameters
        ----------
        model : str
            Its name.

        Returns
        -------
        kinds : list of str
            As those of the notes, problems first; what does no harm is left out.
        """
        return [
            kind
            for level in (PROBLEM, WARNING)
            for kind, found in self._found.items()
            if KINDS[kind].level == level and model in found
        ]

    def notes(self, level: str) -> list[Note]:
        """Tell what was found.

        Parameters
        ----------
        level : {"problem", "warning", "note"}
            How grave.

        Returns
        -------
        notes : list of Note
            One for each kind; `where` is the model, if it is about one only, and `count` how many
            items it is about, of all models.
        """
        return [
            self._note(kind)
            for kind, found in self._found.items()
            if found and KINDS[kind].level == level
        ]

    def _note(self, kind: str) -> Note:
        models = list(self._found[kind])
        where = models[0] if len(models) == 1 else ""
        number = sum(self._numbers[kind, model] for model in models)
        return Note(kind, self._sentence(kind), where, number)

    def _sentence(self, kind: str) -> str:
        _, lead, advice = KINDS[kind]
        records = map(harness_named, sorted(self._harnesses[kind]))
        hints = [advice, *(record.hints.get(kind, "") for record in records if record)]
        return " ".join([f"{lead}: {self._by_model(kind)}.", *filter(None, hints)])

    def _by_model(self, kind: str) -> str:
        found = self._found[kind]
        if kind in _OF_MODELS:
            return listing(list(found), _MODELS_SHOWN)
        if _OF_ALL_MODELS in found:
            return listing(found[_OF_ALL_MODELS], _NAMES_SHOWN)
        comma = "" if kind in _OF_ANCHORS else ","
        parts = [
            f"{self._shown(kind, names)}{comma} for {model!r}"
            for model, names in list(found.items())[:_MODELS_SHOWN]
        ]
        more = len(found) - _MODELS_SHOWN
        return "; ".join(parts) + (f"; and so for {more} more models" if more > 0 else "")

    def _shown(self, kind: str, names: list[str]) -> str:
        if kind in _OF_ANCHORS:
            return f"{len(names)} of {self._n_anchors} ({listing(names, _NAMES_SHOWN)})"
        more = len(names) - _NAMES_SHOWN
        return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


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
        They are not estimates: anchors are not chosen to be like the benchmark on average.
    models_with_problems : list of str
        Models that a problem is about; the others can be predicted.
    found : dict of str to list of str, default={}
        By model, the kinds of the problems and warnings that are about it.

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
    found: dict[str, list[str]] = field(default_factory=dict)

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
