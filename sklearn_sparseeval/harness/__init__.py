"""Results of evaluation harnesses: read their logs, and hand anchors back to them."""

from typing import TYPE_CHECKING

from sklearn_sparseeval._lazy import lazy_attributes

if TYPE_CHECKING:
    from sklearn_sparseeval.harness._errors import ResultsError, ResultsWarning
    from sklearn_sparseeval.harness._score_matrix import ScoreMatrix
    from sklearn_sparseeval.harness.matrix._to_score_matrix import to_score_matrix
    from sklearn_sparseeval.harness.readers._helm import read_helm
    from sklearn_sparseeval.harness.readers._inspect import read_inspect
    from sklearn_sparseeval.harness.readers._lighteval import read_lighteval
    from sklearn_sparseeval.harness.readers._lm_eval import read_lm_eval
    from sklearn_sparseeval.harness.readers._lmms_eval import read_lmms_eval
    from sklearn_sparseeval.harness.readers._omnievalkit import read_omnievalkit
    from sklearn_sparseeval.harness.readers._opencompass import read_opencompass
    from sklearn_sparseeval.harness.readers._results import read_results
    from sklearn_sparseeval.harness.readers._vlmevalkit import read_vlmevalkit
    from sklearn_sparseeval.harness.verification._verify import verify_anchor_run
    from sklearn_sparseeval.harness.verification._verify_report import AnchorRunReport
    from sklearn_sparseeval.harness.writers._to_inspect import (
        InspectSampleIds,
        to_inspect_sample_ids,
    )
    from sklearn_sparseeval.harness.writers._to_item_lists import to_item_lists
    from sklearn_sparseeval.harness.writers._to_lm_eval import LmEvalSamples, to_lm_eval_samples
    from sklearn_sparseeval.harness.writers._to_opencompass import to_opencompass_test_ranges
    from sklearn_sparseeval.harness.writers._to_vlmevalkit import to_vlmevalkit_table

__all__ = [
    "AnchorRunReport",
    "InspectSampleIds",
    "LmEvalSamples",
    "ResultsError",
    "ResultsWarning",
    "ScoreMatrix",
    "read_helm",
    "read_inspect",
    "read_lighteval",
    "read_lm_eval",
    "read_lmms_eval",
    "read_omnievalkit",
    "read_opencompass",
    "read_results",
    "read_vlmevalkit",
    "to_inspect_sample_ids",
    "to_item_lists",
    "to_lm_eval_samples",
    "to_opencompass_test_ranges",
    "to_score_matrix",
    "to_vlmevalkit_table",
    "verify_anchor_run",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "AnchorRunReport": ".verification._verify_report",
        "InspectSampleIds": ".writers._to_inspect",
        "LmEvalSamples": ".writers._to_lm_eval",
        "ResultsError": "._errors",
        "ResultsWarning": "._errors",
        "ScoreMatrix": "._score_matrix",
        "read_helm": ".readers._helm",
        "read_inspect": ".readers._inspect",
        "read_lighteval": ".readers._lighteval",
        "read_lm_eval": ".readers._lm_eval",
        "read_lmms_eval": ".readers._lmms_eval",
        "read_omnievalkit": ".readers._omnievalkit",
        "read_opencompass": ".readers._opencompass",
        "read_results": ".readers._results",
        "read_vlmevalkit": ".readers._vlmevalkit",
        "to_inspect_sample_ids": ".writers._to_inspect",
        "to_item_lists": ".writers._to_item_lists",
        "to_lm_eval_samples": ".writers._to_lm_eval",
        "to_opencompass_test_ranges": ".writers._to_opencompass",
        "to_score_matrix": ".matrix._to_score_matrix",
        "to_vlmevalkit_table": ".writers._to_vlmevalkit",
        "verify_anchor_run": ".verification._verify",
    },
)


def __dir__() -> list[str]:
    return __all__
