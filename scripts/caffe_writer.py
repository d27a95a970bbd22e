"""Write Caffe networks (prototxt text, .caffemodel and .binaryproto bytes) without protobuf.

A network is a dict {"name", "input": (blob, dims) or None, "layer": [layer, ...]}; a layer is the dict
that `layer()` makes: message fields under their Caffe names, plus "blobs", a list of NumPy arrays.
Field values are bool, int, float, str, Enum, a nested dict, or a list of these (a repeated field).

The two tables below give the field numbers of the subset written here; they are facts of the format.
"""
import struct
from typing import NamedTuple

import numpy as np


class Enum(NamedTuple):
    """An enumerator: its name in text, its number in binary."""
    name: str
    number: int


MAX, AVE = Enum("MAX", 0), Enum("AVE", 1)
SUM = Enum("SUM", 1)
TRAIN, TEST = Enum("TRAIN", 0), Enum("TEST", 1)
LMDB = Enum("LMDB", 1)

# Field numbers, message by message. A field whose value is a dict is described by MESSAGES[its name].
MESSAGES = {
    "layer": {"name": 1, "type": 2, "bottom": 3, "top": 4, "param": 6, "blobs": 7, "include": 8,
              "exclude": 9, "transform_param": 100, "accuracy_param": 102, "concat_param": 104,
              "convolution_param": 106, "data_param": 107, "dropout_param": 108,
              "eltwise_param": 110, "inner_product_param": 117, "lrn_param": 118,
              "pooling_param": 121, "softmax_param": 125, "batch_norm_param": 139,
              "scale_param": 142},
    "param": {"lr_mult": 3, "decay_mult": 4},
    "include": {"phase": 1, "stage": 4},
    "exclude": {"phase": 1, "stage": 4},
    "transform_param": {"scale": 1, "mean_file": 4},
    "accuracy_param": {"top_k": 1},
    "concat_param": {"axis": 2},
    "convolution_param": {"num_output": 1, "bias_term": 2, "pad": 3, "kernel_size": 4, "group": 5,
                          "stride": 6, "weight_filler": 7, "bias_filler": 8},
    "data_param": {"source": 1, "batch_size": 4, "backend": 8},
    "dropout_param": {"dropout_ratio": 1},
    "eltwise_param": {"operation": 1},
    "inner_product_param": {"num_output": 1, "bias_term": 2, "weight_filler": 3, "bias_filler": 4},
    "lrn_param": {"local_size": 1, "alpha": 2, "beta": 3},
    "pooling_param": {"pool": 1, "kernel_size": 2, "stride": 3, "pad": 4, "global_pooling": 12},
    "softmax_param": {"axis": 2},
    "batch_norm_param": {"use_global_stats": 1, "eps": 3},
    "scale_param": {"bias_term": 4},
    "weight_filler": {"type": 1, "value": 2, "std": 6},
    "bias_filler": {"type": 1, "value": 2},
}
# convolution_param's pad, kernel_size and stride are repeated in the schema, but one value means all axes.


def layer(name, kind, bottom=(), top=(), blobs=(), **fields):
    """One layer; `fields` are further LayerParameter fields, such as convolution_param={...}."""
    out = {"name": name, "type": kind, "bottom": list(bottom), "top": list(top), **fields}
    out["blobs"] = [np.asarray(b, np.float32) for b in blobs]
    return out


# ---- text ----

def _scalar_text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, str):
        return '"%s"' % value.replace("\\", "\\\\").replace('"', '\\"')
    return "%.9g" % value if isinstance(value, float) else str(int(value))


def text(fields, indent=0):
    """Protobuf text form of a dict of fields."""
    lines, pad = [], "  " * indent
    for key, value in fields.items():
        if key == "blobs":
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                lines += [f"{pad}{key} {{", text(item, indent + 1).rstrip("\n"), f"{pad}}}"]
            else:
                lines.append(f"{pad}{key}: {_scalar_text(item)}")
    return "\n".join(line for line in lines if line) + "\n"


def prototxt(net):
    """The network as a prototxt; an input is spelled `input` + `input_shape`, as deploy files have it."""
    head = {"name": net["name"]}
    if net.get("input"):
        blob, dims = net["input"]
        head |= {"input": blob, "input_shape": {"dim": list(dims)}}
    return text(head) + "".join(text({"layer": one}) for one in net["layer"])


# ---- binary ----

def varint(number):
    """Base-128 varint of a non-negative integer."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _tag(number, wire_type):
    return varint(number << 3 | wire_type)


def bytes_field(number, data):
    """A length-delimited field."""
    return _tag(number, 2) + varint(len(data)) + data


def blob_binary(array):
    """BlobProto with a BlobShape and packed float data."""
    dims = b"".join(varint(d) for d in array.shape)
    data = np.ascontiguousarray(array, "<f4").tobytes()
    return bytes_field(7, bytes_field(1, dims)) + bytes_field(5, data)


def mean_binaryproto(mean):
    """mean.binaryproto of a C x H x W mean image: the old num/channels/height/width spelling."""
    head = b"".join(_tag(i + 1, 0) + varint(d) for i, d in enumerate((1, *mean.shape)))
    return head + bytes_field(5, np.ascontiguousarray(mean, "<f4").tobytes())


def _binary(message, fields):
    out = []
    for key, value in fields.items():
        number = MESSAGES[message][key]
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, np.ndarray):
                out.append(bytes_field(number, blob_binary(item)))
            elif isinstance(item, Enum):
                out.append(_tag(number, 0) + varint(item.number))
            elif isinstance(item, dict):
                out.append(bytes_field(number, _binary(key, item)))
            elif isinstance(item, str):
                out.append(bytes_field(number, item.encode()))
            elif isinstance(item, float):
                out.append(_tag(number, 5) + struct.pack("<f", item))
            else:
                out.append(_tag(number, 0) + varint(int(item)))
    return b"".join(out)


def write_caffemodel(net, file):
    """NetParameter with V2 layers to an open binary file, layer by layer: a large net is not held twice."""
    file.write(bytes_field(1, net["name"].encode()))
    for one in net["layer"]:
        file.write(bytes_field(100, _binary("layer", one)))
