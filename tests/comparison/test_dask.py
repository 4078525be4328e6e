"""A comparison on a dask cluster of two workers gives the table that it gives here."""

import dask
import joblib
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from sklearn_sparseeval.comparison import compare_estimators
from sklearn_sparseeval.datasets import make_score_matrix


@pytest.fixture(scope="module")
def cluster():
    patience = {"distributed.comm.timeouts.connect": "10m", "distributed.comm.timeouts.tcp": "10m"}
    with (
        dask.config.set(patience),  # the machine may have other things to do
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster, timeout=600) as client,
    ):
        yield client


@pytest.mark.slow
def test_the_table_is_the_same(cluster):
    panel = make_score_matrix(60, 40, n_families=12, random_state=0)
    arguments = {
        "estimators": ["random-ridge", "stratified-difference", "sparse-ridge"],
        "X": panel.data,
        "groups": panel.families,
        "n_anchors": [5, 10],
        "cv": 4,
        "random_state": 0,
    }
    here = compare_estimators(**arguments)
    with joblib.parallel_config("dask"):
        there = compare_estimators(**arguments)
    workers = {state["nthreads"] for state in cluster.scheduler_info()["workers"].values()}
    assert (len(cluster.scheduler_info()["workers"]), workers) == (2, {1})
    seconds = ["fit_seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(
        there.frame().drop(columns=seconds), here.frame().drop(columns=seconds), check_exact=True
    )
