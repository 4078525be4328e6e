import re

import pytest

from sklearn_sparseeval.cli import main
from sklearn_sparseeval.datasets import load_helm_lite

pytestmark = pytest.mark.slow


@pytest.mark.slow
def test_the_table_is_true(capsys):
    assert main(["demo", "--dataset", "helm_lite_commonsense", "--n-anchors", "20"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("helm_lite_commonsense: 83 models x 500 items.\n")
    assert out.endswith("20 of 500 items, 4.0% of the benchmark.\n")

    bunch = load_helm_lite(task="commonsense")
    score = dict(zip(bunch.model_names, bunch.target, strict=True))
    rows = re.findall(r"^(\S+) +([\d.]+)% +([\d.]+)% +([+-][\d.]+)$", out, flags=re.MULTILINE)
    assert len(rows) >= 10
    for name, predicted, actual, error in rows:
        assert float(actual) == pytest.approx(100 * score[name], abs=0.051)
        assert float(error) == pytest.approx(float(predicted) - float(actual), abs=0.11)
    actuals = [float(actual) for _, _, actual, _ in rows]
    assert actuals == sorted(actuals, reverse=True)

    ours, random = (
        float(re.search(rf"^{label} +([\d.]+) points", out, flags=re.MULTILINE).group(1))
        for label in ("this plan", "mean of 20 random items")
    )
    assert 0 < ours < random


@pytest.mark.slow
def test_another_seed_holds_out_other_models(capsys):
    outputs = []
    for seed in ("0", "0", "1"):
        main(["demo", "--dataset", "mathvision", "--n-anchors", "10", "--seed", seed])
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    assert outputs[0] != outputs[2]


@pytest.mark.slow
def test_a_history_with_missing_results(capsys):
    assert main(["demo", "--dataset", "zeroeval_gsm", "--n-anchors", "15"]) == 0
    assert "15 of 1319 items" in capsys.readouterr().out


@pytest.mark.slow
def test_a_long_list_of_models_is_thinned_and_says_so(capsys):
    assert main(["demo", "--n-anchors", "5"]) == 0
    out = capsys.readouterr().out
    shown = re.findall(r"^\S.* [+-][\d.]+$", out, flags=re.MULTILINE)
    hidden = int(re.search(r"\((\d+) more models", out).group(1))
    assert len(shown) == 20
    assert f"tested on {len(shown) + hidden} models" in out
