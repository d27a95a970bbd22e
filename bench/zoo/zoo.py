"""The benchmark's networks as plain data: one description, from which Caffe, ONNX and PyTorch forms are written.

A network is a list of `Layer`s in order of execution. Pooling rounds up as Caffe does, everywhere.

>>> net = build("resnet18"); net.layers[0].op, net.layers[0].shape
('conv', (64, 112, 112))
"""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Layer:
    """One operation. `shape` is its output less the batch; `params` maps parameter names to shapes."""
    op: str
    name: str
    inputs: tuple
    shape: tuple
    attrs: dict = field(default_factory=dict)
    params: dict = field(default_factory=dict)


def conv_extent(size, kernel, stride, pad):
    """Output extent of a convolution."""
    return (size + 2 * pad - kernel) // stride + 1


def pool_extent(size, kernel, stride, pad):
    """Output extent of Caffe's pooling: rounded up, and no window starts in the padding on the right."""
    out = -(-(size + 2 * pad - kernel) // stride) + 1
    return out - 1 if pad and (out - 1) * stride >= size + pad else out


class Net:
    """A network under construction; every method adds one layer and returns the name of its value."""

    def __init__(self, name, input_shape):
        self.name, self.input_shape = name, input_shape
        self.layers, self.shapes = [], {"data": input_shape}

    def add_layer(self, op, name, inputs, shape, params=None, **attrs):
        self.layers.append(Layer(op, name, tuple(inputs), tuple(shape), attrs, params or {}))
        self.shapes[name] = tuple(shape)
        return name

    def conv(self, x, name, out, kernel, stride=1, pad=0, group=1, bias=True, std=1.0):
        """`std` is the deviation of the output that the weights aim at (see weights.py)."""
        c, h, w = self.shapes[x]
        params = {"weight": (out, c // group, kernel, kernel)} | ({"bias": (out,)} if bias else {})
        shape = (out, conv_extent(h, kernel, stride, pad), conv_extent(w, kernel, stride, pad))
        return self.add_layer("conv", name, [x], shape, params, kernel=kernel, stride=stride, pad=pad,
                              group=group, std=std)

    def fc(self, x, name, out, std=1.0):
        size = 1
        for extent in self.shapes[x]:
            size *= extent
        return self.add_layer("fc", name, [x], (out,), {"weight": (out, size), "bias": (out,)}, std=std)

    def bn(self, x, name):
        """Batch norm at inference: mean and var, then gamma and beta (Caffe's BatchNorm + Scale)."""
        c = self.shapes[x][0]
        params = {p: (c,) for p in ("mean", "var", "gamma", "beta")}
        return self.add_layer("bn", name, [x], self.shapes[x], params, eps=1e-5)

    def pool(self, x, name, kind, kernel, stride, pad=0):
        c, h, w = self.shapes[x]
        shape = (c, pool_extent(h, kernel, stride, pad), pool_extent(w, kernel, stride, pad))
        return self.add_layer(kind + "pool", name, [x], shape, kernel=kernel, stride=stride, pad=pad)

    def global_pool(self, x, name):
        return self.add_layer("gap", name, [x], (self.shapes[x][0], 1, 1))

    def unary(self, op, x, name, **attrs):
        """relu, relu6, lrn (across channels), dropout (an identity here), softmax."""
        return self.add_layer(op, name, [x], self.shapes[x], **attrs)

    def concat(self, xs, name):
        c = sum(self.shapes[x][0] for x in xs)
        return self.add_layer("concat", name, xs, (c, *self.shapes[xs[0]][1:]))

    def add(self, a, b, name):
        assert self.shapes[a] == self.shapes[b], (name, self.shapes[a], self.shapes[b])
        return self.add_layer("add", name, [a, b], self.shapes[a])

    def conv_relu(self, x, name, relu, *args, **kwargs):
        return self.unary("relu", self.conv(x, name, *args, **kwargs), relu)

    def conv_bn(self, x, name, act, *args, **kwargs):
        """Convolution without bias, batch norm, and `act` ("relu", "relu6" or None)."""
        x = self.bn(self.conv(x, name, *args, bias=False, **kwargs), name + "_bn")
        return self.unary(act, x, f"{name}_{act}") if act else x

    def classify(self, x, name, dropout=None):
        """Dropout, inner product to 1000 classes and softmax; logits get a deviation of 2."""
        if dropout:
            x = self.unary("dropout", x, f"{name}_drop", ratio=dropout)
        self.unary("softmax", self.fc(x, name, 1000, std=2.0), "prob")
        return self

    @property
    def output(self):
        return self.layers[-1].name

    def parameters(self):
        """Learned parameters, counted as frameworks count them: without running statistics."""
        total = 0
        for layer in self.layers:
            for name, shape in layer.params.items():
                size = 1
                for extent in shape:
                    size *= extent
                total += 0 if name in ("mean", "var") else size
        return total

    def macs(self):
        """Multiplications of convolutions and inner products for one picture."""
        total = 0
        for layer in self.layers:
            if "weight" in layer.params:
                size = 1
                for extent in layer.params["weight"][1:] + layer.shape:
                    size *= extent
                total += size
        return total


def resnet(name, blocks, bottleneck):
    """ResNet v1.5: in a bottleneck the 3x3 convolution has the stride. pool1 is unpadded, as in Caffe's models."""
    net = Net(name, (3, 224, 224))
    x = net.pool(net.conv_bn("data", "conv1", "relu", 64, 7, 2, 3), "pool1", "max", 3, 2)
    for stage, count in enumerate(blocks):
        width = 64 << stage
        out = width * 4 if bottleneck else width
        for block in range(count):
            at, stride = f"res{stage + 2}_{block + 1}", 2 if stage and not block else 1
            short = x
            if stride != 1 or net.shapes[x][0] != out:
                short = net.conv_bn(x, at + "_proj", None, out, 1, stride)
            if bottleneck:
                y = net.conv_bn(x, at + "_conv1", "relu", width, 1)
                y = net.conv_bn(y, at + "_conv2", "relu", width, 3, stride, 1)
                y = net.conv_bn(y, at + "_conv3", None, out, 1)
            else:
                y = net.conv_bn(x, at + "_conv1", "relu", width, 3, stride, 1)
                y = net.conv_bn(y, at + "_conv2", None, out, 3, 1, 1)
            x = net.unary("relu", net.add(short, y, at), at + "_relu")
    return net.classify(net.global_pool(x, "pool5"), "fc1000")


def mobilenet_v2():
    net = Net("mobilenet_v2", (3, 224, 224))
    x = net.conv_bn("data", "conv1", "relu6", 32, 3, 2, 1)
    index = 0
    for expand, out, count, first_stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                             (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for i in range(count):
            index += 1
            at, stride, start = f"block{index}", 1 if i else first_stride, x
            channels = net.shapes[x][0]
            if expand != 1:
                x = net.conv_bn(x, at + "_expand", "relu6", channels * expand, 1)
            hidden = channels * expand
            x = net.conv_bn(x, at + "_dwise", "relu6", hidden, 3, stride, 1, group=hidden)
            x = net.conv_bn(x, at + "_linear", None, out, 1)
            if stride == 1 and channels == out:
                x = net.add(start, x, at)
    x = net.conv_bn(x, "conv_last", "relu6", 1280, 1)
    return net.classify(net.global_pool(x, "pool"), "fc1000", dropout=0.2)


def squeezenet1_1():
    net = Net("squeezenet1_1", (3, 224, 224))
    x = net.pool(net.conv_relu("data", "conv1", "relu_conv1", 64, 3, 2), "pool1", "max", 3, 2)
    for i, squeeze in zip(range(2, 10), (16, 16, 32, 32, 48, 48, 64, 64)):
        at = f"fire{i}/"
        s = net.conv_relu(x, at + "squeeze1x1", at + "relu_squeeze1x1", squeeze, 1)
        one = net.conv_relu(s, at + "expand1x1", at + "relu_expand1x1", 4 * squeeze, 1)
        three = net.conv_relu(s, at + "expand3x3", at + "relu_expand3x3", 4 * squeeze, 3, pad=1)
        x = net.concat([one, three], at + "concat")
        if i in (3, 5):
            x = net.pool(x, f"pool{i}", "max", 3, 2)
    x = net.unary("dropout", x, "drop9", ratio=0.5)
    x = net.conv_relu(x, "conv10", "relu_conv10", 1000, 1, std=12.0)
    net.unary("softmax", net.global_pool(x, "pool10"), "prob")
    return net


INCEPTIONS = {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
              "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
              "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
              "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128),
              "5b": (384, 192, 384, 48, 128, 128)}
LRN = {"size": 5, "alpha": 1e-4, "beta": 0.75}
LRN_STD = 20.0  # what feeds an LRN is this large, as pixels of 0..255 make it, so that the LRN is felt


def googlenet():
    """Without the two auxiliary classifiers."""
    net = Net("googlenet", (3, 224, 224))
    x = net.conv_relu("data", "conv1/7x7_s2", "conv1/relu_7x7", 64, 7, 2, 3, std=LRN_STD)
    x = net.unary("lrn", net.pool(x, "pool1/3x3_s2", "max", 3, 2), "pool1/norm1", **LRN)
    x = net.conv_relu(x, "conv2/3x3_reduce", "conv2/relu_3x3_reduce", 64, 1)
    x = net.conv_relu(x, "conv2/3x3", "conv2/relu_3x3", 192, 3, pad=1, std=LRN_STD)
    x = net.pool(net.unary("lrn", x, "conv2/norm2", **LRN), "pool2/3x3_s2", "max", 3, 2)
    for key, (n1, r3, n3, r5, n5, proj) in INCEPTIONS.items():
        at = f"inception_{key}/"
        a = net.conv_relu(x, at + "1x1", at + "relu_1x1", n1, 1)
        b = net.conv_relu(x, at + "3x3_reduce", at + "relu_3x3_reduce", r3, 1)
        b = net.conv_relu(b, at + "3x3", at + "relu_3x3", n3, 3, pad=1)
        c = net.conv_relu(x, at + "5x5_reduce", at + "relu_5x5_reduce", r5, 1)
        c = net.conv_relu(c, at + "5x5", at + "relu_5x5", n5, 5, pad=2)
        d = net.pool(x, at + "pool", "max", 3, 1, 1)
        d = net.conv_relu(d, at + "pool_proj", at + "relu_pool_proj", proj, 1)
        x = net.concat([a, b, c, d], at + "output")
        if key in ("3b", "4e"):
            x = net.pool(x, f"pool{key[0]}/3x3_s2", "max", 3, 2)
    x = net.pool(x, "pool5/7x7_s1", "ave", 7, 1)
    return net.classify(x, "loss3/classifier", dropout=0.4)


def fully_connected(net, x):
    """fc6, fc7, fc8 of AlexNet and VGG."""
    for name, relu, drop in (("fc6", "relu6", "drop6"), ("fc7", "relu7", "drop7")):
        x = net.unary("dropout", net.unary("relu", net.fc(x, name, 4096), relu), drop, ratio=0.5)
    return net.classify(x, "fc8")


def alexnet():
    net = Net("alexnet", (3, 227, 227))
    x = net.conv_relu("data", "conv1", "relu1", 96, 11, 4, std=LRN_STD)
    x = net.pool(net.unary("lrn", x, "norm1", **LRN), "pool1", "max", 3, 2)
    x = net.conv_relu(x, "conv2", "relu2", 256, 5, pad=2, group=2, std=LRN_STD)
    x = net.pool(net.unary("lrn", x, "norm2", **LRN), "pool2", "max", 3, 2)
    x = net.conv_relu(x, "conv3", "relu3", 384, 3, pad=1)
    x = net.conv_relu(x, "conv4", "relu4", 384, 3, pad=1, group=2)
    x = net.conv_relu(x, "conv5", "relu5", 256, 3, pad=1, group=2)
    return fully_connected(net, net.pool(x, "pool5", "max", 3, 2))


def vgg16():
    net = Net("vgg16", (3, 224, 224))
    x = "data"
    for stage, (count, width) in enumerate(((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), 1):
        for i in range(1, count + 1):
            x = net.conv_relu(x, f"conv{stage}_{i}", f"relu{stage}_{i}", width, 3, pad=1)
        x = net.pool(x, f"pool{stage}", "max", 2, 2)
    return fully_connected(net, x)


MODELS = {"resnet50": lambda: resnet("resnet50", (3, 4, 6, 3), True),
          "resnet18": lambda: resnet("resnet18", (2, 2, 2, 2), False),
          "mobilenet_v2": mobilenet_v2, "squeezenet1_1": squeezenet1_1, "googlenet": googlenet,
          "alexnet": alexnet, "vgg16": vgg16}


def build(name):
    """The network called `name`."""
    return MODELS[name]()
