"""What must hold before anything else is imported, and which files a run can leave unread."""

import gc
import os
import re
from pathlib import Path

from hypothesis import settings

os.environ["SCIPY_ARRAY_API"] = "1"  # scipy reads it once; without it scikit-learn skips a check

# A deadline would fail a test for what else the machine does, and examples drawn anew in every run
# would let one commit pass and fail by turns. `--hypothesis-profile=search` draws them anew.
settings.register_profile("suite", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("suite")

WHOLE_FILE = re.compile(r"^pytestmark = pytest\.mark\.(\w+)$", re.MULTILINE)


def pytest_collection():
    """Let the garbage collector rest while thousands of tests are made."""
    gc.disable()


def pytest_collection_finish():
    """Spare what is there for good from every later search for garbage."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items):
    """Run the harnesses themselves first: at the end one process of two would wait for them."""
    items.sort(key=lambda item: item.get_closest_marker("real_harness") is None)


def pytest_ignore_collect(collection_path: Path, config):
    """Do not import a file of one marker that `-m` excludes, as in "not a and not b".

    To collect the contract's files takes ten seconds: they build every estimator.
    """
    excluded = config.option.markexpr.split(" and ")
    if excluded != [""] and collection_path.match("test_*.py"):
        marker = WHOLE_FILE.search(collection_path.read_text("utf-8"))
        if marker and f"not {marker[1]}" in excluded:
            return True
    return None
