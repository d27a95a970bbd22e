#!/usr/bin/env python3
"""Train the digit network of this folder and write everything that the folder ships.

Needs numpy, scikit-learn (for its packaged copy of the UCI digits) and pillow; takes about a minute.
The seed is fixed, so the same library versions give the same files.
"""
import gzip
import io
import json
import os
import sys
import tarfile
import zipfile
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread: sums are always taken in one order

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "scripts"))
import caffe_writer as caffe
import lenet

SEED, HELD_OUT, SIZE = 20260101, 360, 28
EPOCHS, BATCH = 40, 64
SOLVER = {"base_lr": 0.02, "momentum": 0.9, "weight_decay": 0.0005, "gamma": 0.1}
JOB = "20260101-000000-d161"
TIME = (2026, 1, 1, 0, 0, 0)  # of every archive member


def load():
    """u8 images N x 28 x 28 and labels, training part and held-out part."""
    digits = load_digits()
    small = np.round(digits.images * (255.0 / 16.0)).astype(np.uint8)
    large = [Image.fromarray(s).resize((SIZE, SIZE), Image.Resampling.BILINEAR) for s in small]
    order = np.random.default_rng(SEED).permutation(len(small))
    images = np.stack([np.asarray(p) for p in large])[order]
    labels = digits.target.astype(np.uint8)[order]
    return (images[:-HELD_OUT], labels[:-HELD_OUT]), (images[-HELD_OUT:], labels[-HELD_OUT:])


def prepare(images, mean, dtype):
    """Pixels minus mean image, N x 1 x 28 x 28."""
    return (images.astype(dtype) - mean.astype(dtype))[:, None]


def train(images, labels, mean):
    """Momentum SGD; returns (weights, iterations, iterations a step of the rate)."""
    rng = np.random.default_rng(SEED + 1)
    weights = lenet.initial(rng)
    momenta = {name: [np.zeros_like(p) for p in pair] for name, pair in weights.items()}
    x = prepare(images, mean, np.float32)
    per_epoch = len(x) // BATCH
    total, stepsize = EPOCHS * per_epoch, EPOCHS * per_epoch // 3
    for epoch in range(EPOCHS):
        order, losses = rng.permutation(len(x)), []
        for i in range(per_epoch):
            pick = order[i * BATCH:(i + 1) * BATCH]
            loss, grads = lenet.gradients(weights, x[pick], labels[pick])
            rate = SOLVER["base_lr"] * SOLVER["gamma"] ** ((epoch * per_epoch + i) // stepsize)
            lenet.step(weights, momenta, grads, np.float32(rate), np.float32(SOLVER["momentum"]),
                       np.float32(SOLVER["weight_decay"]))
            losses.append(loss)
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}", flush=True)
    return weights, total, stepsize


# ---- the network as Caffe layers ----

def body(weights):
    """conv1 .. ip2, with learning-rate multipliers, fillers and blobs."""
    def learned(name, kind, bottom, key, **more):
        params = [{"lr_mult": float(r), "decay_mult": float(d)} for r, d in lenet.MULTIPLIERS[name]]
        field = {"num_output": lenet.WIDTHS[name], **more,
                 "weight_filler": {"type": "gaussian", "std": lenet.filler_std(name)},
                 "bias_filler": {"type": "constant"}}
        return caffe.layer(name, kind, [bottom], [name], weights[name], param=params, **{key: field})

    def pool(name, bottom):
        return caffe.layer(name, "Pooling", [bottom], [name],
                           pooling_param={"pool": caffe.MAX, "kernel_size": 2, "stride": 2})

    return [learned("conv1", "Convolution", "data", "convolution_param", kernel_size=5, stride=1),
            pool("pool1", "conv1"),
            learned("conv2", "Convolution", "pool1", "convolution_param", kernel_size=5, stride=1),
            pool("pool2", "conv2"),
            learned("ip1", "InnerProduct", "pool2", "inner_product_param"),
            caffe.layer("relu1", "ReLU", ["ip1"], ["ip1"]),
            learned("ip2", "InnerProduct", "ip1", "inner_product_param")]


def data_layer(name, include, transform, data):
    return caffe.layer(name, "Data", [], ["data", "label"], include=include,
                       transform_param=transform, data_param=data)


def ends(train_only, test_only):
    """Loss and accuracy."""
    return [caffe.layer("loss", "SoftmaxWithLoss", ["ip2", "label"], ["loss"], **train_only),
            caffe.layer("accuracy", "Accuracy", ["ip2", "label"], ["accuracy"], **test_only)]


