import argparse

import pytest

from sklearn_sparseeval.cli._reading_arguments import add_reading_arguments, read_given_results


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ([], {"format": None, "n_jobs": -1, "on_error": "raise"}),
        (["--format", "auto"], {"format": None, "n_jobs": -1, "on_error": "raise"}),
        (
            ["--format", "helm", "--jobs", "3", "--skip-bad-files"],
            {"format": "helm", "n_jobs": 3, "on_error": "skip"},
        ),
    ],
    ids=["default", "auto", "all given"],
)
def test_what_is_asked_for_reaches_the_reader(monkeypatch, given, options):
    seen = {}

    def read(paths, **keywords):
        seen.update(keywords, paths=paths)
        return "table"

    monkeypatch.setattr("sklearn_sparseeval.harness.read_results", read)
    parser = argparse.ArgumentParser()
    add_reading_arguments(parser)
    assert read_given_results(parser.parse_args(["a", "b", *given])) == "table"
    assert seen == {"paths": ["a", "b"], **options}
