import io
import subprocess
import sys

import pytest

from sklearn_sparseeval import __version__
from sklearn_sparseeval.cli import main


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["demo", "--n-anchors", "0"], "0 is not at least 1"),
        (["demo", "--n-anchors", "few"], "'few' is not a whole number"),
        (["demo", "--n-anchors", "1.5"], "'1.5' is not a whole number"),
        (["demo", "--seed", "-1"], "-1 is not between 0"),
        (["demo", "--seed", str(2**32)], "is not between"),
        (["demo", "--dataset", "imagenet"], "'imagenet'"),
        (["predict-the-weather"], "'predict-the-weather'"),
        ([], "required"),
    ],
)
def test_a_wrong_argument_gets_one_line_and_exit_code_2(argv, complaint, capsys):
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert complaint in captured.err
    assert "--help" in captured.err


def test_a_wrong_value_found_later_gets_one_line_and_exit_code_2(capsys):
    assert main(["demo", "--dataset", "mathvision", "--n-anchors", "9999"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "sparseeval: error: --n-anchors 9999 is more than the 3040 items of mathvision. "
        "Choose fewer.\n"
    )


def test_ctrl_c_ends_with_130_and_no_traceback(capsys, monkeypatch):
    def interrupt(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("sklearn_sparseeval.cli._demo.run", interrupt)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err == "sparseeval: stopped\n"


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    assert "demo" in capsys.readouterr().out


@pytest.mark.slow
def test_python_dash_m_is_the_same_command():
    output = subprocess.run(
        [sys.executable, "-m", "sklearn_sparseeval", "--version"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert output.stdout == f"sparseeval {__version__}\n"


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (3, 3)])
def test_a_command_can_return_its_exit_code(returned, code, monkeypatch):
    monkeypatch.setattr("sklearn_sparseeval.cli._demo.run", lambda arguments: returned)
    assert main(["demo"]) == code


def test_an_error_of_several_lines_becomes_one(capsys, monkeypatch):
    def fail(arguments):
        raise ValueError("one\n  two")

    monkeypatch.setattr("sklearn_sparseeval.cli._demo.run", fail)
    assert main(["demo"]) == 2
    assert capsys.readouterr().err == "sparseeval: error: one two\n"


def test_help_tells_the_commands_and_the_exit_codes(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = " ".join(capsys.readouterr().out.split())
    for command in ("demo", "import", "select", "predict", "show", "compare"):
        assert f" {command} " in printed
    for code in ("0 all went well", "2 a wrong argument", "3 results that do not", "130 stopped"):
        assert code in printed


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [("cp1252", b"\xb1 \\u6a21\n"), ("ascii", b"\\xb1 \\u6a21\n"), ("utf-8", "± 模\n".encode())],
)
def test_names_that_a_console_cannot_print_lose_nothing(encoding, printed, monkeypatch):
    console = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    monkeypatch.setattr(sys, "stdout", console)
    monkeypatch.setattr(
        "sklearn_sparseeval.cli._demo.run", lambda arguments: sys.stdout.write("± 模\n") and None
    )
    assert main(["demo"]) == 0
    console.flush()
    assert console.buffer.getvalue() == printed


def test_a_stream_that_is_no_console_is_left_alone(monkeypatch):
    written = io.StringIO()  # as notebooks put in place of stdout
    monkeypatch.setattr(sys, "stdout", written)
    monkeypatch.setattr(
        "sklearn_sparseeval.cli._demo.run", lambda arguments: sys.stdout.write("模\n") and None
    )
    assert main(["demo"]) == 0
    assert written.getvalue() == "模\n"


@pytest.mark.parametrize("command", ["import", "select", "predict", "show", "compare", "demo"])
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert "usage: sparseeval" in capsys.readouterr().out


def test_examples_of_help_stand_on_lines_of_their_own(capsys):
    with pytest.raises(SystemExit):
        main(["import", "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert "sparseeval import lm_eval_out -o scores.parquet" in lines


def test_nobody_has_to_read_to_the_end():
    command = [sys.executable, "-m", "sklearn_sparseeval", "compare", "--list-methods"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        error = process.stderr.read()
    assert b"Traceback" not in error
    assert b"BrokenPipe" not in error
