"""What was found in a run, collected by kind and model, and put into sentences."""

from collections import Counter
from typing import NamedTuple

from sklearn_sparseeval._messages import listing

PROBLEM, WARNING, NOTE = "problem", "warning", "note"
_MODELS_SHOWN = 3
_NAMES_SHOWN = 3
_LM_EVAL = "lm_eval"


class _Kind(NamedTuple):
    """How a kind of finding is told."""

    level: str
    lead: str
    advice: str = ""
    lm_eval: str = ""  # what to add where the run is one of lm-eval


# In the order in which they are told.
KINDS = {
    "no_results": _Kind(
        PROBLEM,
        "Models without any result on the tasks of the anchors",
        "Are the tasks called otherwise?",
    ),
    "other_harness": _Kind(
        PROBLEM,
        "Results of another harness, which numbers items, prompts and scores in its own way",
        "Evaluate with the history's harness.",
    ),
    "other_scores": _Kind(
        PROBLEM,
        "Results without the scores that the anchors were chosen by",
        "Evaluate with this metric and filter, or select anchors by what there is.",
    ),
    "other_setting": _Kind(
        PROBLEM, "Other settings than in the history", "Evaluate in the history's setting."
    ),
    "missing": _Kind(
        PROBLEM,
        "Anchors that were not run",
        "Run them too, and give all results together.",
    ),
    "other_item": _Kind(
        PROBLEM,
        "Anchors whose number leads to another item of the benchmark",
        "The log's item numbers are wrong.",
        "lm-eval writes wrong ones if the list given to --samples is not sorted, or names an item "
        "twice; run again with a sorted list.",
    ),
    "other_content": _Kind(
        PROBLEM,
        "Anchors with other contents than in the history",
        "Was another version of the data set used? Evaluate on the history's, or import a history "
        "of this one and select again.",
    ),
    "none_scored": _Kind(PROBLEM, "Models without a score on any anchor (all are NaN)"),
    "not_scored": _Kind(
        WARNING,
        "Anchors without a score (NaN)",
        "They count as not evaluated, which not every predictor allows.",
    ),
    "moved": _Kind(
        WARNING,
        "Anchors that were found by their contents, under other numbers",
        "The log's item numbers are wrong, or the data set was put into another order; the scores "
        "were taken from the right items.",
        "lm-eval writes wrong numbers if the list given to --samples is not sorted.",
    ),
    "other_wording": _Kind(
        WARNING,
        "Anchors with other prompts than in the history, where no examples are drawn",
        "The chat template, the system instruction or the task's wording is another, and scores "
        "may differ by much. Run the model as those of the history were.",
        "With lm-eval these are --apply_chat_template, --system_instruction and the task's file.",
    ),
    "other_prompt": _Kind(
        WARNING,
        "Anchors with other prompts than in the history",
        "Has the template, or have the examples of few-shot prompts changed? Scores differ for it, "
        "mostly a little where only the examples are others.",
        "lm-eval draws examples anew for chosen items; it does not with --num_fewshot 0 or where a "
        "task takes its first ones (sampler: first_n). Or run the models of the history with the "
        "same --samples.",
    ),
    "prompt_unknown": _Kind(
        WARNING,
        "Anchors whose prompts could not be compared, since the history has different ones, or "
        "none recorded",
        "Few-shot prompts may have other examples than those of the history.",
        "lm-eval draws examples anew for chosen items, except where a task takes its first ones "
        "(sampler: first_n).",
    ),
    "wording_unknown": _Kind(
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
        "",
        "lm-eval runs all items of a task that --samples does not name, names with an empty list, "
        "or names by its group.",
    ),
    "other_tasks": _Kind(NOTE, "Tasks without anchors, whose results were not used"),
}
# These are counted in anchors; of the others the names say it all.
_OF_ANCHORS = frozenset(
    {
        "missing",
        "other_item",
        "other_content",
        "not_scored",
        "moved",
        "other_prompt",
        "other_wording",
        "prompt_unknown",
        "wording_unknown",
        "unchecked",
    }
)
_OF_MODELS = frozenset({"no_results", "none_scored"})
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
        self._of_lm_eval: set[str] = set()

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
        if harness == _LM_EVAL:
            self._of_lm_eval.add(kind)

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

    def sentences(self, level: str) -> list[str]:
        """Tell what was found.

        Parameters
        ----------
        level : {"problem", "warning", "note"}
            How grave.

        Returns
        -------
        sentences : list of str
            One message for each kind.
        """
        return [
            self._sentence(kind)
            for kind, found in self._found.items()
            if found and KINDS[kind].level == level
        ]

    def _sentence(self, kind: str) -> str:
        lead, advice, lm_eval = KINDS[kind][1:]
        hints = (advice, lm_eval if kind in self._of_lm_eval else "")
        return " ".join([f"{lead}: {self._by_model(kind)}.", *(hint for hint in hints if hint)])

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
