"""The README's Python blocks run as they stand, but for the size of the grid search."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(scope="module")
def blocks():
    return re.findall(
        r"^```python\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


@pytest.mark.slow
def test_the_readme_examples_run(blocks, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the plan is saved
    pipeline_example, search_example, plan_example, compare_example = blocks
    names = {}
    exec(pipeline_example, names)
    printed = capsys.readouterr().out
    assert "gsm/" in printed  # the items to run

    smaller = search_example.replace("GroupKFold(5)", "GroupKFold(2)").replace(
        "[20, 50, 100]", "[20]"
    )
    assert smaller != search_example
    exec(smaller, names)
    assert names["search"].best_score_ > -0.1
    assert set(names["search"].best_params_) == set(names["grid"])

    lines = [line for line in plan_example.splitlines() if line and not line.startswith("#")]
    assert len(lines) <= 10
    exec(plan_example, names)
    printed = capsys.readouterr().out
    assert "90 % within" in printed
    assert "high" in printed
    assert (tmp_path / "plan" / "plan.json").is_file()

    fewer = compare_example.replace("random_state=0", "random_state=0, cv=3")
    assert fewer != compare_example
    exec(fewer, names)
    assert names["comparison"].failures().empty
    assert "sparse-ridge" in capsys.readouterr().out


def test_there_are_two_install_commands():
    commands = re.findall(
        r"^```sh\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert [command.count("\n") for command in commands] == [1, 1]
    assert all(command.startswith("pip install torch==") for command in commands)
