#!/usr/bin/env python3
"""Tests of the zoo: `python3 bench/zoo/test_zoo.py`. Needs nothing; NumPy and ONNX Runtime are used where they are."""
import importlib.util
import json
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import zoo

PARAMETERS = {"resnet50": 25_557_032, "resnet18": 11_689_512, "mobilenet_v2": 3_504_872, "squeezenet1_1": 1_235_496,
              "googlenet": 6_998_552, "alexnet": 60_965_224, "vgg16": 138_357_544}
GIGAMACS = {"resnet50": 4.09, "resnet18": 1.81, "mobilenet_v2": 0.30, "squeezenet1_1": 0.35, "googlenet": 1.58,
            "alexnet": 0.72, "vgg16": 15.47}

CONV1_FIRST, CONV10_LAST = 0.1799323, -0.5611290  # of squeezenet1_1


def have(*modules):
    return all(importlib.util.find_spec(m) for m in modules)


class Description(unittest.TestCase):
    def test_parameter_and_operation_counts(self):
        for name in zoo.MODELS:
            net = zoo.build(name)
            self.assertEqual(net.parameters(), PARAMETERS[name], name)
            self.assertAlmostEqual(net.macs() / 1e9, GIGAMACS[name], delta=0.006, msg=name)

    def test_values_are_defined_once_and_before_use(self):
        for name in zoo.MODELS:
            seen = {"data"}
            for layer in zoo.build(name).layers:
                self.assertLessEqual(set(layer.inputs), seen, layer.name)
                self.assertNotIn(layer.name, seen)
                seen.add(layer.name)

    def test_pooling_rounds_up_as_caffe_does(self):
        self.assertEqual(zoo.pool_extent(112, 3, 2, 0), 56)
        self.assertEqual(zoo.pool_extent(112, 3, 2, 1), 57)
        self.assertEqual(zoo.pool_extent(4, 2, 2, 1), 3)
        self.assertEqual(zoo.pool_extent(3, 2, 2, 1), 2)  # the third window would start in the padding
        self.assertEqual(zoo.pool_extent(7, 7, 1, 0), 1)

    def test_known_shapes(self):
        shapes = zoo.build("resnet50").shapes
        self.assertEqual(shapes["pool1"], (64, 56, 56))
        self.assertEqual(shapes["res4_1_conv1"], (256, 28, 28))  # v1.5: the stride is the 3x3's
        self.assertEqual(shapes["res5_3_relu"], (2048, 7, 7))
        self.assertEqual(zoo.build("googlenet").shapes["inception_5b/output"], (1024, 7, 7))
        self.assertEqual(zoo.build("alexnet").shapes["pool5"], (256, 6, 6))
        self.assertEqual(zoo.build("squeezenet1_1").shapes["fire9/concat"], (512, 13, 13))
        self.assertEqual(zoo.build("mobilenet_v2").shapes["conv_last"], (1280, 7, 7))

    def test_every_layer_with_weights_has_a_gain(self):
        gains = json.loads((HERE / "gains.json").read_text())
        for name in zoo.MODELS:
            wanted = {layer.name for layer in zoo.build(name).layers if "weight" in layer.params}
            self.assertEqual(wanted, set(gains[name]))


def fields(data):
    """The (number, value) pairs of a protobuf message; a length-delimited value is bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        number, wire = divmod(varint(), 8)
        size = {0: None, 2: 0, 5: 4}[wire]
        if size is None:
            yield number, varint()
            continue
        size = size or varint()
        yield number, data[at:at + size]
        at += size


@unittest.skipUnless(have("numpy"), "needs numpy")
class Forms(unittest.TestCase):
    def test_caffemodel_holds_every_parameter(self):
        import make
        net = zoo.build("squeezenet1_1")
        with tempfile.TemporaryDirectory() as folder:
            deploy, model = make.write(net.name, "caffe", folder, batch=3)
            self.assertIn("dim: 3\n  dim: 3\n  dim: 224", deploy.read_text())
            layers = [dict(fields(v)) | {"blobs": [w for k, w in fields(v) if k == 7]}
                      for n, v in fields(model.read_bytes()) if n == 100]
        self.assertEqual(len(layers), len(net.layers))
        floats = sum(len(dict(fields(blob))[5]) // 4 for one in layers for blob in one["blobs"])
        self.assertEqual(floats, net.parameters())

    def test_blobs_computed_in_place_have_no_other_reader(self):
        import to_caffe
        for name in zoo.MODELS:
            net = zoo.build(name)
            blobs, holds = to_caffe.blob_names(net), {"data": "data"}
            for layer in net.layers:
                for source in layer.inputs:
                    self.assertEqual(holds[blobs[source]], source, f"{name}: {layer.name} reads too late")
                holds[blobs[layer.name]] = layer.name

    def test_weights_are_what_they_always_were(self):
        from weights import weights
        first = dict((layer.name, arrays) for layer, arrays in weights(zoo.build("squeezenet1_1")))
        self.assertAlmostEqual(float(first["conv1"]["weight"][0, 0, 0, 0]), CONV1_FIRST, places=6)
        self.assertAlmostEqual(float(first["conv10"]["bias"][999]), CONV10_LAST, places=6)

    @unittest.skipUnless(have("onnx", "onnxruntime"), "needs onnx and onnxruntime")
    def test_onnx_runtime_agrees_with_the_reference(self):
        import make
        import numpy as np
        import onnxruntime
        import reference
        from weights import sample_input
        for name in ("resnet18", "mobilenet_v2"):
            net = zoo.build(name)
            x = sample_input(net, 1)
            with tempfile.TemporaryDirectory() as folder:
                path, = make.write(name, "onnx", folder)
                session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
                got, = session.run(None, {"data": x})
            np.testing.assert_allclose(got, reference.run(net, x.astype(np.float64)), rtol=1e-4, atol=1e-6)


if __name__ == "__main__":
    unittest.main()
