#!/usr/bin/env python3
"""Tenfold alone on an NVIDIA GPU: build time, batch time, enqueue cost and time to the first answer, by model and batch.

    python3 bench/gpu_own.py --cases resnet50:1,resnet50:8,mobilenet_v2:128 --json out.json

Each case is built twice with one timing cache (cold, then warm), checked against the reference kernels on the CPU where
that takes seconds (batch 1), and measured in processes of its own (`--processes`): what a launch takes of the CPU differs
from one to the next, so that enqueue is the median over them; all else is of the first. `--without cudnn.,cublaslt.` leaves vendor rows out.
For figures beside peers see gpu.py.
"""
import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import common


def tenfold(*args, limit=400):
    """Standard output of the command, or Failure with its last line."""
    return common.run([common.binary(), *args], limit)


def measure(model, batch, args, folder):
    files = common.model_files(model, "caffe")
    plan, cache = Path(folder) / "m.plan", Path(folder) / f"times-{model}.txt"
    flags = ["--batch", batch, "--device", args.device, "--timing-cache", cache, *args.flags]
    if args.without:
        flags += ["--without", args.without]
    row = {"model": model, "batch": batch}
    for name in ("build_s", "build_cached_s"):
        start = time.monotonic()
        tenfold("build", *files, "-o", plan, "--progress", "none", *flags)
        row[name] = round(time.monotonic() - start, 2)
    row["plan_bytes"] = plan.stat().st_size
    if batch == 1 and not args.no_check:
        row["check"] = json.loads(tenfold("check", plan, "--device", args.device, "--json"))["outputs"]
    reports = [json.loads(tenfold("bench", plan, "--device", args.device, "--batch", batch, "--json", "--duration", 2))
               for _ in range(args.processes)]
    report = reports[0]
    row |= {key: report[key] for key in ("latency_ms", "back_to_back_ms", "recorded", "first_answer_ms")}
    row["enqueue"] = {kind: {clock: median(r["enqueue"][kind][clock] for r in reports) for clock in ("cpu_us", "wall_us")}
                      for kind in ("idle", "queued")}
    row["enqueue_us"] = row["enqueue"]["idle"]["cpu_us"]
    row["enqueue_of_processes"] = [r["enqueue"] for r in reports]
    rows = {}
    for layer in report["layers"]:
        rows.setdefault(layer["row"], []).append(layer["us"])
    row["rows"] = {name: {"steps": len(us), "us": round(sum(us), 2)} for name, us in sorted(rows.items())}
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", required=True, help="MODEL:BATCH, comma-separated")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--precision", default="fp16", choices=("fp16", "tf32", "fp32"))
    parser.add_argument("--without", help="rows to leave out, by prefix")
    parser.add_argument("--no-check", action="store_true")
    parser.add_argument("--processes", type=int, default=3, help="times that a plan is measured, each in a process of its own")
    parser.add_argument("--json", help="report file")
    args = parser.parse_args()
    if args.processes < 1:
        parser.error("--processes: at least 1")
    args.flags = [] if args.precision == "fp32" else [f"--{args.precision}"]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case in args.cases.split(","):
            model, _, batch = case.partition(":")
            try:
                rows.append(measure(model, int(batch or 1), args, folder))
            except (common.Failure, subprocess.SubprocessError, KeyError, ValueError) as failure:
                rows.append({"model": model, "batch": int(batch or 1), "error": str(failure)})
            r = rows[-1]
            print(f"{model} b{r['batch']}: " + (r.get("error") or
                  f"{r['back_to_back_ms']['median']:.4f} ms, enqueue {r['enqueue']['idle']['cpu_us']:.2f} us of CPU, "
                  f"{r['enqueue']['queued']['cpu_us']:.2f} behind others, first answer "
                  f"{r['first_answer_ms']['total']:.0f} ms, build {r['build_s']} s, cached {r['build_cached_s']} s, {r['rows']}"),
                  flush=True)
    common.write_report(args.json, {"machine": {"processor": common.processor()}, "precision": args.precision,
                                    "without": args.without, "rows": rows})
    sys.exit(1 if any("error" in r for r in rows) else 0)


if __name__ == "__main__":
    main()
