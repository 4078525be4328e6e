"""How long importing many logs of lm-evaluation-harness takes, and how much memory.

Writes sample files as lm-eval does (one per model and task, two metrics, a prompt with shots) into
a temporary folder, runs ``sparseeval import`` on it, and prints the time and the peak of the memory
of all its processes together (proportional set size; Linux only)::

    python docs/benchmarks/import_logs.py
"""

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DATE = "2026-11-22T10-41-46.232288"
WORDS = [
    "the",
    "of",
    "a",
    "model",
    "answer",
    "city",
    "number",
    "capital",
    "from",
    "which",
    "letter",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--tasks", type=int, default=20)
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--prompt", type=int, default=1000, help="characters of a prompt")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        n_bytes = write_logs(Path(folder, "logs"), arguments)
        n_files = arguments.models * arguments.tasks
        print(f"{n_files} files x {arguments.lines} lines, {n_bytes / 1e9:.2f} GB in all")
        command = [sys.executable, "-m", "sklearn_sparseeval", "import", f"{folder}/logs"]
        command += ["-o", f"{folder}/scores.parquet", "--jobs", str(arguments.jobs)]
        seconds, peak = measured(command)
        print(f"sparseeval import --jobs {arguments.jobs}: {seconds:.0f} s, {peak / 1e6:.0f} MB")


def write_logs(folder: Path, arguments: argparse.Namespace) -> int:
    """Write the logs of all models; return how many bytes they have."""
    n_bytes = 0
    tasks = [task_lines(f"task_{number}", arguments) for number in range(arguments.tasks)]
    for model in range(arguments.models):
        name = f"lab-{model // 4}/model-{model}"
        own = folder / name.replace("/", "__")
        own.mkdir(parents=True)
        luck = random.Random(model)
        means = {}
        for number, lines in enumerate(tasks):
            path = own / f"samples_task_{number}_{DATE}.jsonl"
            scores = [float(luck.random() < 0.6) for _ in lines]
            means[f"task_{number}"] = sum(scores) / len(scores)
            with path.open("w") as file:
                for line, acc in zip(lines, scores, strict=True):
                    file.write(f'{line}, "acc": {acc}, "acc_norm": {acc}}}\n')
            n_bytes += path.stat().st_size
        results = results_file(name, means, arguments.lines)
        (own / f"results_{DATE}.json").write_text(json.dumps(results))
    return n_bytes


def task_lines(task: str, arguments: argparse.Namespace) -> list[str]:
    """Make the lines of a task, all but the metrics and the closing brace."""
    words = random.Random(task)
    lines = []
    for number in range(arguments.lines):
        question = " ".join(words.choices(WORDS, k=20))
        shots = " ".join(words.choices(WORDS, k=arguments.prompt // 5))
        record = {
            "doc_id": number,
            "doc": {"question": question, "choices": ["a", "b", "c", "d"], "answer": number % 4},
            "target": str(number % 4),
            "arguments": {"gen_args_0": {"arg_0": f"{shots}\n{question}", "arg_1": " a"}},
            "resps": [[["-0.83", "False"]], [["-0.67", "False"]]],
            "filtered_resps": [["-0.83", "False"], ["-0.67", "False"]],
            "filter": "none",
            "metrics": ["acc", "acc_norm"],
            "doc_hash": hashlib.sha256(f"{task} {number}".encode()).hexdigest(),
            "prompt_hash": hashlib.sha256(shots.encode()).hexdigest(),
            "target_hash": hashlib.sha256(str(number % 4).encode()).hexdigest(),
        }
        lines.append(json.dumps(record)[:-1])
    return lines


def results_file(name: str, means: dict[str, float], n_lines: int) -> dict:
    """Make what lm-eval writes beside the samples, as far as it is read."""
    sizes = {"original": n_lines, "effective": n_lines}
    return {
        "results": {
            task: {"acc,none": mean, "acc_norm,none": mean} for task, mean in means.items()
        },
        "group_subtasks": {"all_tasks": list(means)},
        "versions": dict.fromkeys(means, 1.0),
        "n-shot": dict.fromkeys(means, 5),
        "n-samples": dict.fromkeys(means, sizes),
        "config": {"model": "hf", "model_args": {"pretrained": name}},
        "model_source": "hf",
        "model_name": name,
    }


def measured(command: list[str]) -> tuple[float, int]:
    """Run a command; return its seconds, and the peak of its memory in bytes."""
    start, peak = time.perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, sum(map(memory, descendants(process.pid))))
        time.sleep(0.1)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"the command failed: {' '.join(command)}")
    return seconds, peak


def descendants(pid: int) -> list[int]:
    """List a process, its children, and theirs."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:
                continue
    return found


def memory(pid: int) -> int:
    """Read a process's share of the memory, in bytes; 0 when it has ended."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    sizes = [line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:")]
    return 1024 * int(sizes[0]) if sizes else 0


if __name__ == "__main__":
    main()
