"""Which versions can use a file of which."""

import re
from importlib.metadata import version

import pytest

import sklearn_sparseeval
from sklearn_sparseeval import PredictorError
from sklearn_sparseeval.plan.storage._versions import (
    OURS,
    check_versions,
    installed_versions,
    other_scikit_learn,
)


def test_versions_are_those_installed():
    found = installed_versions()
    assert found[OURS] == sklearn_sparseeval.__version__
    assert found["numpy"] == version("numpy")
    assert set(found) == {OURS, "python", "scikit-learn", "numpy", "scipy", "skops", "torch"}


@pytest.mark.parametrize(
    ("saved", "here", "advice"),
    [
        ("0.1.0", "0.1.0", None),
        ("0.1.7", "0.1.0", None),
        ("0.1.0", "0.1.9.dev3", None),
        ("1.0", "1.4.2", None),
        ("0.2.0", "0.1.0", "pip install --upgrade 'sklearn-sparseeval>=0.2.0'"),
        ("1.5.1", "1.4.2", "pip install --upgrade 'sklearn-sparseeval>=1.5.1'"),
        ("2.0", "1.4.2", "pip install --upgrade 'sklearn-sparseeval>=2.0'"),
        ("0.1.0", "0.2.0", "pip install 'sklearn-sparseeval==0.1.0'"),
        ("0.9", "1.0", "pip install 'sklearn-sparseeval==0.9'"),
        ("1.9", "2.0", "pip install 'sklearn-sparseeval==1.9'"),
    ],
)
def test_a_series_reads_its_own_files(saved, here, advice, monkeypatch, tmp_path):
    monkeypatch.setattr(sklearn_sparseeval, "__version__", here)
    if advice is None:
        check_versions(tmp_path, {OURS: saved})
        return
    match = f"was saved by {OURS} {re.escape(saved)}, and this is {re.escape(here)}.*"
    with pytest.raises(PredictorError, match=match + re.escape(advice)):
        check_versions(tmp_path, {OURS: saved})


def test_scikit_learn_is_compared_by_its_minor_version():
    here = version("scikit-learn")
    major, minor = here.split(".")[:2]
    assert other_scikit_learn({"scikit-learn": f"{major}.{minor}.99"}) is None
    told = other_scikit_learn({"scikit-learn": "1.2.2"})
    assert told == f"under scikit-learn 1.2.2, and this is {here}"


@pytest.mark.parametrize("text", ["", "x", "1", "9" * 100, "1." + "9" * 100])
def test_what_is_no_version_is_an_error(text, tmp_path):
    with pytest.raises(ValueError, match="is no version"):
        check_versions(tmp_path, {OURS: text})
