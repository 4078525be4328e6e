"""What each shipped score matrix is: the text of its ``DESCR``."""

from textwrap import dedent, fill
from typing import NamedTuple

import numpy as np

from sklearn_sparseeval.datasets._archive import ScoreArchive

_BENCHPRED = "https://github.com/socialfoundations/benchmark-prediction"

_HELM_NOTE = """
    Models are named organisation_model; the family is the organisation. Several versions of one
    model stand side by side: split by family. writer_palmyra-x-v3 and google_text-unicorn@001 have
    identical results on mmlu, commonsense and med_qa, although they are two families.
    """

_OPEN_LLM_NOTE = """
    Models are named organisation/model; the family is the organisation. Fine-tunes, merges and
    versions of one model stand side by side, and a fine-tune of one organisation often starts
    from a model of another: split by family, and expect some likeness across families. A name
    that occurs twice in the source was made unique with " (2)"; its two rows are copies of each
    other.
    """


class Description(NamedTuple):
    """The facts about a shipped matrix that the file itself does not hold."""

    title: str
    benchmark: str
    metric: str
    source: str
    licence: str
    note: str


def _helm_lite(title: str, benchmark: str, metric: str) -> Description:
    source = f"the HELM Lite releases, collected in {_BENCHPRED}"
    return Description(title, benchmark, metric, source, "MIT", _HELM_NOTE)


def _open_llm(title: str, benchmark: str, metric: str) -> Description:
    source = f"the Open LLM Leaderboard 2, official providers, collected in {_BENCHPRED}"
    return Description(title, benchmark, metric, source, "MIT", _OPEN_LLM_NOTE)


DESCRIPTIONS = {
    "helm_lite_gsm": _helm_lite(
        "GSM8K (HELM Lite)",
        "Grade-school maths word problems, answered with a chain of thought.",
        "final_number_exact_match",
    ),
    "helm_lite_mmlu": _helm_lite(
        "MMLU (HELM Lite)",
        "Multiple-choice questions of five subjects: abstract algebra, college chemistry, "
        "computer security, econometrics, US foreign policy.",
        "exact_match",
    ),
    "helm_lite_commonsense": _helm_lite(
        "OpenbookQA (HELM Lite)",
        "Multiple-choice questions of elementary science that need common sense.",
        "exact_match",
    ),
    "helm_lite_math": _helm_lite(
        "MATH, level 1 (HELM Lite)",
        "The easiest level of competition mathematics, seven subjects, answered with a chain of "
        "thought.",
        "math_equiv_chain_of_thought",
    ),
    "helm_lite_med_qa": _helm_lite(
        "MedQA (HELM Lite)",
        "Multiple-choice questions of medical licensing exams.",
        "quasi_exact_match",
    ),
    "open_llm_arc_challenge": _open_llm(
        "ARC challenge (Open LLM Leaderboard)",
        "Multiple-choice questions of grade-school science, the hard part.",
        "acc_norm",
    ),
    "open_llm_ifeval": _open_llm(
        "IFEval (Open LLM Leaderboard)",
        "Prompts with instructions that a program can verify, such as a number of words.",
        "prompt_level_strict_acc",
    ),
    "zeroeval_gsm": Description(
        "GSM8K (ZeroEval)",
        "Grade-school maths word problems, zero-shot, with the reasoning and the answer as JSON.",
        "right or wrong final answer",
        "https://github.com/WildEval/ZeroEval",
        "Apache-2.0",
        """
        The family is the organisation that made the model. Versions of one model, and one model
        served by several hosts (Llama 3.1 405B: three rows), stand side by side: split by family.
        All missing cells are in one row: gemini-1.5-flash-exp-0827 was evaluated on the first 681
        of the 1319 items only.
        """,
    ),
    "mathvision": Description(
        "MATH-Vision",
        "Competition mathematics with a picture, answered by vision-language models.",
        "right or wrong final answer",
        "https://github.com/mathllm/MATH-V",
        "MIT",
        """
        The family is the organisation that made the model; a model with and without chain of
        thought ("-CoT") is one family. InternLM-XComposer2, SPHINX and ShareGPT4V all come from
        Shanghai AI Laboratory and its partners. Random-Chance is not a model but a random guesser,
        a family of its own. Two rows see no picture: ChatGPT3.5-CoT got a caption, GPT4-CoT the
        text only. No row solves 1052 of the items.
        """,
    ),
}


def describe(name: str, archive: ScoreArchive) -> str:
    """Write the ``DESCR`` of a shipped matrix.

    Parameters
    ----------
    name : str
        Name of the file, a key of `DESCRIPTIONS`.
    archive : ScoreArchive
        Its content.

    Returns
    -------
    text : str
        Title, contents, shape, missing cells, source and licence.
    """
    facts = DESCRIPTIONS[name]
    n_models, n_items = archive.scores.shape
    return "\n".join(
        [
            facts.title,
            "=" * len(facts.title),
            "",
            fill(facts.benchmark, 88),
            "",
            f":Models (rows): {n_models}, of {np.unique(archive.families).size} families",
            f":Items (columns): {n_items}",
            f":Cells: 1 = right, 0 = wrong, NaN = not evaluated (metric: {facts.metric})",
            f":Missing cells: {np.isnan(archive.scores).mean():.2%}",
            ":Target: fraction of right answers among a model's evaluated items",
            f":Source: {facts.source}",
            f":Licence: {facts.licence}",
            "",
            fill(" ".join(dedent(facts.note).split()), 88),
            "",
        ]
    )
