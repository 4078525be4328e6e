"""The reader for lm-evaluation-harness, fed with anything: it reads it, or says what is wrong."""

import json
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness import read_lm_eval

DATE = "2026-11-22T10-41-46.232288"
LINE = {
    "doc_id": 0,
    "doc": {"question": "Which?"},
    "target": "0",
    "arguments": {"gen_args_0": {"arg_0": "Q: Which?\nA:", "arg_1": " alpha"}},
    "resps": [[["-0.5", "False"]]],
    "filtered_resps": [["-0.5", "False"]],
    "filter": "none",
    "metrics": ["acc"],
    "doc_hash": "0123456789abcdef" * 4,
    "prompt_hash": "0123456789abcdef" * 4,
    "target_hash": "0123456789abcdef" * 4,
    "acc": 1.0,
}
RESULTS = {
    "results": {"demo": {"acc,none": 1.0}},
    "group_subtasks": {"suite": ["demo"]},
    "configs": {"demo": {"filter_list": [{"name": "none"}]}},
    "versions": {"demo": 1.0},
    "n-shot": {"demo": 5},
    "n-samples": {"demo": {"original": 1, "effective": 1}},
    "config": {"model": "hf", "model_args": {"pretrained": "acme/one"}, "limit": None},
    "model_source": "hf",
    "model_name": "acme/one",
}

ANY_CHARACTER = st.characters(exclude_categories=())  # halves of characters among them
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(ANY_CHARACTER),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=5,
)
line_changes = st.dictionaries(st.sampled_from([*LINE, "extra"]), json_values, max_size=3)
results_changes = st.dictionaries(st.sampled_from([*RESULTS]), json_values, max_size=3)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(line_changes, min_size=1, max_size=3),
    results=results_changes,
    cut=st.integers(0, 9),
)
def test_whatever_the_files_hold_it_is_read_or_refused(lines, results, cut, tmp_path):
    (tmp_path / f"results_{DATE}.json").write_text(json.dumps(RESULTS | results))
    text = "".join(json.dumps(LINE | line) + "\n" for line in lines)
    path = tmp_path / f"samples_demo_{DATE}.jsonl"
    path.write_text(text[: len(text) - cut])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResultsWarning)
        try:
            frame = read_lm_eval(path)
        except ResultsError as error:
            message = str(error)
        else:
            message = str(path)
            assert np.isfinite(frame["value"]).sum() + frame["value"].isna().sum() == len(frame)
    assert str(path) in message


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_whatever_bytes_a_file_holds_it_is_read_or_refused(content, tmp_path):
    path = tmp_path / f"samples_demo_{DATE}.jsonl"
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResultsWarning)
        with pytest.raises(ResultsError, match="samples_demo"):  # no 300 bytes of these are a line
            read_lm_eval(path)
