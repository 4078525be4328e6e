import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_sparseeval import ResultsError
from sklearn_sparseeval.harness import read_vlmevalkit, to_vlmevalkit_table

IMAGE = "x" * 65  # longer than any reference to another row


def anchors_of(*items, task="D"):
    return pd.DataFrame({"task": [task] * len(items), "item": [str(item) for item in items]})


def as_table(rows, quoting=csv.QUOTE_ALL, ending="\n"):
    file = io.StringIO()
    writer = csv.writer(file, delimiter="\t", quoting=quoting, lineterminator=ending)
    writer.writerows(rows)
    return file.getvalue().encode()


@pytest.fixture
def write(tmp_path):
    """Write the rows of anchors of a table; gives the number of rows, and what was written."""

    def run(content, items, dataset="D", name="D_anchors.tsv"):
        source = tmp_path / f"{dataset}.tsv"
        source.write_bytes(content)
        n_rows = to_vlmevalkit_table(anchors_of(*items), source, tmp_path / name, task="D")
        assert source.read_bytes() == content
        assert not list(tmp_path.glob("*.part"))
        return n_rows, (tmp_path / name).read_bytes()

    return run


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5)


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@given(cells=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6), data=st.data())
def test_rows_are_copied_byte_for_byte(tmp_path_factory, quoting, ending, cells, data):
    rows = [[f"i{number}", *row] for number, row in enumerate(cells)]
    chosen = data.draw(st.sets(st.sampled_from([row[0] for row in rows]), min_size=1))
    folder = tmp_path_factory.mktemp("LMUData")
    head = ["index", "question", "answer"]
    (folder / "D.tsv").write_bytes(as_table([head, *rows], quoting, ending))
    target = folder / "D_anchors.tsv"
    n_rows = to_vlmevalkit_table(anchors_of(*chosen), folder / "D.tsv", target, task="D")
    kept = [row for row in rows if row[0] in chosen]
    assert n_rows == len(kept) == len(chosen)
    assert target.read_bytes() == as_table([head, *kept], quoting, ending)


def test_images_beyond_any_limit_of_csv_are_copied(write):
    image = "A" * (csv.field_size_limit() + 1)
    head, row, other = (as_table([one]) for one in (["index", "image"], ["1", image], ["2", image]))
    assert write(head + row + other, ["2"]) == (1, head + other)


def test_a_byte_order_mark_and_a_last_row_without_line_break_stay(write):
    assert write(b"\xef\xbb\xbfindex\tq\n1\ta\n2\tb", ["2"]) == (1, b"\xef\xbb\xbfindex\tq\n2\tb")


@pytest.mark.parametrize("index", ["7", "007", "7.0"])
def test_an_index_is_what_pandas_takes_it_for(write, index):
    content = as_table([["index", "q"], [index, "a"], ["8", "b"]])
    assert write(content, ["7"])[0] == 1


@pytest.mark.parametrize("dataset", ["MMBench_DEV_EN", "BLINK_circular", "CCBench", "MMCR", "D"])
def test_rotations_of_an_anchor_come_with_it(write, dataset):
    indices = [3, 4, 1_000_003, 1_000_004, 2_000_003]
    content = as_table([["index", "q"], *([index, "x"] for index in indices)])
    n_rows, written = write(content, ["3"], dataset, f"{dataset}_anchors.tsv")
    kept = [3] if dataset == "D" else [3, 1_000_003, 2_000_003]
    assert written == as_table([["index", "q"], *([index, "x"] for index in kept)])
    assert n_rows == len(kept)


def test_rotations_are_told_by_the_group_where_the_table_names_it(write):
    rows = [["0", "0"], ["5", "0"], ["6", "6"], ["x", "6"]]
    content = as_table([["index", "g_index"], *rows])
    assert write(content, ["6"]) == (2, as_table([["index", "g_index"], *rows[2:]]))


def test_a_single_rotation_can_be_an_anchor(write):
    content = as_table([["index", "q"], [3, "x"], [1_000_003, "y"], ["a", "z"]])
    name = "MMBench_anchors.tsv"
    assert write(content, ["1000003"], "MMBench", name)[0] == 1
    assert write(content, ["a"], "MMBench", name)[0] == 1


