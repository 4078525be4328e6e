"""The folder of a plan: written whole, and recognised again."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from sklearn_sparseeval._files import write_whole
from sklearn_sparseeval._notes import Note
from sklearn_sparseeval.plan._description import FORMAT, checked_description, describe_predictor
from sklearn_sparseeval.plan._output import json_text
from sklearn_sparseeval.plan._predictor import SavedPredictor
from sklearn_sparseeval.plan._summary import readme_text
from sklearn_sparseeval.plan.storage._predictor_file import load_predictor, write_predictor

PREDICTOR = "predictor.skops"
PLAN = "plan.json"
_ANCHORS = "anchors.csv"
_README = "README.md"
_UNFINISHED = ".unfinished-"
_ANCHOR_COLUMNS = ["task", "item", "group", "metric", "filter", "weight"]


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder that cannot become a plan, before the work is done.

    Parameters
    ----------
    folder : Path
        Where the plan is to be written.
    overwrite : bool
        Whether a plan that is there may be replaced.

    Raises
    ------
    ValueError
        If it is a file, holds something else, or holds a plan and `overwrite` is False.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file. Give the name of a folder for the plan.")
    unfinished = f"{_UNFINISHED}*"  # of a save that was killed
    if not folder.is_dir() or all(one.match(unfinished) for one in folder.iterdir()):
        return
    if not (folder / PLAN).is_file() and not (folder / PREDICTOR).is_file():
        raise ValueError(
            f"{folder} is a folder that holds other things than a plan. Give a new one."
        )
    if not overwrite:
        raise ValueError(
            f"{folder} holds a plan already. Give another folder, or overwrite=True (--force) to "
            "replace that plan."
        )


def write_plan(
    folder: Path,
    predictor: SavedPredictor,
    description: dict[str, Any],
    *,
    overwrite: bool,
    harness_args: str | None,
) -> dict[str, Any]:
    """Write a plan; one that is there stays until the new predictor is written and read back.

    Parameters
    ----------
    folder : Path
        Where; made if it does not exist.
    predictor : SavedPredictor
        The predictor.
    description : dict
        What the plan is.
    overwrite : bool
        Whether a plan that is there may be replaced.
    harness_args : str or None
        What the commands say besides the anchors.

    Returns
    -------
    description : dict
        What `plan.json` holds, with the commands and the names of the files.
    """
    from sklearn_sparseeval.plan._lists import (
        ITEM_LISTS,
        check_harness_args,
        write_harness_files,
    )

    check_folder(folder, overwrite=overwrite)
    if "seed" not in description:
        raise ValueError(
            "Only the predictor is known, as read from its file alone, and not how it was made. "
            "Load the plan's folder, or make the plan again."
        )
    notes: list[Note] = list(description.get("notes", []))
    notes += [
        note for note in check_harness_args(predictor.items, harness_args) if note not in notes
    ]
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=folder) as unfinished:
            aside = folder / Path(unfinished).name
            write_predictor(aside / PREDICTOR, predictor)
            load_predictor(aside / PREDICTOR)  # what cannot be read back must not replace what can
            runs = [
                _moved(run, aside)
                for run in write_harness_files(predictor.anchors, aside, harness_args)
            ]
            lists = [name for run in runs for name in run["files"]]
            plan = description | {
                "notes": notes,
                "predictor_sha256": _sha256(aside / PREDICTOR),
                "harnesses": runs,
                "files": [PREDICTOR, _ANCHORS, ITEM_LISTS, *lists, _README, PLAN],
                "digests": {name: _sha256(aside / name) for name in (ITEM_LISTS, *lists)},
            }
            anchors = predictor.anchors[_ANCHOR_COLUMNS].to_csv(index_label="name")
            write_whole(aside / _ANCHORS, anchors.encode())
            write_whole(aside / _README, readme_text(plan, folder).encode())
            write_whole(aside / PLAN, f"{json_text(plan)}\n".encode())
            _remove_plan(folder)
            for name in plan["files"]:  # the last one makes it a plan
                os.replace(aside / name, folder / name)
    except BaseException:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
        raise
    return plan


def write_description(folder: Path, description: dict[str, Any]) -> None:
    """Write what a plan is anew, such as after a top-up was drawn; nothing else changes.

    Parameters
    ----------
    folder : Path
        The plan's folder.
    description : dict
        What :func:`read_plan` returned, changed.
    """
    if not (folder / PLAN).is_file():
        raise ValueError(
            f"{folder} is not the folder of a plan, where a top-up could be kept in mind. Give the "
            "folder that `sparseeval select` or Plan.save wrote."
        )
    write_whole(folder / PLAN, f"{json_text(description)}\n".encode())


def _moved(run: Any, aside: Path) -> dict[str, Any]:
    """Name the files of a run where they will be."""
    inside = f"{aside.name}{os.sep}"
    commands = [command.replace(inside, "") for command in run.commands]
    moved: dict[str, Any] = run._replace(
        commands=commands, advice=run.advice.replace(inside, "")
    )._asdict()
    return moved


def read_plan(path: Path) -> tuple[SavedPredictor, dict[str, Any]]:
    """Read a plan.

    Parameters
    ----------
    path : Path
        The plan's folder, or a predictor's file.

    Returns
    -------
    predictor : SavedPredictor
        The predictor.
    description : dict
        What `plan.json` holds; of a predictor alone what its file tells, without commands.

    Raises
    ------
    ValueError
        If there is no plan, it is damaged or of another version of the package, or its predictor
        is that of another plan.
    """
    predictor = _find_predictor(path)
    if not path.is_dir():
        saved = load_predictor(predictor)
        return saved, describe_predictor(saved)
    described = path / PLAN
    if not described.is_file():
        raise ValueError(
            f"{path} holds {PREDICTOR} and no {PLAN}: the plan was not written to its end, or a "
            f"file was removed. Make the plan again, with select; {predictor} can be read alone."
        )
    description = _read_description(described)
    if description["predictor_sha256"] != _sha256(predictor):
        raise ValueError(
            f"{described} and {predictor} do not belong together: the predictor is that of another "
            "plan, or was changed. Make the plan again, with select."
        )
    return load_predictor(predictor), description


def _find_predictor(path: Path) -> Path:
    if path.is_dir():
        if not (path / PREDICTOR).is_file():
            raise ValueError(
                f"{path} is not a plan: it holds no {PREDICTOR}. Expected a folder that "
                "`sparseeval select` or Plan.save wrote."
            )
        return path / PREDICTOR
    if not path.is_file():
        raise ValueError(f"There is no plan {path}. `sparseeval select` makes one.")
    return path


def _read_description(path: Path) -> dict[str, Any]:
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
        found = plan["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError(f"{path} is damaged. Make the plan again, with select.") from None
    if found != FORMAT:
        raise ValueError(
            f"{path} is of format {found}; this version of the package reads format {FORMAT}. "
            "Make the plan again, with select."
        )
    try:
        return checked_description(plan)
    except ValueError as error:
        raise ValueError(
            f"{path} is damaged ({error}). Make the plan again, with select."
        ) from None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _remove_plan(folder: Path) -> None:
    """Remove the files of a plan, and nothing that a user put beside them or changed.

    What a plan says of its files may come from anyone: beside those of fixed names, a file goes
    only if it still is what the plan says it wrote.
    """
    try:
        digests = dict(json.loads((folder / PLAN).read_text(encoding="utf-8"))["digests"])
    except (OSError, ValueError, KeyError, TypeError):
        digests = {}
    fixed = [PLAN, _README, _ANCHORS, PREDICTOR]  # first what makes it a plan
    own = [
        name
        for name, digest in digests.items()
        if Path(name).name == name
        and (folder / name).is_file()
        and _sha256(folder / name) == digest
    ]
    for name in [*fixed, *own]:
        (folder / name).unlink(missing_ok=True)
