"""The registry builds what it says, for complete and incomplete histories."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_sparseeval.datasets import make_score_matrix
from sklearn_sparseeval.methods import get_methods

REGISTERED = get_methods()


@pytest.fixture(scope="module", params=[0.0, 0.05], ids=["complete", "missing"])
def panel(request):
    return make_score_matrix(60, 40, missing=request.param, random_state=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", REGISTERED)
def test_a_method_predicts_from_so_many_anchors(panel, name):
    estimator = REGISTERED[name](n_anchors=12)
    seeds = {key: 0 for key in estimator.get_params() if key.endswith("random_state")}
    estimator.set_params(**seeds).fit(panel.data[:45], panel.target[:45])
    assert estimator.anchors_.shape == (12,)
    predicted = estimator.predict(panel.data[45:])
    spread = np.abs(panel.target[45:] - panel.target.mean()).mean()
    assert np.abs(predicted - panel.target[45:]).mean() < spread


@pytest.mark.parametrize("name", REGISTERED)
def test_a_method_says_what_it_is_and_builds_a_new_estimator(name):
    method = REGISTERED[name]
    assert method.name == name
    assert method.description.endswith(".")
    assert method.source
    assert method(5) is not method(5)
    copy = pickle.loads(pickle.dumps(method))
    assert repr(copy(5)) == repr(method(5))
    params = clone(method(0.5)).get_params()
    assert params["n_anchors" if name == "auto" else "selector__n_anchors"] == 0.5


def test_the_registry_is_a_copy():
    get_methods().clear()
    assert list(get_methods()) == list(REGISTERED)
    assert len(REGISTERED) > 30


@pytest.mark.slow
def test_naming_the_methods_imports_no_torch():
    program = (
        "import sys, sklearn_sparseeval; sklearn_sparseeval.get_methods()['sparse-ridge'](5);"
        "print('torch' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=600
    )
    assert run.stdout == "False\n"
