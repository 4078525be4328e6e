"""The score matrix that a user points to, with what its items are where that is known."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sklearn_sparseeval._score_file import SHIPPED, read_scores

if TYPE_CHECKING:
    from sklearn_sparseeval.score_matrix import ScoreMatrix


class History(NamedTuple):
    """The models so far."""

    matrix: "ScoreMatrix"
    families: list[str] | None  # of each model, where the file names them


def read_history(source: str) -> History:
    """Read what ``sparseeval import`` wrote, or any other score matrix.

    Parameters
    ----------
    source : str
        A file, or the name of a data set that ships with the package.

    Returns
    -------
    history : History
        The score matrix. Of a file that ``sparseeval import`` did not write it is not known what
        the items are, so all are of one task.

    Raises
    ------
    ValueError
        If there is no such file, it holds no score matrix, or a model or an item has no result.
    """
    import pandas as pd

    from sklearn_sparseeval.score_matrix import ScoreMatrix, has_described_items

    families = None
    if source not in SHIPPED and Path(source).is_file() and has_described_items(source):
        matrix = ScoreMatrix.from_parquet(source)
    else:
        table = read_scores(source)
        frame = pd.DataFrame(table.scores, index=table.models, columns=table.items)
        matrix, families = ScoreMatrix.from_frame(frame), table.families
    _check_results(source, matrix)
    return History(matrix, families)


def _check_results(source: str, matrix: "ScoreMatrix") -> None:
    """Refuse models whose score nobody knows."""
    unknown = matrix.targets.isna()
    for target in unknown.columns[unknown.any()]:
        models = list(unknown.index[unknown[target]])
        what = "any item" if target == "overall" else f"any item of task {target!r}"
        more = f" (nor have {len(models) - 1} other models)" if len(models) > 1 else ""
        raise ValueError(
            f"{source}: model {models[0]!r} has no result on {what}{more}, so its score there is "
            "not known. Leave such models out (import has --min-coverage), or the task (--tasks)."
        )
