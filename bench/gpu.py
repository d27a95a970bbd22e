#!/usr/bin/env python3
"""Tenfold against PyTorch on an NVIDIA GPU, FP16: eager, eager in a CUDA graph, torch.compile.

    python3 bench/gpu.py --model resnet50 --batch 1 --json out.json

Tenfold's output is compared with PyTorch's FP32 one before anything is timed: it may be at most as far from it as a
small multiple of PyTorch's own FP16. Each peer runs once in a process of
its own, for at most 300 s with all it prepares; Tenfold is timed before the first and after each. A contestant that
is missing (no torch, no GPU, over time) stands in the row with its reason. TensorRT cannot be had for these machines.
"""
import argparse
import os
import sys
import tempfile
import threading
from pathlib import Path

import common

PEERS = ("eager", "graph", "compile")
LIMIT = 300
# Agreement is of log probabilities, where FP32 gives at least LIKELY: how far Tenfold may be from FP32, over how far
# PyTorch's FP16 is. FLOOR_ERROR is what rounding a probability to FP16 alone does.
LIKELY, RMS_RATIO, MAX_RATIO, FLOOR_ERROR = 1e-4, 1.5, 2.0, 1e-3
PEER = Path(__file__).with_name("gpu_peer.py")

# Least time on an H200 at FP16, in us: what a graph of perfect separate kernels takes at 1.3 us a kernel boundary, and
# how many kernels that is. 0.73 us is the boundary measured there in a graph with programmatic dependent launch.
FLOORS = {"resnet50": (56, {1: 112, 8: 228, 128: 2309}), "mobilenet_v2": (54, {1: 84, 8: 118, 128: 882}),
          "squeezenet1_1": (30, {1: 48, 8: 65, 128: 443}), "googlenet": (72, {1: 132, 8: 182, 128: 1192}),
          "vgg16": (21, {1: 145, 8: 466, 128: 5978})}
FLOOR_GPU, BOUNDARY, BOUNDARY_OF_TABLE = "H200", 0.73, 1.3


def floor_us(model, batch):
    """The floor at the measured boundary, or None where it was not computed."""
    kernels, by_batch = FLOORS.get(model, (0, {}))
    return round(by_batch[batch] - kernels * (BOUNDARY_OF_TABLE - BOUNDARY)) if batch in by_batch else None


