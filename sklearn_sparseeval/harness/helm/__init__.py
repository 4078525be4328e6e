"""HELM: its run folders are read."""

from sklearn_sparseeval.harness._harnesses import Harness
from sklearn_sparseeval.harness.helm._read import parse, read_helm, result_files

__all__ = ["HARNESS", "read_helm"]

HARNESS = Harness(
    name="helm",
    title="HELM",
    files="per_instance_stats.json, one per run",
    nothing_found=(
        "No results of HELM are under {paths}; expected files named per_instance_stats.json, which "
        "helm-run writes to benchmark_output/runs/SUITE/RUN/."
    ),
    result_files=result_files,
    parse=parse,
)
