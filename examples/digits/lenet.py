"""A LeNet-class network in NumPy: forward pass, gradients and momentum SGD as Caffe defines them.

conv1 5x5 -> max pool 2 -> conv2 5x5 -> max pool 2 -> ip1 -> ReLU -> ip2, images in N x 1 x 28 x 28.
Every function works in the dtype of its arguments: float32 to train, float64 to measure.
"""
import numpy as np

WIDTHS = {"conv1": 10, "conv2": 20, "ip1": 100, "ip2": 10}
SHAPES = {"conv1": (10, 1, 5, 5), "conv2": (20, 10, 5, 5), "ip1": (100, 320), "ip2": (10, 100)}

# Learning-rate and decay multipliers of weight and bias, written to train_val.prototxt as they are used.
# conv1 sees pixels minus mean, about 80 times larger than what the other layers see, hence its small step.
MULTIPLIERS = {"conv1": ((1 / 6400, 0.0), (2.0, 0.0)),
               "conv2": ((1.0, 1.0), (2.0, 0.0)),
               "ip1": ((1.0, 1.0), (2.0, 0.0)),
               "ip2": ((1.0, 1.0), (2.0, 0.0))}
INPUT_SCALE = 80.0


def filler_std(name):
    """Standard deviation of the gaussian filler: He's, less conv1's input scale."""
    fan_in = int(np.prod(SHAPES[name][1:]))
    return float((2.0 / fan_in) ** 0.5 / (INPUT_SCALE if name == "conv1" else 1.0))


def initial(rng):
    """Seeded weights: {layer: [weight, bias]} in float32."""
    return {name: [(rng.standard_normal(shape) * filler_std(name)).astype(np.float32),
                   np.zeros(shape[0], np.float32)] for name, shape in SHAPES.items()}


def columns(x, kernel):
    """im2col: N x C x H x W to N x OH x OW x (C kernel kernel)."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(2, 3))
    n, c, oh, ow = windows.shape[:4]
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(n, oh, ow, c * kernel * kernel)


def conv(x, weight, bias):
    """Convolution without padding; also returns the columns, which the gradient needs."""
    cols = columns(x, weight.shape[2])
    y = cols @ weight.reshape(len(weight), -1).T + bias
    return y.transpose(0, 3, 1, 2), cols


def conv_gradients(dy, cols, weight, want_input):
    """Gradients of `conv`: (input or None, weight, bias)."""
    dy = dy.transpose(0, 2, 3, 1)
    out, channels, kernel = weight.shape[0], weight.shape[1], weight.shape[2]
    flat = dy.reshape(-1, out)
    dw = (flat.T @ cols.reshape(len(flat), -1)).reshape(weight.shape)
    if not want_input:
        return None, dw, flat.sum(0)
    n, oh, ow = dy.shape[:3]
    dcols = (dy @ weight.reshape(out, -1)).reshape(n, oh, ow, channels, kernel, kernel)
    dx = np.zeros((n, channels, oh + kernel - 1, ow + kernel - 1), dy.dtype)
    for i in range(kernel):
        for j in range(kernel):
            dx[:, :, i:i + oh, j:j + ow] += dcols[..., i, j].transpose(0, 3, 1, 2)
    return dx, dw, flat.sum(0)


def pool(x):
    """2x2 max pooling, stride 2; also returns which of the four won."""
    n, c, h, w = x.shape
    fours = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
    return fours.max(-1), fours.argmax(-1)


def pool_gradient(dy, winner):
    """Gradient of `pool`: all to the winner."""
    n, c, h, w = dy.shape
    fours = (np.arange(4) == winner[..., None]) * dy[..., None]
    return fours.reshape(n, c, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, 2 * h, 2 * w)


def forward(weights, x):
    """Logits, and what `gradients` needs of the way there."""
    c1, cols1 = conv(x, *weights["conv1"])
    p1, won1 = pool(c1)
    c2, cols2 = conv(p1, *weights["conv2"])
    p2, won2 = pool(c2)
    flat = p2.reshape(len(x), -1)
    hidden = np.maximum(flat @ weights["ip1"][0].T + weights["ip1"][1], 0)
    logits = hidden @ weights["ip2"][0].T + weights["ip2"][1]
    return logits, (cols1, won1, cols2, won2, p2.shape, flat, hidden)


def softmax(logits):
    """Softmax over the last axis."""
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def gradients(weights, x, labels):
    """Mean cross-entropy of a batch and its gradients, laid out like the weights."""
    logits, (cols1, won1, cols2, won2, shape2, flat, hidden) = forward(weights, x)
    prob = softmax(logits)
    loss = -np.log(prob[np.arange(len(x)), labels]).mean()
    d = prob
    d[np.arange(len(x)), labels] -= 1
    d /= len(x)
    out = {"ip2": [d.T @ hidden, d.sum(0)]}
    d = (d @ weights["ip2"][0]) * (hidden > 0)
    out["ip1"] = [d.T @ flat, d.sum(0)]
    d = pool_gradient((d @ weights["ip1"][0]).reshape(shape2), won2)
    d, *out["conv2"] = conv_gradients(d, cols2, weights["conv2"][0], True)
    _, *out["conv1"] = conv_gradients(pool_gradient(d, won1), cols1, weights["conv1"][0], False)
    return loss, out


def step(weights, momenta, grads, rate, momentum, decay):
    """One step of Caffe's SGD, in place."""
    for name, multipliers in MULTIPLIERS.items():
        for i, (rate_mult, decay_mult) in enumerate(multipliers):
            grad = grads[name][i] + decay * decay_mult * weights[name][i]
            momenta[name][i] = momentum * momenta[name][i] + rate * rate_mult * grad
            weights[name][i] -= momenta[name][i]
