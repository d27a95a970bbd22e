"""Measures gains.json anew: `python3 calibrate.py [MODEL...]`.

Each convolution's output then has the deviation that its layer asks for, and the logits one of about 2.
"""
import json
import sys

import numpy as np

import weights
import zoo
from reference import apply


def calibrate(net):
    """The gains of one network: {layer: factor}, to four digits."""
    values, gains = {"data": weights.sample_input(net, 4, seed=1)}, {}
    last = [layer for layer in net.layers if "weight" in layer.params][-1]
    uses = {}
    for layer in net.layers:
        for name in layer.inputs:
            uses[name] = uses.get(name, 0) + 1
    for layer in net.layers:
        arrays = weights.draw(net, layer, 1.0)
        inputs = [values[name] for name in layer.inputs]
        if "weight" in arrays:
            raw = apply(layer, {k: v for k, v in arrays.items() if k == "weight"}, inputs)
            gains[layer.name] = float("%.4g" % (layer.attrs["std"] / raw.std()))
            arrays = weights.draw(net, layer, gains[layer.name])
        values[layer.name] = apply(layer, arrays, inputs)
        for name in layer.inputs:
            uses[name] -= 1
            if not uses[name]:
                del values[name]
        if layer.op == "softmax":
            logits = np.log(values[layer.name].reshape(4, -1))
            print(f"{net.name}: logits' deviation {logits.std(1).mean():.2f}, between pictures "
                  f"{logits.std(0).mean():.2f}; largest probability {values[layer.name].max():.3f}; "
                  f"last {last.name} gain {gains[last.name]}", flush=True)
    return gains


if __name__ == "__main__":
    table = json.loads(weights.GAINS.read_text()) if weights.GAINS.exists() else {}
    for model in sys.argv[1:] or zoo.MODELS:
        table[model] = calibrate(zoo.build(model))
        weights.GAINS.write_text(json.dumps(table, indent=0, sort_keys=True) + "\n")
