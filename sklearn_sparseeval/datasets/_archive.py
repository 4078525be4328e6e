"""Reading of the shipped score matrices."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# The format: an npz file, readable without pickle, of these arrays.
#
#   bits         uint8, (n_items, ceil(n_models / 8)): one row per item; bit m of a row, counted
#                from the most significant bit of its first byte, is 1 where model m is right.
#                The models run along the bits, not the items, because the models of one item are
#                more alike than the items of one model: the files are a tenth smaller.
#   missing      the same layout, 1 where model m was not evaluated (its score bit is then 0);
#                only there if any cell is missing.
#   model_names  str, (n_models,), unique
#   item_names   str, (n_items,), unique
#   families     str, (n_models,)
_REQUIRED = ("bits", "model_names", "item_names", "families")


class ScoreArchive(NamedTuple):
    """What one file holds."""

    scores: NDArray[np.float64]
    model_names: NDArray[np.str_]
    item_names: NDArray[np.str_]
    families: NDArray[np.str_]


def shipped_archive(name: str) -> Traversable:
    """Find a shipped file, wherever the package is installed.

    Parameters
    ----------
    name : str
        Name of the file, without its suffix.

    Returns
    -------
    path : Traversable
        The file; it may lie in a zip archive.
    """
    return files("sklearn_sparseeval.datasets.data") / f"{name}.npz"


def read_archive(path: Traversable) -> ScoreArchive:
    """Read one file into a score matrix with NaN where a model was not evaluated.

    Parameters
    ----------
    path : Traversable
        The file.

    Returns
    -------
    archive : ScoreArchive
        Its content, with the scores as float64.
    """
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    absent = [name for name in _REQUIRED if name not in arrays]
    if absent:
        raise ValueError(
            f"{path.name} holds the arrays {sorted(arrays)}, but a score archive also needs "
            f"{absent}. Is the installation damaged? Reinstalling the package restores its files."
        )
    n_models, n_items = arrays["model_names"].size, arrays["item_names"].size
    scores = _unpack(arrays["bits"], n_models, n_items, f"'bits' of {path.name}").astype(np.float64)
    if "missing" in arrays:
        missing = _unpack(arrays["missing"], n_models, n_items, f"'missing' of {path.name}")
        scores[missing.astype(bool)] = np.nan
    return ScoreArchive(scores, arrays["model_names"], arrays["item_names"], arrays["families"])


def _unpack(packed: NDArray[np.uint8], n_models: int, n_items: int, what: str) -> NDArray[np.uint8]:
    expected = (n_items, -(-n_models // 8))
    if packed.shape != expected:
        raise ValueError(
            f"{what} has shape {packed.shape}, but {n_models} models and {n_items} items need "
            f"{expected}. Is the installation damaged? Reinstalling the package restores its files."
        )
    return np.ascontiguousarray(np.unpackbits(packed, axis=1, count=n_models).T)
