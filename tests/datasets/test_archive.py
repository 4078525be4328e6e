"""The file format, read back from files written here by hand."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sklearn_sparseeval.datasets._archive import read_archive, shipped_archive
from sklearn_sparseeval.datasets._descriptions import DESCRIPTIONS

DATA = files("sklearn_sparseeval.datasets.data")
SHIPPED = sorted(entry.name for entry in DATA.iterdir() if entry.name.endswith(".npz"))


def write_archive(path, scores, **changes):
    n_models, n_items = scores.shape
    missing = np.isnan(scores)
    arrays = {
        "bits": np.packbits((scores.T == 1), axis=1),
        "model_names": np.array([f"m{i}" for i in range(n_models)]),
        "item_names": np.array([f"i{i}" for i in range(n_items)]),
        "families": np.array(["f"] * n_models),
    }
    if missing.any():
        arrays["missing"] = np.packbits(missing.T, axis=1)
    arrays.update(changes)
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return Path(path)


def test_hand_packed_bits(tmp_path):
    # Two items by ten models: 1010000001 and 0000000010, most significant bit first.
    path = write_archive(
        tmp_path / "hand.npz",
        np.zeros((10, 2)),
        bits=np.array([[0b10100000, 0b01000000], [0b00000000, 0b10000000]], dtype=np.uint8),
    )
    scores = read_archive(path).scores
    assert scores[:, 0].tolist() == [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    assert scores[:, 1].tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]


@given(
    scores=hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20),
        elements=st.sampled_from([0.0, 1.0, np.nan]),
    )
)
@settings(max_examples=40, deadline=None)
def test_round_trip(tmp_path_factory, scores):
    path = write_archive(tmp_path_factory.mktemp("archive") / "a.npz", scores)
    archive = read_archive(path)
    np.testing.assert_array_equal(archive.scores, scores)
    assert archive.scores.dtype == np.float64
    assert archive.scores.flags.c_contiguous
    assert archive.model_names.shape == archive.families.shape == scores.shape[:1]
    assert archive.item_names.shape == scores.shape[1:]


@pytest.mark.parametrize("absent", ["bits", "model_names", "item_names", "families"])
def test_an_absent_array_is_named(tmp_path, absent):
    path = write_archive(tmp_path / "short.npz", np.zeros((3, 4)), **{absent: None})
    with pytest.raises(ValueError, match=rf"short\.npz .* also needs \['{absent}'\]"):
        read_archive(path)


@pytest.mark.parametrize("name", ["bits", "missing"])
def test_a_wrong_shape_is_named(tmp_path, name):
    wrong = np.zeros((5, 1), dtype=np.uint8)
    path = write_archive(tmp_path / "bad.npz", np.zeros((3, 4)), **{name: wrong})
    with pytest.raises(
        ValueError, match=rf"'{name}' of bad\.npz has shape \(5, 1\).*need \(4, 1\)"
    ):
        read_archive(path)


def test_a_pickle_is_refused(tmp_path):
    objects = np.array(["m0", None], dtype=object)
    path = write_archive(tmp_path / "pickle.npz", np.zeros((2, 3)), model_names=objects)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        read_archive(path)


def test_every_description_has_its_file_and_every_file_its_description():
    assert [f"{name}.npz" for name in sorted(DESCRIPTIONS)] == SHIPPED


def test_shipped_files_are_small():
    assert sum(len(DATA.joinpath(name).read_bytes()) for name in SHIPPED) < 170_000


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_files_hold_plain_arrays_only(name):
    with DATA.joinpath(name).open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        arrays = {key: archive[key] for key in archive.files}
    assert set(arrays) - {"missing"} == {"bits", "model_names", "item_names", "families"}
    assert {array.dtype.kind for array in arrays.values()} == {"u", "U"}
    if "missing" in arrays:
        assert arrays["missing"].any()
        assert not (arrays["missing"] & arrays["bits"]).any()


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_names_are_unique(name):
    archive = read_archive(shipped_archive(name.removesuffix(".npz")))
    assert len(set(archive.model_names)) == len(archive.model_names) == len(archive.scores)
    assert len(set(archive.item_names)) == len(archive.item_names) == archive.scores.shape[1]
    assert archive.families.shape == archive.model_names.shape
    assert all(family and family == family.strip() for family in archive.families)
