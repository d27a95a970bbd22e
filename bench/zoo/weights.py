"""Seeded random weights: every array comes from its own PCG64, seeded by its name, so all forms agree to the bit.

Filters are drawn as He draws them, centred (a deep network of uncentred random filters forgets its input), and
scaled by the layer's entry in gains.json, a table that calibrate.py measures.
"""
import hashlib
import json
from pathlib import Path

import numpy as np

GAINS = Path(__file__).with_name("gains.json")


def generator(*names):
    """The random generator of one array."""
    digest = hashlib.sha256("/".join(names).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:8], "little")))


def draw(net, layer, gain):
    """The arrays of one layer: {parameter: float32 array}."""
    out = {}
    for name, shape in layer.params.items():
        rng = generator(net.name, layer.name, name)
        if name == "weight":
            value = rng.standard_normal(shape, dtype=np.float32)
            fan_in = value[0].size
            value -= value.mean(axis=tuple(range(1, value.ndim)), keepdims=True)
            value *= np.float32(gain * (2.0 / fan_in) ** 0.5)
        elif name == "bias":
            value = rng.normal(0.0, 0.1 * layer.attrs["std"], shape)
        elif name == "mean":
            value = rng.normal(0.0, 0.2, shape)
        elif name == "beta":
            value = rng.normal(0.0, 0.3, shape)
        elif name == "var":
            value = rng.uniform(0.5, 1.5, shape)
        else:
            value = rng.uniform(0.7, 1.3, shape)
        out[name] = np.asarray(value, np.float32)
    return out


def weights(net):
    """Yield (layer, its arrays) in order; nothing is kept, so a large network is never held twice."""
    gains = json.loads(GAINS.read_text())[net.name]
    for layer in net.layers:
        yield layer, draw(net, layer, gains.get(layer.name, 1.0))


def sample_input(net, batch, seed=0):
    """A float32 batch N x C x H x W of unit deviation: coarse blobs, as pictures have them, and noise."""
    rng = generator("input", net.name, str(seed))
    c, h, w = net.input_shape
    coarse = rng.standard_normal((batch, c, 8, 8), dtype=np.float32)
    coarse = coarse.repeat(-(-h // 8), 2).repeat(-(-w // 8), 3)[:, :, :h, :w]
    return 0.8 * coarse + np.float32(0.6) * rng.standard_normal((batch, c, h, w), dtype=np.float32)
