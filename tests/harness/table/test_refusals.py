from sklearn_sparseeval.harness.table import NoSingleNumberError, Refusals, Rows


def test_refusals_are_counted_by_metric_with_the_first_value_of_each():
    rows = Rows(harness="h", model="m", task="sums")
    refusals = Refusals(rows)
    for metric, value in (("f1", "'a'"), ("f1", "'b'"), ("mcc", "a list of 0, 1")):
        refusals.add(metric, NoSingleNumberError(value))
    start = "scores were left out since they are no single number: metric "
    assert rows.notes == {
        f"{start}'f1' of task 'sums' holds 'a'": 2,
        f"{start}'mcc' of task 'sums' holds a list of 0, 1": 1,
    }
