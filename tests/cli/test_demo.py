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
    number = r" +([\d.]+)%"
    interval = rf"{number} to{number}"
    pattern = rf"^(\S+){number}{interval}{number} +([+-][\d.]+)  (.+)$"
    rows = re.findall(pattern, out, flags=re.MULTILINE)
    assert len(rows) >= 10
    assert {row[-1] for row in rows} >= {"like", "stronger"}
    for name, predicted, low, high, actual, error, _ in rows:
        assert float(low) <= float(predicted) <= float(high)
        assert float(actual) == pytest.approx(100 * score[name], abs=0.051)
        assert float(error) == pytest.approx(float(predicted) - float(actual), abs=0.11)
    actuals = [float(row[4]) for row in rows]
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
    shown = re.findall(r"^\S.* [+-][\d.]+  [a-z ]+$", out, flags=re.MULTILINE)
    hidden = int(re.search(r"\((\d+) more models", out).group(1))
    assert len(shown) == 20
    assert f"tested on {len(shown) + hidden} models" in out


@pytest.mark.slow
def test_a_picture_on_request(tmp_path, capsys):
    path = tmp_path / "demo.png"
    arguments = ["--dataset", "mathvision", "--n-anchors", "10", "--picture", str(path)]
    assert main(["demo", *arguments]) == 0
    assert capsys.readouterr().out.endswith(f"The picture is {path}.\n")
    assert path.read_bytes().startswith(b"\x89PNG")
