#!/usr/bin/env python3
"""One measurement of one CPU peer in a process of its own (bench/cpu.py starts it). Prints one line of JSON."""
import argparse
import json
import time

import numpy as np


def onnxruntime_step(path, batch, threads):
    """ONNX Runtime: all graph optimizations, intra-op threads, no inter-op parallelism."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_free_dimension_override_by_name("N", batch)
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"data": x})[0]


def openvino_step(path, batch, threads):
    """OpenVINO: f32 (it may choose bf16 otherwise), one stream, static shape."""
    import openvino
    core = openvino.Core()
    model = core.read_model(path)
    model.reshape({0: [batch, *(d.get_length() for d in list(model.input(0).partial_shape)[1:])]})
    compiled = core.compile_model(model, "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(threads)})
    request = compiled.create_infer_request()
    return lambda x: request.infer([x], share_inputs=True, share_outputs=True)[0]


STEPS = {"onnxruntime": onnxruntime_step, "openvino": openvino_step}


def measure(step, inputs, seconds):
    """Latency in ms over `seconds`, after a fifth of that (and three calls) of warm-up; inputs rotate."""
    calls, warm = 0, time.perf_counter() + seconds / 5
    while calls < 3 or time.perf_counter() < warm:
        step(inputs[calls % len(inputs)])
        calls += 1
    times, end = [], time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        step(inputs[len(times) % len(inputs)])
        times.append((time.perf_counter() - start) * 1e3)
    return {"median": float(np.median(times)), "min": min(times), "iterations": len(times)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=sorted(STEPS))
    parser.add_argument("model")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--input", required=True, help=".npy to feed")
    parser.add_argument("--output", help=".npy to write the result to, instead of measuring")
    args = parser.parse_args()
    step, x = STEPS[args.peer](args.model, args.batch, args.threads), np.load(args.input)
    if args.output:
        np.save(args.output, step(x))
        print("{}")
        return
    inputs = [np.ascontiguousarray(np.roll(x, 7 * i, axis=-1)) for i in range(4)]
    print(json.dumps(measure(step, inputs, args.seconds)))


if __name__ == "__main__":
    main()
