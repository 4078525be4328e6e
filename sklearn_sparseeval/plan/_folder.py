"""The folder of a plan: written whole, and recognised again."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn_sparseeval.plan._json import json_text
from sklearn_sparseeval.plan._lists import ITEM_LISTS, write_harness_files
from sklearn_sparseeval.plan._plan import FORMAT, check_plan, describe_predictor
from sklearn_sparseeval.plan._summary import readme_text

if TYPE_CHECKING:
    from sklearn_sparseeval.plan import SavedPredictor

PREDICTOR = "predictor.skops"
PLAN = "plan.json"
_ANCHORS = "anchors.csv"
_README = "README.md"
_ANCHOR_COLUMNS = ["task", "item", "group", "metric", "filter", "weight"]


def check_plan_output(folder: Path, *, force: bool) -> None:
    """Refuse a folder that cannot become a plan, before the work is done.

    Parameters
    ----------
    folder : Path
        Where the plan is to be written.
    force : bool
        Whether a plan that is there may be replaced.

    Raises
    ------
    ValueError
        If it is a file, holds something else, or holds a plan and `force` is False.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"--output {folder} is a file. Give the name of a folder.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not (folder / PLAN).is_file() and not (folder / PREDICTOR).is_file():
        raise ValueError(
            f"--output {folder} is a folder that holds other things than a plan. Give a new one."
        )
    if not force:
        raise ValueError(
            f"--output {folder} holds a plan already. Give another folder, or --force to replace "
            "that plan."
        )


def write_plan(
    folder: Path,
    save: Callable[[Path], None],
    describe: Callable[["SavedPredictor"], dict[str, Any]],
    harness_args: str | None,
) -> dict[str, Any]:
    """Write a plan; one that is there stays until the new predictor is written and read back.

    Parameters
    ----------
    folder : Path
        Where; made if it does not exist.
    save : callable
        Writes the predictor to a path.
    describe : callable
        Makes the description of the predictor that was read back.
    harness_args : str or None
        What the commands say besides the anchors.

    Returns
    -------
    plan : dict
        What `plan.json` holds.
    """
    from sklearn_sparseeval.plan import load_predictor

    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder) as unfinished:
            predictor = Path(unfinished, PREDICTOR)
            save(predictor)
            saved = load_predictor(predictor)
            plan = describe(saved) | {"predictor_sha256": _sha256(predictor)}
            _remove_plan(folder)
            os.replace(predictor, folder / PREDICTOR)
    except BaseException:
        if is_new:
            folder.rmdir()
        raise
    runs = write_harness_files(saved.anchors, folder, harness_args)
    plan["harnesses"] = [run._asdict() for run in runs]
    lists = [name for run in runs for name in run.files]
    plan["files"] = [PREDICTOR, _ANCHORS, ITEM_LISTS, *lists, _README, PLAN]
    saved.anchors[_ANCHOR_COLUMNS].to_csv(folder / _ANCHORS, index_label="name")
    (folder / _README).write_text(readme_text(plan, folder), encoding="utf-8")
    (folder / PLAN).write_text(json_text(plan) + "\n", encoding="utf-8")
    return plan


def find_predictor(path: Path) -> Path:
    """Find the predictor's file of a plan.

    Parameters
    ----------
    path : Path
        The plan's folder, or the predictor itself.

    Returns
    -------
    path : Path
        The predictor.

    Raises
    ------
    ValueError
        If there is none.
    """
    if path.is_dir():
        if not (path / PREDICTOR).is_file():
            raise ValueError(
                f"{path} is no plan: it holds no {PREDICTOR}. Expected a folder that "
                "`sparseeval select` wrote."
            )
        return path / PREDICTOR
    if not path.is_file():
        raise ValueError(f"There is no plan {path}. `sparseeval select` makes one.")
    return path


def read_plan(path: Path) -> dict[str, Any]:
    """Read what a plan is.

    Parameters
    ----------
    path : Path
        The plan's folder, or a predictor's file.

    Returns
    -------
    plan : dict
        What `plan.json` holds; of a predictor alone what its file tells, without commands.

    Raises
    ------
    ValueError
        If there is no plan, it is damaged or of another version of the package, or its predictor
        is that of another plan.
    """
    from sklearn_sparseeval.plan import load_predictor

    predictor = find_predictor(path)
    described = path / PLAN
    if not described.is_file():
        return describe_predictor(load_predictor(predictor))
    try:
        plan = json.loads(described.read_text(encoding="utf-8"))
        found = plan["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError(f"{described} is damaged. Make the plan again, with select.") from None
    if found != FORMAT:
        raise ValueError(
            f"{described} is of format {found}; this version of the package reads format {FORMAT}. "
            "Make the plan again, with select."
        )
    try:
        check_plan(plan)
    except ValueError as error:
        raise ValueError(
            f"{described} is damaged ({error}). Make the plan again, with select."
        ) from None
    if plan["predictor_sha256"] != _sha256(predictor):
        raise ValueError(
            f"{described} and {predictor} do not belong together: the predictor is that of another "
            "plan, or was changed. Make the plan again, with select."
        )
    return dict(plan)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _remove_plan(folder: Path) -> None:
    """Remove the files of a plan, and nothing that a user put beside them."""
    try:
        names = json.loads((folder / PLAN).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        names = []
    own = [name for name in names if isinstance(name, str) and Path(name).name == name]
    for name in [PLAN, *own, _README, _ANCHORS, PREDICTOR]:  # first what makes it a plan
        (folder / name).unlink(missing_ok=True)
