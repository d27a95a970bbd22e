"""A network of the zoo as a torch.nn.Module that interprets the description. Needs torch."""
import torch
import torch.nn.functional as F
from weights import weights


class Zoo(torch.nn.Module):
    """Inference only. Parameters are buffers p0, p1, ...: layer names hold characters that torch refuses."""

    def __init__(self, net):
        super().__init__()
        self.net, self.names = net, {}
        for layer, arrays in weights(net):
            for key, array in arrays.items():
                name = f"p{sum(map(len, self.names.values()))}"
                self.names.setdefault(layer.name, {})[key] = name
                self.register_buffer(name, torch.from_numpy(array))

    def forward(self, x):
        values = {"data": x}
        for layer in self.net.layers:
            params = {key: getattr(self, name) for key, name in self.names.get(layer.name, {}).items()}
            values[layer.name] = apply(layer, params, [values[name] for name in layer.inputs])
        return values[self.net.output]


def apply(layer, p, inputs):
    """The output of one layer."""
    x, a = inputs[0], layer.attrs
    match layer.op:
        case "conv":
            return F.conv2d(x, p["weight"], p.get("bias"), a["stride"], a["pad"], 1, a["group"])
        case "fc":
            return F.linear(x.flatten(1), p["weight"], p["bias"])
        case "bn":
            return F.batch_norm(x, p["mean"], p["var"], p["gamma"], p["beta"], False, 0.0, a["eps"])
        case "relu":
            return F.relu(x)
        case "relu6":
            return F.relu6(x)
        case "maxpool":
            return F.max_pool2d(x, a["kernel"], a["stride"], a["pad"], ceil_mode=True)
        case "avepool":
            return F.avg_pool2d(x, a["kernel"], a["stride"], a["pad"], ceil_mode=True)
        case "gap":
            return F.adaptive_avg_pool2d(x, 1)
        case "lrn":
            return F.local_response_norm(x, a["size"], a["alpha"], a["beta"], 1.0)
        case "concat":
            return torch.cat(inputs, 1)
        case "add":
            return inputs[0] + inputs[1]
        case "dropout":
            return x
        case "softmax":
            return F.softmax(x, 1)
    raise ValueError(layer.op)
