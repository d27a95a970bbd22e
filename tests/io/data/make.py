#!/usr/bin/env python3
"""Writes the small pictures beside this file and what Pillow makes of them (.npy). Needs Pillow, NumPy."""
import io
import pathlib

import numpy
from PIL import Image

here = pathlib.Path(__file__).parent
random = numpy.random.default_rng(7)


def picture(height, width, channels):
    """Smooth waves and a little noise: packs well, has every level."""
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [128 + 120 * numpy.sin(x / (3 + c) + c) * numpy.cos(y / (5 - c)) for c in range(channels)]
    levels = numpy.stack(planes, -1) + random.normal(0, 4, (height, width, channels))
    return Image.fromarray(levels.clip(0, 255).astype(numpy.uint8).squeeze())


def expect(name, image):
    array = numpy.asarray(image)
    numpy.save(here / f"{name}.npy", array if array.ndim == 3 else array[:, :, None])


rgb = picture(29, 41, 3)
gray = picture(23, 17, 1)
rgb.save(here / "rgb.png")
gray.save(here / "gray.png")
rgb.quantize(20).save(here / "palette.png")
gray.point(lambda v: 255 * (v > 99)).convert("1").save(here / "bits.png")
alpha = rgb.copy()
alpha.putalpha(rgb.getchannel(0))
alpha.save(here / "rgba.png")
gray_alpha = gray.convert("LA")
gray_alpha.putalpha(gray.transpose(Image.Transpose.ROTATE_180))
gray_alpha.save(here / "gray_alpha.png")
rgb.quantize(20).save(here / "palette_alpha.png", transparency=bytes(range(0, 200, 10)))
rgb.save(here / "rgb_key.png", transparency=rgb.getpixel((5, 5)))
gray.save(here / "gray_key.png", transparency=gray.getpixel((5, 5)))
rgb.save(here / "rgb.jpg", quality=90)
rgb.save(here / "progressive.jpg", quality=80, progressive=True)
gray.save(here / "gray.jpg", quality=95)
rgb.convert("CMYK").save(here / "cmyk.jpg", quality=90)
rgb.save(here / "rgb.ppm")
gray.save(here / "gray.pgm")
Image.fromarray((numpy.arange(30 * 7, dtype=numpy.uint16) * 311).reshape(7, 30)).save(here / "deep.png")

for name in ("palette.png", "rgb.jpg", "progressive.jpg", "cmyk.jpg"):
    expect(name, Image.open(here / name).convert("RGB"))
for name in ("gray.jpg", "bits.png"):
    expect(name, Image.open(here / name).convert("L"))
for name, mode in (("rgba.png", "RGB"), ("palette_alpha.png", "RGB"), ("gray_alpha.png", "L")):
    white = Image.new(mode, Image.open(here / name).size, "white")  # as DIGITS opens pictures
    white.paste(Image.open(here / name), mask=Image.open(here / name).convert("RGBA"))
    expect(name, white)
expect("rgb", rgb)
expect("gray", gray)
expect("rgb_as_gray", rgb.convert("L"))
for height, width in ((8, 8), (29, 20), (50, 41), (7, 60), (64, 96), (1, 1)):
    expect(f"rgb_{height}x{width}", rgb.resize((width, height), Image.BILINEAR))
expect("gray_28x28", gray.resize((28, 28), Image.BILINEAR))
