#!/usr/bin/env python3
"""Tenfold against ONNX Runtime and OpenVINO on this processor, FP32.

    scripts/bench-setup && python3 bench/cpu.py --models resnet50,mobilenet_v2 --batch 1 --threads 2 --json out.json

Outputs are compared with ONNX Runtime's before anything is timed. Then come five rounds; in each, every contestant
runs for about two seconds in a process of its own, one after the other. A figure is the median of the five medians.
"""
import argparse
import os
import sys
import tempfile
from pathlib import Path

import common

PEERS = ("onnxruntime", "openvino")
ABSOLUTE = RELATIVE = 1e-4
PEER = Path(__file__).with_name("cpu_peer.py")


def peer_command(peer, model, batch, threads, *more):
    path, = common.model_files(model, "onnx")
    return [sys.executable, PEER, peer, path, "--batch", batch, "--threads", threads, *more]


def check(plan, model, batch, threads, array_path, folder):
    """Compare the plan's output with ONNX Runtime's; returns the comparison or raises Failure."""
    import numpy as np
    import zoo
    wanted = Path(folder) / "wanted.npy"
    common.run(peer_command("onnxruntime", model, batch, threads, "--input", array_path, "--output", wanted), 300)
    got = common.plan_output(plan, zoo.build(model), np.load(array_path), [], folder)
    found = common.compare(got, np.load(wanted), ABSOLUTE, RELATIVE)
    if not found["agrees"]:
        raise common.Failure(f"outputs differ from onnxruntime's by up to {found['max_abs_diff']:.3g}")
    return found


def measure_row(model, batch, threads, args):
    """One row of the report."""
    import numpy as np
    import zoo
    from weights import sample_input
    row = {"model": model, "batch": batch, "threads": threads, "precision": "fp32"}
    errors, times, flags = {}, {name: [] for name in ("tenfold", *PEERS)}, ["--threads", threads]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "input.npy"
        np.save(data, sample_input(zoo.build(model), batch))
        commands = {p: peer_command(p, model, batch, threads, "--seconds", args.seconds, "--input", data)
                    for p in PEERS}
        contestants = {p: lambda p=p: common.run_json(commands[p], 300) for p in PEERS}
        if not args.peers_only:
            try:
                plan = common.build_plan(model, batch, flags, folder)
                row["check"] = check(plan, model, batch, threads, data, folder)
                contestants = {"tenfold": lambda: common.bench_plan(plan, batch, flags)} | contestants
            except common.Failure as failure:
                errors["tenfold"] = str(failure)
        row["load_before"] = round(os.getloadavg()[0], 2)
        for _ in range(args.repeats):
            for name, step in contestants.items():
                if name not in errors:
                    try:
                        times[name].append(step())
                    except common.Failure as failure:
                        errors[name] = str(failure)
    row |= {f"{name}_ms": common.summary(found) if name not in errors else None for name, found in times.items()}
    row["faster_peer"], row["ratio"] = common.ratio(row["tenfold_ms"], {p: row[f"{p}_ms"] for p in PEERS})
    return row | ({"errors": errors} if errors else {})


def print_table(rows):
    head = ["model", "batch", "threads", "tenfold ms", *(f"{p} ms" for p in PEERS), "ratio to faster peer"]
    print(common.table(head, [
        [r["model"], r["batch"], r["threads"], *(common.cell(r[f"{n}_ms"]) for n in ("tenfold", *PEERS)),
         f"{r['ratio']:.2f}" if r["ratio"] else "-"] for r in rows]))
    print(common.error_lines(rows))
    print("median/min; ratio: the faster peer's median over Tenfold's, above 1 Tenfold is faster")


def main():
    common.use_environment(".deps/bench-venv")
    import zoo
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default=",".join(zoo.MODELS), help="comma-separated (default: all)")
    parser.add_argument("--batch", type=common.sizes, default=[1], help="comma-separated batch sizes (default 1)")
    parser.add_argument("--threads", type=common.sizes, default=[os.cpu_count()], help="comma-separated (default: all)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of one repeat")
    parser.add_argument("--json", type=common.report_file, help="report file")
    parser.add_argument("--peers-only", action="store_true", help="leave Tenfold out")
    args = parser.parse_args()
    models = args.models.split(",")
    if unknown := set(models) - set(zoo.MODELS):
        parser.error(f"unknown model: {', '.join(sorted(unknown))}; there are {', '.join(zoo.MODELS)}")
    rows = []
    for model in models:
        for batch in args.batch:
            for threads in args.threads:
                rows.append(measure_row(model, batch, threads, args))
                print(f"{model} b{batch} t{threads}: {rows[-1].get('errors', 'done')}", file=sys.stderr, flush=True)
    mean = common.geometric_mean([r["ratio"] for r in rows])
    print_table(rows)
    print(f"geometric mean of the ratios: {mean or '-'}")
    protocol = {"repeats": args.repeats, "seconds": args.seconds, "interleaved": True,
                "ratio": "faster peer's median / tenfold's median",
                "agreement": f"|diff| <= {ABSOLUTE} + {RELATIVE} |ref|, against onnxruntime"}
    common.write_report(args.json, {"machine": common.processor(), "protocol": protocol,
                                    "versions": common.versions("numpy", *PEERS), "rows": rows,
                                    "geometric_mean_ratio": mean})
    sys.exit(1 if any("tenfold" in r.get("errors", {}) for r in rows) else 0)


if __name__ == "__main__":
    main()