def query(*fields):
    """Fields of nvidia-smi for the first visible GPU, or None."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0] or "0"
    try:
        text = common.run(["nvidia-smi", f"--id={first}", f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"], 20)
        return [part.strip() for part in text.strip().split(",")]
    except common.Failure:
        return None


class Clocks:
    """SM clock and power while a contestant runs, of the moment of greatest power; a context manager."""

    def __enter__(self):
        self.found, self.done = None, threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        while not self.done.wait(1.0):
            try:
                sm, power = map(float, query("clocks.sm", "power.draw"))
            except (TypeError, ValueError):
                continue
            if not self.found or power > self.found["power_w"]:
                self.found = {"sm_mhz": sm, "power_w": power}

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


def peer_command(peer, model, *more):
    return [sys.executable, PEER, peer, model, *more]


def check(plan, model, data, folder, flags):
    """Compare the plan's output with PyTorch's in FP32; returns the comparison or raises Failure."""
    import numpy as np
    import zoo
    wanted, half = Path(folder) / "wanted.npy", Path(folder) / "half.npy"
    got = common.plan_output(plan, zoo.build(model), np.load(data), flags, folder)
    try:
        common.run(peer_command("reference", model, "--input", data, "--output", wanted, "--half", half), LIMIT)
    except common.Failure as failure:
        return {"against": None, "reason": str(failure)}
    found = compare_fp16(got, np.load(wanted), np.load(half))
    if not found["agrees"]:
        raise common.Failure("log probabilities differ from PyTorch's FP32 by {rms_log:.3g} (root mean square of the worst "
                             "picture), {max_log:.3g} at most, PyTorch's FP16 by {0:.3g}, {1:.3g}".format(
                                 found["pytorch_fp16"]["rms_log"], found["pytorch_fp16"]["max_log"], **found))
    return found | {"against": "PyTorch FP32"}


def log_error(got, wanted):
    """rms_log of the worst picture, max_log, max_abs_diff, rms_diff, top1_agree of probabilities, a picture a row."""
    import numpy as np
    got, wanted = (a.reshape(len(a), -1).astype(np.float64) for a in (got, wanted))
    if got.shape != wanted.shape or not np.isfinite(got).all():
        return {"rms_log": np.inf, "max_log": np.inf, "max_abs_diff": np.inf, "rms_diff": np.inf, "top1_agree": 0.0}
    likely = wanted >= LIKELY
    error = np.where(likely, np.log(np.maximum(got, 1e-30) / np.maximum(wanted, LIKELY)), 0)
    rms = np.sqrt((error**2).sum(1) / np.maximum(likely.sum(1), 1))
    return {"rms_log": float(rms.max()), "max_log": float(np.abs(error).max()),
            "max_abs_diff": float(np.abs(got - wanted).max()), "rms_diff": float(np.sqrt(((got - wanted)**2).mean())),
            "top1_agree": float((got.argmax(1) == wanted.argmax(1)).mean())}


def compare_fp16(got, wanted, half):
    """log_error of `got`, and whether it `agrees`: is about as near `wanted` as `half`, another FP16 result, is."""
    ours, theirs = log_error(got, wanted), log_error(half, wanted)
    agrees = (ours["rms_log"] <= max(RMS_RATIO * theirs["rms_log"], FLOOR_ERROR) and
              ours["max_log"] <= max(MAX_RATIO * theirs["max_log"], FLOOR_ERROR))
    return ours | {"agrees": agrees, "pytorch_fp16": theirs}


def measure_row(model, batch, args):
    """One row of the report."""
    import numpy as np
    import zoo
    from weights import sample_input
    row, errors, clocks, tenfold = {"model": model, "batch": batch, "precision": "fp16"}, {}, {}, []
    device = ["--device", args.device]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "input.npy"
        np.save(data, sample_input(zoo.build(model), batch))

        def time_tenfold():
            if plan and "tenfold" not in errors:
                try:
                    with Clocks() as seen:
                        tenfold.append(common.bench_plan(plan, batch, device, figure="back_to_back_ms"))
                    clocks["tenfold"] = seen.found
                except common.Failure as failure:
                    errors["tenfold"] = str(failure)

        plan = None
        if not args.peers_only:
            try:
                plan = common.build_plan(model, batch, ["--fp16", *device], folder)
                row["check"] = check(plan, model, data, folder, device)
            except common.Failure as failure:
                errors["tenfold"] = str(failure)
        time_tenfold()
        for peer in args.peers:
            try:
                with Clocks() as seen:
                    found = common.run_json(peer_command(peer, model, "--input", data), LIMIT)
                clocks[peer] = seen.found
                row[f"{peer}_ms"] = common.summary([found])
                row[f"{peer}_prepare_s"] = found["prepare_s"]
            except common.Failure as failure:
                row[f"{peer}_ms"], errors[peer] = None, str(failure)
            time_tenfold()
    row["tenfold_ms"] = common.summary(tenfold) if "tenfold" not in errors else None
    row["faster_peer"], row["ratio"] = common.ratio(row["tenfold_ms"], {p: row[f"{p}_ms"] for p in args.peers})
    floor = floor_us(model, batch)
    row |= {"floor_us": floor, "floor_gpu": FLOOR_GPU, "floor_share": None, "clocks": clocks}
    if floor and row["tenfold_ms"]:
        row["floor_share"] = round(floor / 1e3 / row["tenfold_ms"]["median"], 3)
    return row | ({"errors": errors} if errors else {})


def print_table(rows, peers):
    head = ["model", "batch", "tenfold ms", *(f"{p} ms" for p in peers), "ratio to fastest peer", "floor us", "of floor",
            "SM MHz", "W"]
    body = []
    for r in rows:
        seen = r["clocks"].get("tenfold") or next((c for c in r["clocks"].values() if c), None) or {}
        body.append([r["model"], r["batch"], common.cell(r["tenfold_ms"]), *(common.cell(r[f"{p}_ms"]) for p in peers),
                     f"{r['ratio']:.2f}" if r["ratio"] else "-", r["floor_us"] or "-",
                     f"{r['floor_share']:.0%}" if r["floor_share"] else "-", seen.get("sm_mhz", "-"), seen.get("power_w", "-")])
    print(common.table(head, body))
    print(common.error_lines(rows))
    print(f"median/min; ratio: the fastest peer's median over Tenfold's; floors are those of an {FLOOR_GPU}")


def main():
    import zoo
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help=f"comma-separated: {', '.join(zoo.MODELS)}")
    parser.add_argument("--batch", type=common.sizes, default=[1], help="comma-separated batch sizes")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--json", type=common.report_file, help="report file")
    parser.add_argument("--peers", default=",".join(PEERS), help="comma-separated: eager, graph, compile")
    parser.add_argument("--peers-only", action="store_true", help="leave Tenfold out")
    args = parser.parse_args()
    args.peers = [p for p in args.peers.split(",") if p]
    for kind, given, known in (("model", args.model.split(","), zoo.MODELS), ("peer", args.peers, PEERS)):
        if unknown := set(given) - set(known):
            parser.error(f"unknown {kind}: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    rows = []
    for model in args.model.split(","):
        for batch in args.batch:
            rows.append(measure_row(model, batch, args))
            print(f"{model} b{batch}: {rows[-1].get('errors', 'done')}", file=sys.stderr, flush=True)
    mean = common.geometric_mean([r["ratio"] for r in rows])
    print_table(rows, args.peers)
    print(f"geometric mean of the ratios: {mean or '-'}")
    machine = dict(zip(("gpu", "driver"), query("name", "driver_version") or ()))
    common.write_report(args.json, {"machine": machine | {"processor": common.processor()},
                                    "protocol": {"limit_s": LIMIT, "ratio": "fastest peer's median / tenfold's median",
                                                 "agreement": f"log probabilities (of at least {LIKELY}) against PyTorch FP32: root mean "
                                                 f"square of the worst picture <= {RMS_RATIO}, largest <= {MAX_RATIO} times "
                                                 "PyTorch FP16's",
                                                 "input": "on the device; transfers are not timed"},
                                    "versions": common.versions("torch", "triton", "numpy"), "rows": rows,
                                    "geometric_mean_ratio": mean})
    sys.exit(1 if any("tenfold" in r.get("errors", {}) for r in rows) else 0)


if __name__ == "__main__":
    main()
