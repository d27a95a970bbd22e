"""The zoo's operations in plain NumPy, in the dtype of their inputs: slow, short, and what the other forms are checked with."""
import numpy as np
from weights import weights


def windows(x, kernel, stride):
    """N x C x OH x OW x k x k view."""
    view = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(2, 3))
    return view[:, :, ::stride, ::stride]


def conv(layer, arrays, x):
    a = layer.attrs
    k, pad, group, stride = a["kernel"], a["pad"], a["group"], a["stride"]
    weight = arrays["weight"].astype(x.dtype)
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    n, (out, oh, ow) = len(x), layer.shape
    y = np.empty((n, out, oh, ow), x.dtype)
    if group == x.shape[1]:  # depthwise: tap by tap
        y[:] = 0
        for i in range(k):
            for j in range(k):
                tap = x[:, :, i:i + stride * oh:stride, j:j + stride * ow:stride][:, :, :oh, :ow]
                y += tap * weight[:, 0, i, j, None, None]
    else:
        cols = windows(x, k, stride)
        ci, co = x.shape[1] // group, out // group
        for b in range(n):
            for g in range(group):
                col = cols[b, g * ci:(g + 1) * ci].transpose(0, 3, 4, 1, 2).reshape(ci * k * k, oh * ow)
                flat = weight[g * co:(g + 1) * co].reshape(co, -1)
                y[b, g * co:(g + 1) * co] = (flat @ col).reshape(co, oh, ow)
    return y + arrays["bias"].astype(x.dtype)[:, None, None] if "bias" in arrays else y


def pool(layer, x):
    """Caffe's pooling: ceil mode; an average counts padding, but not what lies beyond it."""
    a, (_, oh, ow) = layer.attrs, layer.shape
    k, s, pad, (h, w) = a["kernel"], a["stride"], a["pad"], x.shape[2:]
    y = np.empty((*x.shape[:2], oh, ow), x.dtype)
    for i in range(oh):
        for j in range(ow):
            top, left = i * s - pad, j * s - pad
            bottom, right = min(top + k, h + pad), min(left + k, w + pad)
            part = x[:, :, max(top, 0):min(bottom, h), max(left, 0):min(right, w)]
            y[:, :, i, j] = (part.max((2, 3)) if layer.op == "maxpool"
                             else part.sum((2, 3)) / ((bottom - top) * (right - left)))
    return y


def lrn(layer, x):
    a = layer.attrs
    half, c = a["size"] // 2, x.shape[1]
    square = np.pad(x * x, ((0, 0), (half, half), (0, 0), (0, 0)))
    total = sum(square[:, i:i + c] for i in range(a["size"]))
    return x / (1 + a["alpha"] / a["size"] * total) ** a["beta"]


def bn(layer, arrays, x):
    mean, var, gamma, beta = (arrays[p].astype(x.dtype)[:, None, None] for p in ("mean", "var", "gamma", "beta"))
    return (x - mean) / np.sqrt(var + layer.attrs["eps"]) * gamma + beta


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def apply(layer, arrays, inputs):
    """The output of one layer."""
    x = inputs[0]
    match layer.op:
        case "conv":
            return conv(layer, arrays, x)
        case "fc":
            y = x.reshape(len(x), -1) @ arrays["weight"].astype(x.dtype).T
            return y + arrays["bias"].astype(x.dtype) if "bias" in arrays else y
        case "bn":
            return bn(layer, arrays, x)
        case "relu":
            return np.maximum(x, 0)
        case "relu6":
            return np.clip(x, 0, 6)
        case "maxpool" | "avepool":
            return pool(layer, x)
        case "gap":
            return x.mean((2, 3), keepdims=True)
        case "lrn":
            return lrn(layer, x)
        case "concat":
            return np.concatenate(inputs, 1)
        case "add":
            return inputs[0] + inputs[1]
        case "dropout":
            return x
        case "softmax":
            return softmax(x)
    raise ValueError(layer.op)


def run(net, x):
    """The network's output for a batch."""
    values = {"data": x}
    for layer, arrays in weights(net):
        values[layer.name] = apply(layer, arrays, [values[name] for name in layer.inputs])
        assert values[layer.name].shape[1:] == layer.shape, layer.name
    return values[net.output]