def test_an_image_that_another_row_holds_comes_with_the_row(write):
    head = ["index", "image", "q"]
    rows = [["1", IMAGE, "a"], ["2", "1", "b"], ["3", "y" * 99, "c"]]
    content = as_table([head, *rows], ending="\r\n")
    expected = as_table([head, ["2", IMAGE, "b"]], ending="\r\n")
    assert write(content, ["2"]) == (1, expected)
    assert write(content, ["1", "2"]) == (2, as_table([head, *rows[:2]], ending="\r\n"))
    assert write(content, ["3"]) == (1, as_table([head, rows[2]], ending="\r\n"))


@pytest.mark.parametrize("image", ["", "nowhere"])
def test_a_cell_that_leads_to_no_image_stays(write, image):
    rows = [["index", "image", "q"], ["1", image, "a"], ["2", IMAGE, "b"]]
    assert write(as_table(rows), ["1"]) == (1, as_table(rows[:2]))


def test_what_was_written_before_is_replaced(write, tmp_path):
    (tmp_path / "D_anchors.tsv").write_text("old")
    assert write(b"index\tq\n1\ta\n", ["1"]) == (1, b"index\tq\n1\ta\n")


@pytest.mark.parametrize(
    ("name", "dataset"),
    [
        ("D_anchors.tsv", "D"),
        ("D_anchors_100.tsv", "D"),
        ("D_anchors.v2.tsv", "D"),
        ("D_anchors.tsv", "D_local"),  # of large tables, from which the images were taken out
    ],
)
def test_names_that_vlmevalkit_understands(write, name, dataset):
    assert write(b"index\tq\n1\ta\n", ["1"], dataset, name)[0] == 1


@pytest.mark.parametrize("name", ["D.tsv", "d.tsv", "anchors.tsv", "D_anchors.csv", "D_anchor.tsv"])
def test_other_names_are_refused(write, tmp_path, name):
    with pytest.raises(
        ResultsError, match=rf"path is .*{name}; expected D_anchors\.tsv, or a name"
    ):
        write(b"index\tq\n1\ta\n", ["1"], name=name)
    assert [path.name for path in tmp_path.iterdir()] == ["D.tsv"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"index\tq\n1\ta\n",
            "2 of the 3 anchors of task 'D' are not in the table, such as '2', '10'",
        ),
        (b"", "has no column 'index'; expected a table of VLMEvalKit"),
        (b"id\tq\n1\ta\n", "has no column 'index'"),
        (b"index\t\xff\n", "D.tsv: a cell is not UTF-8 text"),
        (b"index\tq\n1\ta\n2\n", "line 3 has 1 cells; expected 2, one for each column"),
        (b'index\tq\n1\t"a\n', "not in the table"),
    ],
)
def test_tables_without_the_anchors_are_refused(write, tmp_path, content, message):
    with pytest.raises(ResultsError, match=message):
        write(content, ["1", "10", "2"])
    assert [path.name for path in tmp_path.iterdir()] == ["D.tsv"]


def test_a_table_that_breaks_while_it_is_copied_leaves_nothing(write, tmp_path, monkeypatch):
    def fail(source, target):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write(b"index\tq\n1\ta\n", ["1"])
    assert [path.name for path in tmp_path.iterdir()] == ["D.tsv"]


def test_a_missing_source_or_task_is_told(tmp_path):
    arguments = anchors_of("1"), tmp_path / "D.tsv", tmp_path / "D_anchors.tsv"
    with pytest.raises(ResultsError, match=r"There is no file .*D\.tsv"):
        to_vlmevalkit_table(*arguments, task="D")
    with pytest.raises(ResultsError, match="No anchor is of task 'E'; the anchors are of 'D'"):
        to_vlmevalkit_table(*arguments, task="E")


def test_the_table_leads_back_to_the_task(write, tmp_path):
    """What VLMEvalKit makes of the table's rows is read as results of the data set's task."""
    table = as_table([["index", "question", "answer"], ["0", "x?", "A"], ["1", "y?", "B"]])
    _, written = write(table, ["1"])
    frame = pd.read_csv(io.BytesIO(written), sep="\t").assign(prediction="B")
    folder = tmp_path / "acme" / "T20260818-120102"
    folder.mkdir(parents=True)
    frame.to_csv(folder / "acme_D_anchors.tsv", sep="\t", index=False, quoting=1)
    judged = folder / "acme_D_anchors_gpt-4o_result.tsv"
    frame.assign(hit=1).to_csv(judged, sep="\t", index=False, quoting=1)
    results = read_vlmevalkit(tmp_path / "acme")
    row = results[["task", "item", "filter", "value"]].astype(object).iloc[0].tolist()
    assert row == ["D", "1", "gpt-4o", 1.0]
