"""Write a network of the zoo as deploy.prototxt and NAME.caffemodel."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import caffe_writer as caffe
from weights import weights

# Caffe stores batch-norm sums and the factor that divides them; a power of two keeps the values exact.
MOVING_FACTOR = 512.0
IN_PLACE = ("relu", "relu6", "bn", "dropout")


def blob_names(net):
    """{value: blob}: what is computed in place shares its input's blob, where nothing else reads that input."""
    readers = {}
    for layer in net.layers:
        for name in layer.inputs:
            readers[name] = readers.get(name, 0) + 1
    blobs = {"data": "data"}
    for layer in net.layers:
        source = layer.inputs[0]
        shared = layer.op in IN_PLACE and readers[source] == 1 and source != "data"
        blobs[layer.name] = blobs[source] if shared else layer.name
    return blobs


def caffe_layers(layer, arrays, bottoms, top):
    """The Caffe layers of one layer: one, or BatchNorm and Scale."""
    a = layer.attrs

    def one(kind, blobs=(), **fields):
        return [caffe.layer(layer.name, kind, bottoms, [top], blobs, **fields)]

    match layer.op:
        case "conv":
            param = {"num_output": layer.shape[0], "kernel_size": a["kernel"]}
            param |= {"bias_term": False} if "bias" not in layer.params else {}
            param |= {key: a[key] for key, usual in (("pad", 0), ("stride", 1), ("group", 1)) if a[key] != usual}
            return one("Convolution", arrays.values(), convolution_param=param)
        case "fc":
            return one("InnerProduct", arrays.values(), inner_product_param={"num_output": layer.shape[0]})
        case "bn":
            sums = [arrays["mean"] * MOVING_FACTOR, arrays["var"] * MOVING_FACTOR, [MOVING_FACTOR]]
            norm = one("BatchNorm", sums, batch_norm_param={"use_global_stats": True, "eps": a["eps"]})
            scale = caffe.layer(layer.name.removesuffix("_bn") + "_scale", "Scale", [top], [top],
                                [arrays["gamma"], arrays["beta"]], scale_param={"bias_term": True})
            return norm + [scale]
        case "maxpool" | "avepool":
            kind = caffe.MAX if layer.op == "maxpool" else caffe.AVE
            pad = {"pad": a["pad"]} if a["pad"] else {}
            return one("Pooling", pooling_param={"pool": kind, "kernel_size": a["kernel"], "stride": a["stride"]} | pad)
        case "gap":
            return one("Pooling", pooling_param={"pool": caffe.AVE, "global_pooling": True})
        case "lrn":
            return one("LRN", lrn_param={"local_size": a["size"], "alpha": a["alpha"], "beta": a["beta"]})
        case "dropout":
            return one("Dropout", dropout_param={"dropout_ratio": a["ratio"]})
        case "add":
            return one("Eltwise", eltwise_param={"operation": caffe.SUM})
    return one({"relu": "ReLU", "relu6": "ReLU6", "concat": "Concat", "softmax": "Softmax"}[layer.op])


def write(net, folder, batch=None):
    """Write both files; returns their paths. The batch (1 if not given) stands in deploy.prototxt only."""
    described = {"name": net.name, "input": ("data", (batch or 1, *net.input_shape)), "layer": []}
    blobs, lines = blob_names(net), [caffe.prototxt(described)]

    def layers():  # one at a time: the weights of VGG-16 are half a gigabyte
        for layer, arrays in weights(net):
            for one in caffe_layers(layer, arrays, [blobs[x] for x in layer.inputs], blobs[layer.name]):
                lines.append(caffe.text({"layer": one}))
                yield one

    deploy, model = Path(folder) / "deploy.prototxt", Path(folder) / f"{net.name}.caffemodel"
    with open(model, "wb") as file:
        caffe.write_caffemodel(described | {"layer": layers()}, file)
    deploy.write_text("".join(lines))
    return [deploy, model]
