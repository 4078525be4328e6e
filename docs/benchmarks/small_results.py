"""Small valid results of every harness: folders as dicts of paths to contents."""

import io
import json
import struct
import zipfile
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

DATE = "2026-11-22T10-41-46.232288"
ZSTD = 93


def as_json(value):
    return json.dumps(value).encode()


def as_lines(records):
    return b"".join(as_json(record) + b"\n" for record in records)


def lm_eval():
    results = {
        "model_name": "acme/one",
        "config": {"model": "hf", "model_args": "pretrained=acme/one"},
        "versions": {"demo": 1.0},
        "n-shot": {"demo": 5},
        "group_subtasks": {"all": ["demo"]},
        "results": {"demo": {"acc,none": 0.5, "alias": "demo"}},
        "groups": {"all": {}},
        "higher_is_better": {"demo": {"acc": True}},
        "configs": {"demo": {"num_fewshot": 5}},
    }
    sample = {
        "doc": {"q": "1 + 1?"},
        "target": "2",
        "arguments": {"gen_args_0": {"arg_0": "x"}},
        "resps": [["2"]],
        "filtered_resps": ["2"],
        "doc_hash": "ab" * 32,
        "prompt_hash": "cd" * 32,
        "target_hash": "ef" * 32,
    }
    new = [
        {
            **sample,
            "doc_id": k,
            "filter": kind,
            "metrics": ["acc", "mcc"],
            "acc": k % 2,
            "mcc": [0, 1],
        }
        for k in range(3)
        for kind in ("strict", "flexible")
    ]
    old = [{**sample, "doc_id": k % 3, "exact_match": 1.0} for k in range(6)]
    return {
        f"acme__one/results_{DATE}.json": as_json(results),
        f"acme__one/samples_demo_{DATE}.jsonl": as_lines(new),
        f"acme__one/samples_old_{DATE}.jsonl": as_lines(old),
    }


def lmms_eval():
    results = {
        "model_name": "acme/eyes",
        "versions": {"mme": 0.0},
        "n-shot": {"mme": 0},
        "config": {"model_args": "pretrained=acme/eyes"},
    }
    lines = [
        {
            "doc_id": k,
            "target": "Yes",
            "input": "Is there a dog?",
            "doc_hash": "ab" * 32,
            "filtered_resps": ["Yes"],
            "token_counts": [{"input_tokens": 9, "output_tokens": 1}],
            "mme_score": {"question_id": str(k), "category": "OCR", "score": 1.0},
            "acc": 0.5,
        }
        for k in range(4)
    ]
    return {
        "acme__eyes/20260818_120102_results.json": as_json(results),
        "acme__eyes/20260818_120102_samples_mme.jsonl": as_lines(lines),
    }


def inspect():
    samples = [
        {
            "id": k or "q",
            "epoch": 1,
            "input": "1 + 1?",
            "target": ["2"],
            "error": None,
            "scores": {
                "match": {"value": "CIPN"[k]},
                "judge": {"value": {"good": 0.5, "why": "x"}},
            },
            "model_usage": {"acme/one": {"total_tokens": 9}},
        }
        for k in range(4)
    ]
    spec = {
        "task": "sums",
        "model": "acme/one",
        "created": "2026-11-24T09:00:00+00:00",
        "task_args": {"k": 1},
        "dataset": {"samples": 4},
        "model_args": {"dtype": "half"},
        "model_roles": {"grader": {"model": "acme/big"}},
        "config": {"epochs": 1},
    }
    header = {"version": 2, "status": "success", "eval": spec, "results": {"scores": []}}
    members = {"header.json": as_json(header), "summaries.json": as_json(samples)}
    full = {"_journal/start.json": as_json(header)}
    full |= {f"samples/{one['id']}_epoch_1.json": as_json(one) for one in samples}
    return {
        "logs/one.json": as_json({**header, "samples": samples}),
        "logs/two.eval": as_zip(members),
        "logs/three.eval": as_zip(full, ZSTD),
    }


def helm():
    spec = {
        "name": "mmlu:subject=anatomy,model=acme_one",
        "adapter_spec": {
            "model": "acme/one",
            "model_deployment": "acme/one",
            "method": "joint",
            "max_train_instances": 5,
        },
    }
    names = ("exact_match", "num_prompt_tokens", "f1_score")
    stats = [
        {"name": {"name": name, "split": "test"}, "count": 1, "sum": 1, "mean": 1.0}
        for name in names
    ]
    entries = [
        {"instance_id": f"id{k}", "train_trial_index": k % 2, "stats": stats} for k in range(4)
    ]
    instances = [
        {
            "id": f"id{k}",
            "input": {"text": "1 + 1?"},
            "split": "test",
            "references": [{"output": {"text": "2"}, "tags": ["correct"]}],
        }
        for k in range(4)
    ]
    folder = "runs/suite/mmlu:subject=anatomy,model=acme_one"
    files = {
        "run_spec": spec,
        "per_instance_stats": entries,
        "instances": instances,
        "stats": stats,
        "scenario": {"name": "mmlu"},
        "scenario_state": {"request_states": []},
    }
    return {f"{folder}/{name}.json": as_json(value) for name, value in files.items()}


