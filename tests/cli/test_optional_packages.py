import pytest

from sklearn_sparseeval.cli import _optional_packages
from sklearn_sparseeval.cli._optional_packages import require_packages


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ({"skops"}, r"select needs skops\. Install with pip install 'sklearn-sparseeval\[harness"),
        ({"skops", "pandas"}, "select needs pandas and skops"),
    ],
    ids=["one", "two"],
)
def test_what_is_missing_is_named(monkeypatch, missing, message):
    monkeypatch.setattr(
        _optional_packages, "find_spec", lambda name: None if name in missing else 1
    )
    with pytest.raises(ValueError, match=message):
        require_packages("select", "pandas", "skops")


def test_nothing_is_said_of_what_is_there():
    require_packages("select", "numpy")
