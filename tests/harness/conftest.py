"""Small valid results of every harness, and the fuzzer of their readers."""

import importlib
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "docs" / "benchmarks"


@pytest.fixture(scope="session")
def fuzz_readers():
    """The script that feeds mutated results to the readers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        script = importlib.import_module("fuzz_readers")
    # Whether a reader is quick is for the script to say, on a machine that does nothing else.
    script.CPU_SECONDS, script.WALL_SECONDS = 600.0, 3600.0
    return script


@pytest.fixture
def write_results(fuzz_readers, tmp_path):
    """Write valid results of a format, in a folder of tmp_path; gives the folder."""

    def write(name, folder="results"):
        fuzz_readers.write(tmp_path / folder, fuzz_readers.valid_files(name))
        return tmp_path / folder

    return write
