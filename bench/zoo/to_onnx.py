"""Write a network of the zoo as NAME.onnx: one node a layer, nothing folded. Needs the onnx package."""
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from weights import weights

OPSET, IR_VERSION = 17, 8


def node(layer, params):
    """The node (or two) of one layer; `params` are the names of its initializers."""
    a, x, y = layer.attrs, list(layer.inputs), [layer.name]

    def one(kind, inputs=x, **attrs):
        return [helper.make_node(kind, inputs, y, name=layer.name, **attrs)]

    match layer.op:
        case "conv":
            return one("Conv", x + params, kernel_shape=[a["kernel"]] * 2, strides=[a["stride"]] * 2,
                       pads=[a["pad"]] * 4, group=a["group"])
        case "fc":
            flat = layer.name + "_flat"
            return [helper.make_node("Flatten", x, [flat], name=flat, axis=1),
                    *one("Gemm", [flat] + params, transB=1)]
        case "bn":
            mean, var, gamma, beta = params
            return one("BatchNormalization", x + [gamma, beta, mean, var], epsilon=a["eps"])
        case "maxpool" | "avepool":
            kind = "MaxPool" if layer.op == "maxpool" else "AveragePool"
            more = {} if layer.op == "maxpool" else {"count_include_pad": 1}
            return one(kind, kernel_shape=[a["kernel"]] * 2, strides=[a["stride"]] * 2, pads=[a["pad"]] * 4,
                       ceil_mode=1, **more)
        case "lrn":
            return one("LRN", size=a["size"], alpha=a["alpha"], beta=a["beta"], bias=1.0)
        case "concat" | "softmax":
            return one(layer.op.capitalize(), axis=1)
        case "relu6" | "dropout":
            return one("Clip" if layer.op == "relu6" else "Dropout", x + params)
    return one({"relu": "Relu", "gap": "GlobalAveragePool", "add": "Add"}[layer.op])


def write(net, folder, batch=None):
    """Write the file; returns its path in a list. Without a batch the first dimension is the symbol N."""
    nodes, initializers = [], []

    def constant(name, array):
        initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    for layer, arrays in weights(net):
        if layer.op == "relu6":
            arrays = {"min": np.float32(0.0), "max": np.float32(6.0)}
        elif layer.op == "dropout":
            arrays = {"ratio": np.float32(layer.attrs["ratio"])}
        nodes += node(layer, [constant(f"{layer.name}.{key}", array) for key, array in arrays.items()])
    first = batch or "N"
    graph = helper.make_graph(
        nodes, net.name,
        [helper.make_tensor_value_info("data", TensorProto.FLOAT, [first, *net.input_shape])],
        [helper.make_tensor_value_info(net.output, TensorProto.FLOAT, [first, *net.shapes[net.output]])],
        initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION,
                              producer_name="tenfold-zoo")
    path = Path(folder) / f"{net.name}.onnx"
    onnx.save(model, path)
    return [path]