def lighteval():
    general = {"model_name": "acme/one", "model_config": {"revision": "main"}}
    new = [
        {
            "doc": {"id": str(k), "query": "1 + 1?", "choices": ["2"], "gold_index": [0]},
            "metric": {"em": float(k % 2), "ok": bool(k)},
            "model_response": {"input_tokens": [[1, 2]], "output_tokens": [[3]]},
        }
        for k in range(4)
    ]
    old = [
        {"example": "1 + 1?", "full_prompt": "1 + 1?", "metrics": {"acc": 1.0}} for _ in range(3)
    ]
    texts = [{"example": "1 + 1?", "metrics": "{'acc': 1.0, 'em': nan}"}]
    details = f"details/acme/one/{DATE}"
    return {
        f"results/acme/one/results_{DATE}.json": as_json(
            {"config_general": general, "results": {"all": {"em": 0.5}}, "versions": {"sums|5": 1}}
        ),
        f"{details}/details_sums|5_{DATE}.parquet": as_parquet(new),
        f"{details}/details_leaderboard|mmlu:anatomy|5_{DATE}.parquet": as_parquet(old),
        f"{details}/details_helm|boolq|0_{DATE}.parquet": as_parquet(texts),
    }


def opencompass():
    listed = [
        {"example_abbr": f"sums_test_{k}", "answer": ["2"], "correct": [True, False]}
        for k in range(3)
    ]
    numbered = {
        str(k): {"prompt": "x", "predictions": "2", "references": "2", "correct": k > 1}
        for k in range(3)
    }
    judged = [{"prediction": letter, "gold": "2"} for letter in "AB"]
    folder = "outputs/default/20260819_121541/results/acme-one"
    return {
        f"{folder}/sums.json": as_json({"accuracy": 50.0, "details": listed}),
        f"{folder}/gsm_0.json": as_json({"accuracy": 66.7, "details": {**numbered, "type": "GEN"}}),
        f"{folder}/judged.json": as_json({"accuracy": 50.0, "details": judged}),
    }


def vlmevalkit():
    rows = [
        {
            "index": k,
            "question": 'Is "it"\ta\ncat?',
            "A": "yes",
            "B": None,
            "answer": "A",
            "category": "logic",
            "prediction": "A",
            "hit": k % 2,
            "log": "x",
        }
        for k in range(4)
    ]
    pairs = [
        {
            "index": k,
            "question": "?",
            "answer": "Yes",
            "category": "OCR",
            "image_path": f"{k // 2}.png",
            "extracted": "Yes",
            "score": k != 1,
            "prediction": "Yes",
        }
        for k in range(4)
    ]
    texts = [
        {"index": f"d_{k}", "answer": "7", "eval_match": [0.2, 1.0], "eval_score": 0.6}
        for k in range(2)
    ]
    run = "outputs/acme-vl/T20260818-120102/acme-vl"
    status = {"model_name": "acme-vl", "datasets": {"MMStar": {}, "MME": {}, "DocVQA_VAL": {}}}
    return {
        f"{run}_MMStar.tsv": as_tsv([{k: v for k, v in row.items() if k != "hit"} for row in rows]),
        f"{run}_MMStar_gpt-4o_result.xlsx": as_workbook(rows),
        f"{run}_MMBench_openai_result.tsv": as_tsv(rows),
        f"{run}_MME_auxmatch.json": as_json(pairs),
        f"{run}_DocVQA_VAL_results.tsv": as_tsv(texts),
        "outputs/acme-vl/T20260818-120102/status.json": as_json(status),
    }


def omnievalkit():
    samples = [
        {
            "id": f"mmlu_{k}",
            "category": "anatomy",
            "raw_instruction": "1 + 1?",
            "gold": 0,
            "choices": ["2", "3"],
            "prompt_instruction": "1 + 1?",
            "response": "A",
            "score": {"acc": k % 2, "nested": {"pass@1": 0.5, "results": {"x": [[0]]}}},
        }
        for k in range(4)
    ]
    return {
        "11_22_10_41_46/acme/one/mmlu/scored_dataset.json": as_json(samples),
        "11_22_10_41_46/acme/one/mmlu/statistics.json": as_json({"full": {"acc": 0.5}}),
    }


FORMATS = {
    make.__name__: make
    for make in (lm_eval, inspect, helm, lighteval, opencompass, vlmevalkit, lmms_eval, omnievalkit)
}


def as_tsv(rows):
    lines = [list(rows[0]), *([row[name] for name in rows[0]] for row in rows)]
    cells = (["" if one is None else str(one).replace('"', '""') for one in line] for line in lines)
    return "".join("\t".join(f'"{cell}"' for cell in line) + "\n" for line in cells).encode()


def as_workbook(rows):
    from openpyxl import Workbook

    book, file = Workbook(), io.BytesIO()
    for line in (list(rows[0]), *(list(row.values()) for row in rows)):
        book.active.append(line)
    book.save(file)
    return file.getvalue()


def as_parquet(rows):
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


def as_zip(members, method=zipfile.ZIP_DEFLATED):
    """Write an archive; zstd by hand, which zipfile learns in Python 3.14."""
    if method != ZSTD:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return file.getvalue()
    import zstandard

    body, directory = b"", b""
    for name, content in members.items():
        packed, raw = zstandard.compress(content), name.encode()
        sizes = (zlib.crc32(content), len(packed), len(content), len(raw), 0)
        entry = struct.pack("<5HLLLHH", 20, 0, ZSTD, 0, 0, *sizes)
        directory += b"PK\1\2\24\0" + entry + bytes(10) + struct.pack("<L", len(body)) + raw
        body += b"PK\3\4" + entry + raw + packed
    counts = (len(members), len(members), len(directory), len(body), 0)
    return body + directory + b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, *counts)
