"""What must hold before anything else is imported, and which files a run can leave unread."""

import gc
import os
from pathlib import Path

from hypothesis import settings

os.environ["SCIPY_ARRAY_API"] = "1"  # scipy reads it once; without it scikit-learn skips a check

# A deadline would fail a test for what else the machine does.
settings.register_profile("suite", deadline=None, print_blob=True)
settings.load_profile("suite")

# Files that are of one marker as a whole, and dear to read: they build every estimator or list
# every docstring while they are imported. A run without their marker does not import them.
WHOLE_FILES = {
    "test_docstrings.py": "contract",
    "test_estimator_checks.py": "contract",
    "test_sklearn_contract.py": "contract",
    "test_published_figures.py": "slow",
    "test_tutorials.py": "real_harness",
}


def pytest_collection():
    """Let the garbage collector rest while thousands of tests are made."""
    gc.disable()


def pytest_collection_finish():
    """Spare what is there for good from every later search for garbage."""
    gc.freeze()
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config):
    """Leave out a file whose marker the whole expression excludes: "not a and not b"."""
    marker = WHOLE_FILES.get(collection_path.name)
    excluded = config.option.markexpr.split(" and ")
    return True if marker and f"not {marker}" in excluded else None