def exports(weights, mean, iterations, stepsize):
    """The files of a DIGITS download: {name: bytes}, in the order in which they are packed."""
    layers, snapshot = body(weights), f"snapshot_iter_{iterations}.caffemodel"
    prob = caffe.layer("softmax", "Softmax", ["ip2"], ["softmax"])
    deploy = {"name": "digits", "input": ("data", (1, 1, SIZE, SIZE)), "layer": layers + [prob]}
    transform = {"scale": 1.0, "mean_file": f"/jobs/{JOB}/mean.binaryproto"}
    phase = {p.name: {"phase": p} for p in (caffe.TRAIN, caffe.TEST)}
    db = {"batch_size": BATCH, "backend": caffe.LMDB}
    train_val = {"name": "digits", "layer": [
        data_layer("train-data", phase["TRAIN"], transform, {"source": f"/jobs/{JOB}/train_db", **db}),
        data_layer("val-data", phase["TEST"], transform, {"source": f"/jobs/{JOB}/val_db", **db}),
        *layers, *ends({}, {"include": phase["TEST"]})]}
    stage = {s: {"include": {"stage": s}} for s in ("train", "val", "deploy")}
    original = {"name": "digits", "layer": [
        data_layer("train-data", stage["train"]["include"], {"scale": 1.0}, {"batch_size": BATCH}),
        data_layer("val-data", stage["val"]["include"], {"scale": 1.0}, {"batch_size": BATCH}),
        *layers, *ends({"exclude": {"stage": "deploy"}}, stage["val"]),
        prob | stage["deploy"]]}
    solver = {"test_iter": -(-HELD_OUT // BATCH), "test_interval": iterations // EPOCHS,
              "base_lr": SOLVER["base_lr"], "display": 40, "max_iter": iterations, "lr_policy": "step",
              "gamma": SOLVER["gamma"], "momentum": SOLVER["momentum"],
              "weight_decay": SOLVER["weight_decay"], "stepsize": stepsize, "snapshot": iterations,
              "snapshot_prefix": "snapshot", "net": "train_val.prototxt"}
    info = {"caffe flavor": "NVIDIA", "caffe version": "0.15.14", "creation time": "2026-01-01 00:00:00.000000",
            "dataset_id": JOB, "deploy file": "deploy.prototxt", "digits version": "6.0.0",
            "framework": "caffe", "id": JOB, "image dimensions": [SIZE, SIZE, 1],
            "image resize mode": "squash", "job id": JOB, "labels file": "labels.txt",
            "mean file": "mean.binaryproto", "model file": "original.prototxt", "name": "digits",
            "snapshot file": snapshot, "solver file": "solver.prototxt", "status": "Done",
            "train_val file": "train_val.prototxt", "username": "tenfold"}
    model = io.BytesIO()  # a snapshot is of the network in its training phase
    trained = [one for one in train_val["layer"] if one.get("include") != phase["TEST"]]
    caffe.write_caffemodel(train_val | {"layer": trained}, model)
    return {"deploy.prototxt": caffe.prototxt(deploy).encode(),
            "original.prototxt": caffe.prototxt(original).encode(),
            "train_val.prototxt": caffe.prototxt(train_val).encode(),
            "solver.prototxt": caffe.text(solver).encode(),
            snapshot: model.getvalue(),
            "mean.binaryproto": caffe.mean_binaryproto(mean[None]),
            "labels.txt": "".join(f"{i}\n" for i in range(10)).encode(),
            "info.json": (json.dumps(info, indent=4, sort_keys=True) + "\n").encode()}


def pack(files):
    """digits.tar.gz and digits.zip, files at top level, byte-equal for equal files."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(data), 1767225600, 0o644
            tar.addfile(entry, io.BytesIO(data))
    (HERE / "digits.tar.gz").write_bytes(gzip.compress(raw.getvalue(), 9, mtime=0))
    with zipfile.ZipFile(HERE / "digits.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, TIME)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(entry, data)


# ---- what is measured and shipped beside the archives ----

def evaluate(weights, mean, images):
    """Float64 probabilities by the exported float32 weights and mean."""
    double = {name: [p.astype(np.float64) for p in pair] for name, pair in weights.items()}
    logits, _ = lenet.forward(double, prepare(images, mean, np.float64))
    return lenet.softmax(logits)


def draw_pictures(weights, mean, images, labels):
    """Three pictures a class that the network names right: two 28 x 28 .png, one 112 x 112 .jpg."""
    folder = HERE / "pictures"
    folder.mkdir(exist_ok=True)
    for label in range(10):
        candidates = iter(images[labels == label])
        for k, suffix in enumerate(("png", "png", "jpg")):
            path = folder / f"{label}-{k}.{suffix}"
            for pixels in candidates:
                picture = Image.fromarray(pixels)
                if suffix == "jpg":
                    picture = picture.resize((4 * SIZE, 4 * SIZE), Image.Resampling.BILINEAR)
                picture.save(path, **({"quality": 90} if suffix == "jpg" else {"optimize": True}))
                read = Image.open(path).convert("L").resize((SIZE, SIZE), Image.Resampling.BILINEAR)
                prob = evaluate(weights, mean, np.asarray(read)[None])[0]
                if prob.argmax() == label and prob.max() > 0.9:
                    break
            else:
                raise SystemExit(f"no picture of {label} is named right")


def main():
    (images, labels), (held, held_labels) = load()
    mean = images.mean(0, dtype=np.float64).astype(np.float32)
    weights, iterations, stepsize = train(images, labels, mean)
    prob = evaluate(weights, mean, held)
    right = int((prob.argmax(1) == held_labels).sum())
    top2 = np.sort(prob, 1)[:, -2:]
    pack(exports(weights, mean, iterations, stepsize))
    np.save(HERE / "heldout_images.npy", held[..., None])
    np.save(HERE / "heldout_labels.npy", held_labels)
    np.save(HERE / "heldout_probs8.npy", prob[:8].astype(np.float32))
    expected = {"samples": HELD_OUT, "right": right, "accuracy": right / HELD_OUT,
                "smallest_margin": float((top2[:, 1] - top2[:, 0]).min())}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")
    draw_pictures(weights, mean, held, held_labels)
    print(json.dumps(expected))


if __name__ == "__main__":
    main()
