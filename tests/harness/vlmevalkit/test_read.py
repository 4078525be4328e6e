import json
import math

import pandas as pd
import pytest
from openpyxl import Workbook

from sklearn_sparseeval import ResultsError, ResultsWarning
from sklearn_sparseeval.harness import read_vlmevalkit

RUN = "outputs/acme/T20260818-120102"
KEYS = ["model", "task", "item", "metric", "filter", "epoch", "value", "group"]


def write(path, rows):
    """Write a table as pandas does for VLMEvalKit: all cells of a TSV in quotation marks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame(rows)
    if path.suffix == ".tsv":
        frame.to_csv(path, sep="\t", index=False, quoting=1)
    elif path.suffix == ".json":
        path.write_text(json.dumps(frame.to_dict("records"), indent=4))
    else:
        frame.to_excel(path, index=False)
    return path


def rows_of(**columns):
    n_rows = len(next(iter(columns.values())))
    return [
        {"index": number, "prediction": "A", **{key: one[number] for key, one in columns.items()}}
        for number in range(n_rows)
    ]


def values(results, metric=None):
    chosen = results if metric is None else results[results["metric"] == metric]
    return dict(zip(chosen["item"], chosen["value"], strict=True))


def test_the_same_table_in_every_format(tmp_path):
    rows = rows_of(
        question=['What\nis "it"?', "Which\ttab?", "3"],
        A=[1.5, 2.0, math.nan],
        B=["x", "y", math.nan],
        answer=["A", "B", "7"],
        category=["logic", "maths", math.nan],
        hit=[1, 0, math.nan],
    )
    tables = {}
    for suffix in (".tsv", ".json", ".xlsx"):
        folder = tmp_path / suffix[1:] / "acme"
        write(folder / f"acme_MMStar_gpt-4o_result{suffix}", rows)
        tables[suffix] = read_vlmevalkit(folder).drop(columns="source")
    expected = pd.DataFrame(
        [
            ("acme", "MMStar", "0", "hit", "gpt-4o", 1, 1.0, "logic"),
            ("acme", "MMStar", "1", "hit", "gpt-4o", 1, 0.0, "maths"),
            ("acme", "MMStar", "2", "hit", "gpt-4o", 1, math.nan, "MMStar"),
        ],
        columns=KEYS,
    )
    for table in tables.values():
        pd.testing.assert_frame_equal(table[KEYS].astype(expected.dtypes), expected)
        pd.testing.assert_frame_equal(table, tables[".tsv"])
    assert tables[".tsv"]["content_hash"].nunique() == 3
    assert tables[".tsv"]["prompt_hash"].isna().all()


def test_contents_are_the_question_the_options_and_the_answer(tmp_path):
    base = {"index": 0, "question": "q", "A": "a", "B": "b", "answer": "A", "hit": 1}
    changes = [{}, {"question": "p"}, {"A": "c"}, {"B": None}, {"answer": "B"}]
    same = [{"prediction": "Z"}, {"hit": 0}, {"log": "x"}, {"question": " q\r\n"}]
    hashes = []
    for number, change in enumerate([*changes, *same]):
        write(tmp_path / f"m{number}" / f"m{number}_D_result.json", [base | change])
        hashes.append(read_vlmevalkit(tmp_path / f"m{number}")["content_hash"].item())
    assert len(set(hashes[: len(changes)])) == len(changes)
    assert set(hashes[len(changes) :]) == {hashes[0]}
    write(tmp_path / "n" / "n_D_result.json", [{"index": 0, "hit": 1}])
    assert read_vlmevalkit(tmp_path / "n")["content_hash"].isna().all()


@pytest.mark.parametrize("judged", ["result", "gpt-4o_result", "gpt-4o", "auxmatch", "judge"])
def test_the_judged_table_wins_over_the_predictions(tmp_path, judged):
    write(tmp_path / RUN / "acme_D.tsv", rows_of(score=[0.0, 0.0]))
    write(tmp_path / RUN / f"acme_D_{judged}.tsv", rows_of(score=[1.0, 0.5]))
    assert values(read_vlmevalkit(tmp_path)) == {"0": 1.0, "1": 0.5}


@pytest.mark.parametrize("beside", [None, {"Overall": 1.0}, [{"split": "test", "Overall": 1.0}]])
def test_scores_that_were_added_to_the_predictions_are_read(tmp_path, beside):
    write(tmp_path / RUN / "acme_MM_Math.tsv", rows_of(hit=[1, 0]))
    if beside:
        (tmp_path / RUN / "acme_MM_Math_score.json").write_text(json.dumps(beside))
    results = read_vlmevalkit(tmp_path)
    assert values(results) == {"0": 1.0, "1": 0.0}
    assert results["filter"].unique().tolist() == ["none"]


def test_predictions_that_were_not_judged_are_counted(tmp_path):
    for name in ("acme_A.tsv", "acme_B.xlsx", "acme_C.json"):
        write(tmp_path / RUN / name, rows_of(question=["x"]))
    write(tmp_path / RUN / "acme_D_result.tsv", rows_of(hit=[1]))
    write(tmp_path / RUN / "acme_D.tsv", rows_of(question=["x"]))
    (tmp_path / RUN / "acme_A_acc.csv").write_text("x\n1\n")
    (tmp_path / RUN / "acme_A_result.pkl").write_bytes(b"never read")
    with pytest.warns(ResultsWarning, match=r"3 tables of predictions .* let VLMEvalKit judge"):
        results = read_vlmevalkit(tmp_path)
    assert results["task"].unique().tolist() == ["D"]


def test_tables_of_averages_are_no_results_per_item(tmp_path):
    write(tmp_path / RUN / "acme_D_score.xlsx", [{"split": "test", "Overall": 0.5}])
    write(tmp_path / RUN / "acme_D_gpt-4o_result.xlsx", rows_of(hit=[1]))
    assert values(read_vlmevalkit(tmp_path)) == {"0": 1.0}


def test_two_judges_are_two_filters(tmp_path):
    for judge, hit in (("exact_matching", 0), ("gpt-4o-mini", 1)):
        write(tmp_path / RUN / f"acme_D_{judge}_result.tsv", rows_of(hit=[hit]))
    write(tmp_path / RUN / "acme_D.tsv", rows_of(question=["x"]))
    results = read_vlmevalkit(tmp_path)
    by_filter = dict(zip(results["filter"], results["value"], strict=True))
    assert by_filter == {"exact_matching": 0.0, "gpt-4o-mini": 1.0}


def test_runs_have_dates_and_links_to_them_are_no_second_reading(tmp_path):
    for run in ("T20260818-120102", "T20250101_Gabc"):
        path = write(tmp_path / f"acme/{run}/acme_D_result.tsv", rows_of(hit=[1]))
    (tmp_path / "acme" / path.name).symlink_to(path)
    results = read_vlmevalkit(tmp_path)
    assert sorted(results["date"]) == ["2025-01-01", "2026-08-18T12:01:02"]


@pytest.mark.parametrize("name", ["D_anchors", "D_anchors_2"])
def test_the_anchors_of_a_data_set_are_of_its_task(tmp_path, name):
    write(tmp_path / f"acme/acme_{name}.tsv", rows_of(question=["x"]))
    write(tmp_path / f"acme/acme_{name}_gpt-4o_result.tsv", rows_of(hit=[1]))
    results = read_vlmevalkit(tmp_path)
    assert (results["task"].item(), results["filter"].item()) == ("D", "gpt-4o")


def test_circular_tables_have_one_row_per_question(tmp_path):
    rows = [{"index": index, "g_index": index, "hit": index % 2} for index in (3, 4)]
    write(tmp_path / RUN / "acme_MMBench_DEV_EN_openai_result.tsv", rows)
    assert values(read_vlmevalkit(tmp_path)) == {"3": 1.0, "4": 0.0}


def test_pairs_of_mme(tmp_path):
    rows = rows_of(
        category=["OCR", "OCR", "OCR", "OCR", "count"],
        image_path=["a.png", "a.png", "b.png", "b.png", "a.png"],
        extracted=["Yes"] * 5,
        score=[True, True, True, False, True],
    )
    write(tmp_path / RUN / "acme_MME_auxmatch.tsv", rows)
    with pytest.warns(ResultsWarning, match="1 items have no metric 'pair'"):
        results = read_vlmevalkit(tmp_path)
    assert values(results, "score") == {"0": 1, "1": 1, "2": 1, "3": 0, "4": 1}
    pairs = values(results, "pair")
    assert math.isnan(pairs.pop("4"))
    assert pairs == {"0": 1.0, "1": 1.0, "2": 0.0, "3": 0.0}
    assert results.groupby("metric", observed=True)["content_hash"].count().tolist() == [0, 0]
    assert set(results.loc[results["metric"] == "pair", "group"]) == {"OCR", "count"}


@pytest.mark.parametrize("task", ["POPE", "MME-RealWorld"])
def test_only_the_yes_or_no_questions_of_mme_have_pairs(tmp_path, task):
    columns = {"image_path": ["a.png"] * 2, "score": [1, 0]}
    columns |= {"extracted": ["Yes", "No"]} if task == "POPE" else {}
    write(tmp_path / RUN / f"acme_{task}_auxmatch.tsv", rows_of(**columns))
    assert read_vlmevalkit(tmp_path)["metric"].unique().tolist() == ["score"]


@pytest.mark.parametrize(
    ("task", "scores"), [("DocVQA_VAL", [0.8, 0.0]), ("TextVQA_VAL", [0.6, 1])]
)
def test_matches_are_scored_by_the_data_sets_rule(tmp_path, task, scores):
    rows = rows_of(eval_match=[[0.2, 1.0], [1.0, 1.0]], eval_score=[0.6, 1.0])
    write(tmp_path / RUN / f"acme_{task}_results.tsv", rows)
    results = read_vlmevalkit(tmp_path)
    assert results["metric"].unique().tolist() == ["eval_score"]
    assert results["value"].tolist() == pytest.approx(scores)


def test_scores_of_minus_one_were_not_judged(tmp_path):
    write(tmp_path / RUN / "acme_Video-MME_score.tsv", rows_of(score=[-1, 1, 0]))
    with pytest.warns(ResultsWarning, match=r"1 scores of -1 are taken as not scored.*; in .*acme"):
        results = read_vlmevalkit(tmp_path)
    assert math.isnan(results["value"][0])
    assert results["value"][1:].tolist() == [1.0, 0.0]


def test_texts_are_refused_by_name_and_counted(tmp_path):
    rows = rows_of(score=["[YES]", "[NO]", "1"], hit=[1, "inf", 0])
    write(tmp_path / RUN / "acme_D_gpt-4o_score.tsv", rows)
    with pytest.warns(ResultsWarning) as caught:
        results = read_vlmevalkit(tmp_path)
    messages = sorted(str(one.message) for one in caught)
    assert [message[:3] for message in messages] == ["1 s", "2 s"]
    assert "metric 'hit' of task 'D' holds inf" in messages[0]
    assert "metric 'score' of task 'D' holds '[YES]'" in messages[1]
    assert values(results, "hit") == {"0": 1.0, "2": 0.0}
    assert values(results, "score") == {"2": 1.0}


def test_answers_that_could_not_be_had_are_counted(tmp_path):
    rows = rows_of(hit=[0, 1])
    rows[0]["prediction"] = "Failed to obtain answer via API."
    write(tmp_path / RUN / "acme_D_result.tsv", rows)
    with pytest.warns(ResultsWarning, match="1 items were scored although the model gave no"):
        results = read_vlmevalkit(tmp_path)
    assert values(results) == {"0": 0.0, "1": 1.0}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"index": 1, "hit": 1}, {"index": 1, "hit": 0}], "row 2 has the index '1' of an earlier"),
        ([{"index": 1, "hit": 1}, {"index": "1.0", "hit": 0}], "row 2 has the index '1'"),
        ([{"index": 1, "hit": 1}, {"hit": 0}], "row 2 has the index None; expected an integer"),
    ],
)
def test_rows_that_are_not_told_apart_are_refused(tmp_path, rows, message):
    path = tmp_path / "acme" / "acme_D_result.json"
    path.parent.mkdir()
    path.write_text(json.dumps(rows))
    with pytest.raises(ResultsError, match=f"acme_D_result.json: {message}"):
        read_vlmevalkit(tmp_path)


def test_a_broken_table_can_be_left_out(tmp_path):
    write(tmp_path / RUN / "acme_A_result.tsv", rows_of(hit=[1]))
    (tmp_path / RUN / "acme_B_result.xlsx").write_bytes(b"PK")
    with pytest.raises(ResultsError, match=r"acme_B_result.xlsx: is not a valid Excel workbook"):
        read_vlmevalkit(tmp_path)
    with pytest.warns(ResultsWarning, match="1 files that cannot be read were left out"):
        results = read_vlmevalkit(tmp_path, on_error="skip")
    assert results["task"].tolist() == ["A"]


def test_a_broken_judged_table_does_not_pass_for_none(tmp_path):
    write(tmp_path / RUN / "acme_D.tsv", rows_of(hit=[1]))
    (tmp_path / RUN / "acme_D_judge.json").write_text("[{")
    with pytest.raises(ResultsError, match=r"acme_D.tsv: acme_D_judge.json beside it is not valid"):
        read_vlmevalkit(tmp_path)


def test_a_link_to_nothing_is_told(tmp_path):
    write(tmp_path / RUN / "acme_D.tsv", rows_of(hit=[1]))
    (tmp_path / RUN / "acme_D_judge.json").symlink_to(tmp_path / "nothing")
    with pytest.warns(ResultsWarning, match=r"1 files .* were left out.*acme_D_judge.json"):
        results = read_vlmevalkit(tmp_path, on_error="skip")
    assert values(results) == {"0": 1.0}


def test_long_cells_that_a_workbook_cuts_have_one_fingerprint(tmp_path):
    text = "x" * 32_767
    book = Workbook()
    for line in (["index", "question", "hit"], [0, text, 1]):
        book.active.append(line)
    (tmp_path / "a").mkdir()
    book.save(tmp_path / "a" / "a_D_result.xlsx")
    write(tmp_path / "b" / "b_D_result.tsv", [{"index": 0, "question": text + "y", "hit": 1}])
    assert read_vlmevalkit(tmp_path)["content_hash"].nunique() == 1


def test_in_parallel_it_is_the_same(tmp_path):
    for model in "abc":
        write(tmp_path / model / f"{model}_D_result.tsv", rows_of(hit=[1, 0]))
    pd.testing.assert_frame_equal(read_vlmevalkit(tmp_path), read_vlmevalkit(tmp_path, n_jobs=2))


@pytest.mark.parametrize("files", [[], ["acme.txt"], ["downloads/acme_D_result.tsv"]])
def test_without_a_table_the_error_says_what_was_looked_for(tmp_path, files):
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(ResultsError, match=rf"no table <model>/<run>/.* the {len(files)} files"):
        read_vlmevalkit(tmp_path)
