#!/usr/bin/env python3
"""One PyTorch measurement in a process of its own (bench/gpu.py starts it). Prints one line of JSON."""
import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent / "zoo"))
import to_torch
import zoo

BLOCK, SECONDS, ROUNDS = 10, 2.0, 3


def network(model, dtype):
    """The zoo's network and its settings: channels_last, convolution algorithms timed by cuDNN."""
    torch.backends.cudnn.benchmark = True
    module = to_torch.Zoo(zoo.build(model)).eval().to("cuda", dtype)
    return module.to(memory_format=torch.channels_last)


def on_device(array, dtype):
    return torch.from_numpy(array).to("cuda", dtype).contiguous(memory_format=torch.channels_last)


def captured(module, x):
    """`module(x)` captured in a CUDA graph; a call replays it."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            module(x)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        module(x)
    return graph.replay


def prepared(peer, model, batch, x):
    """The callable to time."""
    module = network(model, torch.float16)
    if peer == "graph":
        return captured(module, x)
    if peer == "compile":
        tuned = model == "resnet50" and batch in (1, 8)
        module = torch.compile(module, mode="max-autotune" if tuned else "reduce-overhead")
    return lambda: module(x)


def measure(step):
    """ms a call: median and least of back-to-back blocks between two events, over rounds."""
    end = time.perf_counter() + 1.0
    while time.perf_counter() < end:
        step()
        torch.cuda.synchronize()
    times, rounds = [], []
    for _ in range(ROUNDS):
        pending, found, end = [], [], time.perf_counter() + SECONDS
        while time.perf_counter() < end or len(found) < 20:
            start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            for _ in range(BLOCK):
                step()
            stop.record()
            pending.append((start, stop))
            if len(pending) > 2:
                begun, done = pending.pop(0)
                done.synchronize()
                found.append(begun.elapsed_time(done) / BLOCK)
        torch.cuda.synchronize()
        rounds.append(float(np.median(found)))
        times += found
    return {"median": sorted(rounds)[len(rounds) // 2], "min": min(times), "rounds": rounds}


def reference(model, array, dtype):
    """The output of the network in FP32 (without TF32) or in FP16, as FP32."""
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    return network(model, dtype)(on_device(array, dtype)).float().cpu().numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=("eager", "graph", "compile", "reference"))
    parser.add_argument("model", choices=sorted(zoo.MODELS))
    parser.add_argument("--input", required=True, help=".npy to feed; its first dimension is the batch")
    parser.add_argument("--output", help=".npy to write the reference's result to")
    parser.add_argument("--half", help=".npy to write the reference's result in FP16 to")
    args = parser.parse_args()
    array = np.load(args.input)
    with torch.inference_mode():
        if args.peer == "reference":
            np.save(args.output, reference(args.model, array, torch.float32))
            if args.half:
                np.save(args.half, reference(args.model, array, torch.float16))
            print("{}")
            return
        began = time.perf_counter()
        step = prepared(args.peer, args.model, len(array), on_device(array, torch.float16))
        for _ in range(3):
            step()
        torch.cuda.synchronize()
        prepare = round(time.perf_counter() - began, 1)
        print(json.dumps(measure(step) | {"prepare_s": prepare}))


if __name__ == "__main__":
    main()
