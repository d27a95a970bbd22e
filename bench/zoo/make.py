#!/usr/bin/env python3
"""Write a network of the zoo with its seeded random weights.

    python3 bench/zoo/make.py --model resnet50 --format caffe --out build/zoo/resnet50
"""
import argparse
from pathlib import Path

import zoo


def write(model, form, folder, batch=None):
    """Write `model` in `form` ("caffe" or "onnx") to a folder; returns the paths."""
    if form == "caffe":
        import to_caffe as writer
    else:
        import to_onnx as writer
    Path(folder).mkdir(parents=True, exist_ok=True)
    return writer.write(zoo.build(model), folder, batch)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, choices=sorted(zoo.MODELS))
    parser.add_argument("--format", required=True, choices=("caffe", "onnx"))
    parser.add_argument("--out", required=True, help="folder, made if absent")
    parser.add_argument("--batch", type=int, help="first dimension (default: 1 for Caffe, the symbol N for ONNX)")
    args = parser.parse_args()
    for path in write(args.model, args.format, args.out, args.batch):
        print(path)


if __name__ == "__main__":
    main()
