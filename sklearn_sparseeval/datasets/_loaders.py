"""Loaders of the score matrices that ship with the package."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import Bunch

from sklearn_sparseeval._optional import import_pandas
from sklearn_sparseeval._sklearn import StrOptions, validate_params
from sklearn_sparseeval.datasets._archive import read_archive, shipped_archive
from sklearn_sparseeval.datasets._descriptions import describe

if TYPE_CHECKING:
    from sklearn_sparseeval.score_matrix import ScoreMatrix

# Names of the data sets that ship.
SHIPPED = (
    "helm_lite_gsm",
    "helm_lite_mmlu",
    "helm_lite_commonsense",
    "helm_lite_math",
    "helm_lite_med_qa",
    "open_llm_arc_challenge",
    "open_llm_ifeval",
    "zeroeval_gsm",
    "mathvision",
)
_HELM_LITE_TASKS = {"gsm", "mmlu", "commonsense", "math", "med_qa"}
_OPEN_LLM_TASKS = {"arc_challenge", "ifeval"}
_OUTPUT_OPTIONS = {
    "return_X_y": ["boolean"],
    "as_frame": ["boolean"],
    "as_matrix": ["boolean"],
}


@validate_params(  # type: ignore[untyped-decorator]
    {"task": [StrOptions(_HELM_LITE_TASKS)], **_OUTPUT_OPTIONS}, prefer_skip_nested_validation=True
)
def load_helm_lite(
    *, task: str = "gsm", return_X_y: bool = False, as_frame: bool = False, as_matrix: bool = False
) -> "Bunch | tuple[Any, Any] | ScoreMatrix":
    """Load the results of 83 language models on a scenario of HELM Lite.

    =============  ======  =====  ==============================================
    task           models  items  benchmark
    =============  ======  =====  ==============================================
    "gsm"              83   1000  GSM8K, grade-school maths word problems [2]_
    "mmlu"             83    567  MMLU, five subjects [3]_
    "commonsense"      83    500  OpenbookQA, elementary science [4]_
    "math"             83    437  MATH, level 1 of five [5]_
    "med_qa"           83   1000  MedQA, medical licensing exams [6]_
    =============  ======  =====  ==============================================

    No cell is missing. The models are the same, in the same order, for every task.

    Parameters
    ----------
    task : {"gsm", "mmlu", "commonsense", "math", "med_qa"}, default="gsm"
        The scenario.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.
    as_matrix : bool, default=False
        If True, return a :class:`~sklearn_sparseeval.ScoreMatrix` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (83, n_items)
            The score matrix, float64: 1 = right, 0 = wrong. As a DataFrame it has the models' names
            as index and the items' names as columns.
        target : {ndarray, Series} of shape (83,)
            Fraction of right answers of each model, named "score".
        feature_names : ndarray of shape (n_items,)
            Names of the items: task and position in the source, such as "gsm/0".
        model_names : ndarray of shape (83,)
            Names of the models: ``organisation_model``.
        families : ndarray of shape (83,)
            Organisation of each model, 18 different ones: the `groups` of a split.
        DESCR : str
            Description of the data.
        frame : DataFrame of shape (83, n_items + 1) or None
            `data` with `target` as last column; None unless ``as_frame=True``.
    (data, target) : tuple, if ``return_X_y=True``
        The two of the attributes above.
    matrix : ScoreMatrix, if ``as_matrix=True``
        The scores, with the families of the models.

    See Also
    --------
    load_open_llm : Open-weights models on the Open LLM Leaderboard.
    load_zeroeval_gsm : GSM8K answered by 44 newer models.
    make_score_matrix : Synthetic score matrices of any size.

    Notes
    -----
    Source: the HELM Lite releases [1]_, collected in
    https://github.com/socialfoundations/benchmark-prediction, MIT licence.

    Rows are not independent: versions of one model stand side by side, so a random split puts
    near-duplicates of a test model into training. Split by `families`. One likeness
    goes across families: ``writer_palmyra-x-v3`` and ``google_text-unicorn@001`` have identical
    results on "mmlu", "commonsense" and "med_qa".

    References
    ----------
    .. [1] P. Liang et al. (2023). Holistic Evaluation of Language Models. TMLR. arXiv:2211.09110.
    .. [2] K. Cobbe et al. (2021). Training Verifiers to Solve Math Word Problems.
       arXiv:2110.14168.
    .. [3] D. Hendrycks et al. (2021). Measuring Massive Multitask Language Understanding. ICLR.
       arXiv:2009.03300.
    .. [4] T. Mihaylov et al. (2018). Can a Suit of Armor Conduct Electricity? A New Dataset for
       Open Book Question Answering. EMNLP. arXiv:1809.02789.
    .. [5] D. Hendrycks et al. (2021). Measuring Mathematical Problem Solving With the MATH
       Dataset. NeurIPS. arXiv:2103.03874.
    .. [6] D. Jin et al. (2021). What Disease Does This Patient Have? A Large-Scale Open Domain
       Question Answering Dataset from Medical Exams. Applied Sciences. arXiv:2009.13081.

    Examples
    --------
    >>> from sklearn_sparseeval.datasets import load_helm_lite
    >>> gsm = load_helm_lite(task="gsm")
    >>> gsm.data.shape
    (83, 1000)
    >>> best = gsm.target.argmax()
    >>> print(gsm.model_names[best], gsm.target[best])
    anthropic_claude-3-5-sonnet-20241022 0.956
    """
    return _load(f"helm_lite_{task}", return_X_y, as_frame, as_matrix)


@validate_params(  # type: ignore[untyped-decorator]
    {"task": [StrOptions(_OPEN_LLM_TASKS)], **_OUTPUT_OPTIONS}, prefer_skip_nested_validation=True
)
def load_open_llm(
    *,
    task: str = "arc_challenge",
    return_X_y: bool = False,
    as_frame: bool = False,
    as_matrix: bool = False,
) -> "Bunch | tuple[Any, Any] | ScoreMatrix":
    """Load the results of open-weights models on a task of the Open LLM Leaderboard 2.

    ===============  ======  =====  ========  ==============================================
    task             models  items  families  benchmark
    ===============  ======  =====  ========  ==============================================
    "arc_challenge"     218   1172        47  ARC, hard grade-school science (acc_norm) [2]_
    "ifeval"            448    541        55  IFEval, prompt-level strict accuracy [3]_
    ===============  ======  =====  ========  ==============================================

    The models are those of the leaderboard's official providers. No cell is missing.

    Parameters
    ----------
    task : {"arc_challenge", "ifeval"}, default="arc_challenge"
        The task.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.
    as_matrix : bool, default=False
        If True, return a :class:`~sklearn_sparseeval.ScoreMatrix` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (n_models, n_items)
            The score matrix, float64: 1 = right, 0 = wrong. As a DataFrame it has the models' names
            as index and the items' names as columns.
        target : {ndarray, Series} of shape (n_models,)
            Fraction of right answers of each model, named "score".
        feature_names : ndarray of shape (n_items,)
            Names of the items: task and position in the source, such as "ifeval/0".
        model_names : ndarray of shape (n_models,)
            Names of the models: ``organisation/model``, unique.
        families : ndarray of shape (n_models,)
            Organisation of each model: the `groups` of a split.
        DESCR : str
            Description of the data.
        frame : DataFrame of shape (n_models, n_items + 1) or None
            `data` with `target` as last column; None unless ``as_frame=True``.
    (data, target) : tuple, if ``return_X_y=True``
        The two of the attributes above.
    matrix : ScoreMatrix, if ``as_matrix=True``
        The scores, with the families of the models.

    See Also
    --------
    load_helm_lite : 83 models, open and closed, on five benchmarks.
    make_score_matrix : Synthetic score matrices of any size.

    Notes
    -----
    Source: the Open LLM Leaderboard 2 [1]_, collected in
    https://github.com/socialfoundations/benchmark-prediction, MIT licence.

    Rows are not independent: fine-tunes, merges and versions of one model stand side by side, and
    some rows are identical, so a random split puts copies of a test model into training. Split by
    `families`. A fine-tune of one organisation often starts from a model of another, hence some
    likeness remains across families.

    A name that occurs twice in the source was made unique by " (2)"; its two rows are copies of
    each other. Three spellings of an organisation were joined in `families`: "gpt2" is
    "openai-community", "ibm" is "ibm-granite", and "mistral-community" is "mistralai", whose
    weights it mirrors (the rows are identical).

    References
    ----------
    .. [1] C. Fourrier et al. (2024). Open LLM Leaderboard v2. Hugging Face.
    .. [2] P. Clark et al. (2018). Think you have Solved Question Answering? Try ARC, the AI2
       Reasoning Challenge. arXiv:1803.05457.
    .. [3] J. Zhou et al. (2023). Instruction-Following Evaluation for Large Language Models.
       arXiv:2311.07911.

    Examples
    --------
    >>> from sklearn.model_selection import GroupShuffleSplit
    >>> from sklearn_sparseeval.datasets import load_open_llm
    >>> ifeval = load_open_llm(task="ifeval")
    >>> ifeval.data.shape
    (448, 541)
    >>> split = GroupShuffleSplit(n_splits=1, test_size=0.25, random_state=0)
    >>> source, target = next(split.split(ifeval.data, groups=ifeval.families))
    >>> set(ifeval.families[source]) & set(ifeval.families[target])
    set()
    """
    return _load(f"open_llm_{task}", return_X_y, as_frame, as_matrix)


@validate_params(_OUTPUT_OPTIONS, prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
def load_zeroeval_gsm(
    *, return_X_y: bool = False, as_frame: bool = False, as_matrix: bool = False
) -> "Bunch | tuple[Any, Any] | ScoreMatrix":
    """Load the results of 44 language models on GSM8K, zero-shot, with missing cells.

    44 models by 1319 items; 1.1 % of the cells are missing, all of them in the row of
    gemini-1.5-flash-exp-0827, which was evaluated on the first 681 items only.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.
    as_matrix : bool, default=False
        If True, return a :class:`~sklearn_sparseeval.ScoreMatrix` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (44, 1319)
            The score matrix, float64: 1 = right, 0 = wrong, NaN = not evaluated. As a DataFrame it
            has the models' names as index and the items' names as columns.
        target : {ndarray, Series} of shape (44,)
            Fraction of right answers among each model's evaluated items, named "score".
        feature_names : ndarray of shape (1319,)
            Names of the items in the source, such as "gsm8k-main-test-#0".
        model_names : ndarray of shape (44,)
            Names of the models.
        families : ndarray of shape (44,)
            Organisation that made each model, 12 different ones: the `groups` of a split.
        DESCR : str
            Description of the data.
        frame : DataFrame of shape (44, 1320) or None
            `data` with `target` as last column; None unless ``as_frame=True``.
    (data, target) : tuple, if ``return_X_y=True``
        The two of the attributes above.
    matrix : ScoreMatrix, if ``as_matrix=True``
        The scores, with the families of the models.

    See Also
    --------
    load_helm_lite : Among others, 1000 items of GSM8K answered by 83 models.
    make_score_matrix : Synthetic score matrices with any share of missing cells.

    Notes
    -----
    Source: https://github.com/WildEval/ZeroEval [1]_, Apache licence 2.0. The items are the test
    set of GSM8K [2]_.

    Rows are not independent: versions of one model stand side by side, and Llama 3.1 405B is
    there three times, served by different hosts. Split by `families`.

    References
    ----------
    .. [1] B. Y. Lin (2024). ZeroEval: A Unified Framework for Evaluating Language Models.
    .. [2] K. Cobbe et al. (2021). Training Verifiers to Solve Math Word Problems.
       arXiv:2110.14168.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_sparseeval.datasets import load_zeroeval_gsm
    >>> zeroeval = load_zeroeval_gsm()
    >>> zeroeval.data.shape
    (44, 1319)
    >>> incomplete = np.isnan(zeroeval.data).any(axis=1)
    >>> print(*zeroeval.model_names[incomplete])
    gemini-1.5-flash-exp-0827
    """
    return _load("zeroeval_gsm", return_X_y, as_frame, as_matrix)


@validate_params(_OUTPUT_OPTIONS, prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
def load_mathvision(
    *, return_X_y: bool = False, as_frame: bool = False, as_matrix: bool = False
) -> "Bunch | tuple[Any, Any] | ScoreMatrix":
    """Load the results of 16 vision-language models on MATH-Vision: few models, many items.

    16 models by 3040 items of competition mathematics, each with a picture. No cell is missing.
    The benchmark is hard for all of them (7 % to 18 % right) and no row solves 1052 of the items:
    a test of what a method does with little history and many constant items.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        If True, `data` is a pandas DataFrame and `target` a pandas Series.
    as_matrix : bool, default=False
        If True, return a :class:`~sklearn_sparseeval.ScoreMatrix` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : {ndarray, DataFrame} of shape (16, 3040)
            The score matrix, float64: 1 = right, 0 = wrong. As a DataFrame it has the models' names
            as index and the items' names as columns.
        target : {ndarray, Series} of shape (16,)
            Fraction of right answers of each model, named "score".
        feature_names : ndarray of shape (3040,)
            Names of the items in the source, "1" to "3040".
        model_names : ndarray of shape (16,)
            Names of the models; "-CoT" is a model asked for a chain of thought.
        families : ndarray of shape (16,)
            Organisation that made each model, 6 different ones: the `groups` of a split.
        DESCR : str
            Description of the data.
        frame : DataFrame of shape (16, 3041) or None
            `data` with `target` as last column; None unless ``as_frame=True``.
    (data, target) : tuple, if ``return_X_y=True``
        The two of the attributes above.
    matrix : ScoreMatrix, if ``as_matrix=True``
        The scores, with the families of the models.

    See Also
    --------
    load_helm_lite : 83 models on five benchmarks.
    make_score_matrix : Synthetic score matrices of any size.

    Notes
    -----
    Source: https://github.com/mathllm/MATH-V [1]_, MIT licence.

    Rows are not independent: a model stands beside itself with a chain of thought, and small beside
    large versions. Split by `families`; InternLM-XComposer2, SPHINX and ShareGPT4V are one family,
    as all come from Shanghai AI Laboratory and its partners. "Random-Chance" is a random guesser, a
    family of its own. "ChatGPT3.5-CoT" saw a caption instead of the picture, "GPT4-CoT" neither.

    References
    ----------
    .. [1] K. Wang et al. (2024). Measuring Multimodal Mathematical Reasoning with MATH-Vision
       Dataset. NeurIPS Datasets and Benchmarks. arXiv:2402.14804.

    Examples
    --------
    >>> from sklearn_sparseeval.datasets import load_mathvision
    >>> mathvision = load_mathvision()
    >>> mathvision.data.shape
    (16, 3040)
    >>> print(mathvision.target.max().round(4))
    0.1766
    """
    return _load("mathvision", return_X_y, as_frame, as_matrix)


def _load(
    name: str, return_X_y: bool, as_frame: bool, as_matrix: bool
) -> "Bunch | tuple[Any, Any] | ScoreMatrix":
    if as_matrix:
        if return_X_y or as_frame:
            raise ValueError(
                "as_matrix=True returns a ScoreMatrix; return_X_y and as_frame do not go with it."
            )
        return load_shipped(name)
    archive = read_archive(shipped_archive(name))
    data: Any = archive.scores
    target: Any = np.nanmean(archive.scores, axis=1)
    frame = None
    if as_frame:
        pd = import_pandas("as_frame=True")
        data = pd.DataFrame(data, index=archive.model_names, columns=archive.item_names)
        target = pd.Series(target, index=data.index, name="score")
        frame = data.join(target)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        feature_names=archive.item_names,
        model_names=archive.model_names,
        families=archive.families,
        DESCR=describe(name, archive),
        frame=frame,
    )


def load_shipped(name: str) -> "ScoreMatrix":
    """Load a score matrix that ships with the package by its name.

    Parameters
    ----------
    name : str
        One of `SHIPPED`, such as "helm_lite_gsm".

    Returns
    -------
    matrix : ScoreMatrix
        The scores, with the families of the models.

    Raises
    ------
    ValueError
        If no such data set ships; it names those that do.

    See Also
    --------
    load_helm_lite : The same data as arrays, and what they are.

    Examples
    --------
    >>> from sklearn_sparseeval.datasets import load_shipped
    >>> load_shipped("helm_lite_gsm")
    ScoreMatrix of 83 models of 18 families x 1000 items
    """
    from sklearn_sparseeval.score_matrix import ScoreMatrix

    if name not in SHIPPED:
        raise ValueError(f"No data set {name!r} ships; there are {', '.join(SHIPPED)}.")
    archive = read_archive(shipped_archive(name))
    frame = import_pandas("A score matrix with names").DataFrame(
        archive.scores, archive.model_names, archive.item_names
    )
    return ScoreMatrix.from_frame(frame, families=archive.families)
