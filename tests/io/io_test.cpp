// Pictures and .npy: against Pillow's results, and against damaged files.
#include "tenfold/io.h"

#include <cmath>
#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "src/base/file.h"
#include "src/io/archive.h"
#include "src/io/npy.h"
#include "tenfold/diag.h"
#include "tests/io/archive_support.h"
#include "tests/type/random.h"

namespace tenfold {
namespace {

using test::as_bytes, test::pack;

const std::string kData = std::string(TENFOLD_TEST_DATA) + "/io/data/";

// The largest difference of two pictures; -1 if their shapes differ.
int difference(const Tensor& a, const Tensor& b) {
  if (a.dims() != b.dims() || a.dtype() != b.dtype()) return -1;
  int worst = 0;
  for (int64_t k = 0; k < a.count(); ++k)
    worst = std::max(worst, static_cast<int>(std::fabs(a.at(k) - b.at(k))));
  return worst;
}
Tensor expected(const std::string& name) { return load_npy(kData + name + ".npy"); }
TEST(Image, DecodesAsPillowDoes) {
  for (const char* name : {"palette.png", "bits.png", "rgb.jpg", "progressive.jpg", "gray.jpg"})
    EXPECT_EQ(difference(load_image(kData + name), expected(name)), 0) << name;
  for (const char* name : {"rgb.png", "rgb_key.png", "rgb.ppm"})
    EXPECT_EQ(difference(load_image(kData + name), expected("rgb")), 0) << name;
  for (const char* name : {"gray.png", "gray.pgm"})
    EXPECT_EQ(difference(load_image(kData + name), expected("gray")), 0) << name;
  EXPECT_EQ(difference(load_image(kData + "gray_key.png"), expected("gray")), 0);
  const int cmyk = difference(load_image(kData + "cmyk.jpg"), expected("cmyk.jpg"));
  EXPECT_TRUE(cmyk >= 0 && cmyk <= 1) << cmyk;
}

TEST(Image, TransparentPicturesLieOnWhite) {
  for (const char* name : {"rgba.png", "palette_alpha.png", "gray_alpha.png"})
    EXPECT_EQ(difference(load_image(kData + name), expected(name)), 0) << name;
}

TEST(Image, SixteenBitsKeepTheUpperEight) {
  const Tensor t = load_image(kData + "deep.png");
  ASSERT_EQ(t.dims(), (Extents{7, 30, 1}));
  for (int64_t k = 0; k < t.count(); ++k)
    ASSERT_EQ(t.at(k), static_cast<double>(k * 311 % 65536 / 256));
}

TEST(Image, PlainAndDeepPnm) {
  const auto decode = [](const std::string& text) { return decode_image(as_bytes(text), "x"); };
  EXPECT_EQ(decode("P2 # c\n2 1\n15\n0 15").at(1), 255);
  EXPECT_EQ(decode("P3\n1 1 255 1 2 3\n").at(2), 3);
  EXPECT_EQ(decode(std::string("P5 1 1 65535\n\x80\x00", 15)).at(0), 128);
  for (const char* bad :
       {"P5 1 1 255", "P5 0 1 255\n", "P6 9999999 9999999 255\nxx", "P2 2 1 15\n1", "P5 1 1 0\n1",
        "P7\n", "P", "", "P5 99999999999999999999 1 1 "})
    EXPECT_THROW(decode(bad), Error) << bad;
}

// Sound pictures of other formats are not called damaged.
TEST(Image, OtherFormatsAreUnsupported) {
  for (const std::string& text : {std::string("BM6\0\0", 5), std::string("GIF89a"),
                                  std::string("II*\0\b", 5), std::string("RIFF\1\1\1\1WEBPVP8 ")}) {
    try {
      decode_image(as_bytes(text), "x");
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kUnsupported) << e.what();
      EXPECT_NE(std::string(e.what()).find("pictures are not read"), std::string::npos);
    }
  }
}

TEST(Resize, EqualsPillow) {
  const Tensor rgb = expected("rgb");
  for (const auto& [h, w] : {std::pair{8, 8}, {29, 20}, {50, 41}, {7, 60}, {64, 96}, {1, 1}}) {
    const std::string name = "rgb_" + std::to_string(h) + "x" + std::to_string(w);
    const int d = difference(resize_bilinear(rgb, h, w), expected(name));
    // Where only the height shrinks, later versions of Pillow take the columns first.
    EXPECT_TRUE(d >= 0 && d <= (name == "rgb_7x60" ? 1 : 0)) << name << " " << d;
  }
  EXPECT_EQ(difference(resize_bilinear(expected("gray"), 28, 28), expected("gray_28x28")), 0);
  EXPECT_EQ(difference(convert_channels(rgb, 1), expected("rgb_as_gray")), 0);
  EXPECT_THROW(resize_bilinear(rgb, 0, 5), Error);
  EXPECT_THROW(resize_bilinear(rgb, 1 << 24, 1 << 24), Error);
}

TEST(Preprocess, Modes) {
  Tensor wide(DType::kU8, {40, 80, 3});
  auto* p = wide.as_mutable<uint8_t>().data();
  for (int64_t k = 0; k < wide.count(); ++k) p[k] = k % 3 == 0 ? 200 : k % 3 == 1 ? 100 : 50;
  Preprocess pre;
  pre.resize_height = pre.resize_width = 20;
  for (const char* mode : {"squash", "crop", "fill", "half_crop"}) {
    pre.resize_mode = mode;
    pre.bgr = mode[0] == 'f';
    const Tensor out = apply_preprocess(wide, pre);
    ASSERT_EQ(out.dims(), (Extents{20, 20, 3}));
    for (int64_t k = 0; k < out.count(); k += 3)  // one color stays that color, padding included
      ASSERT_TRUE(out.at(k) == (pre.bgr ? 50 : 200) && out.at(k + 1) == 100) << mode << " " << k;
  }
  pre.channels = 1;
  pre.resize_height = 0;
  EXPECT_EQ(apply_preprocess(wide, pre).dims(), (Extents{40, 80, 1}));
  pre.resize_height = 20;
  pre.resize_mode = "stretch";
  EXPECT_THROW(apply_preprocess(wide, pre), Error);
  pre.channels = 2;
  EXPECT_THROW(apply_preprocess(wide, pre), Error);
}

TEST(Preprocess, CropKeepsTheMiddle) {
  Tensor t = Tensor::zeros(DType::kU8, {4, 12, 1});
  for (int64_t y = 0; y < 4; ++y)
    for (int64_t x = 4; x < 8; ++x) t.as_mutable<uint8_t>()[static_cast<size_t>(y * 12 + x)] = 255;
  Preprocess pre;
  pre.channels = 1;
  pre.resize_height = pre.resize_width = 4;
  pre.resize_mode = "crop";
  const Tensor out = apply_preprocess(t, pre);
  for (int64_t k = 0; k < 16; ++k) ASSERT_EQ(out.at(k), 255);
  pre.resize_mode = "fill";
  const Tensor filled = apply_preprocess(t, pre);  // 4x2 in the middle, mean 85 around it
  EXPECT_EQ(filled.at(0), 85);
  EXPECT_EQ(filled.at(15), 85);
  pre.border = {7};
  EXPECT_EQ(apply_preprocess(t, pre).at(0), 7);
  EXPECT_EQ(apply_preprocess(t, pre).at(5), filled.at(5));
}

TEST(Preprocess, BordersHaveTheStatedColor) {
  Tensor wide(DType::kU8, {4, 8, 3});
  std::fill_n(wide.as_mutable<uint8_t>().data(), wide.count(), uint8_t{9});
  Preprocess pre;
  pre.resize_height = pre.resize_width = 8;
  pre.border = {10, 20, 30};
  for (const char* mode : {"fill", "half_crop"}) {
    pre.resize_mode = mode;
    pre.bgr = false;
    Tensor out = apply_preprocess(wide, pre);
    EXPECT_TRUE(out.at(0) == 10 && out.at(1) == 20 && out.at(2) == 30) << mode;
    EXPECT_EQ(out.at((4 * 8 + 4) * 3), 9) << mode;
    pre.bgr = true;  // the color is stated as RGB whatever the network reads
    out = apply_preprocess(wide, pre);
    EXPECT_TRUE(out.at(0) == 30 && out.at(1) == 20 && out.at(2) == 10) << mode;
  }
  pre.channels = 1;
  EXPECT_THROW(apply_preprocess(wide, pre), Error);
}

TEST(Npy, RoundTripsEveryType) {
  for (const DType t :
       {DType::kF64, DType::kF32, DType::kF16, DType::kI8, DType::kU8, DType::kI16, DType::kU16,
        DType::kI32, DType::kU32, DType::kI64, DType::kU64, DType::kBool})
    for (const Extents& dims : {Extents{}, Extents{3}, Extents{2, 3}, Extents{0, 4}}) {
      Tensor a = Tensor::zeros(t, dims);
      for (int64_t k = 0; k < a.count(); ++k)
        store_element(t, a.mutable_data(), k, static_cast<double>(k % 2));
      const std::string bytes = format_npy(a);
      const Tensor b = parse_npy(as_bytes(bytes), "x");
      ASSERT_EQ(b.dims(), dims);
      ASSERT_EQ(b.dtype(), t);
      ASSERT_TRUE(a.bytes() == 0 ||
                  std::memcmp(a.data(), b.data(), static_cast<size_t>(a.bytes())) == 0);
      EXPECT_EQ((bytes.size() - static_cast<size_t>(a.bytes())) % 64, 0u);
    }
  const Tensor half = parse_npy(as_bytes(format_npy(Tensor::scalar(DType::kBF16, 1.5))), "x");
  EXPECT_EQ(half.dtype(), DType::kF32);
  EXPECT_EQ(half.at(0), 1.5);
}

std::string npy(const std::string& header, const std::string& data) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  return bytes + header + data;
}

TEST(Npy, FortranOrderAndRefusals) {
  const Tensor t =
      parse_npy(as_bytes(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}",
                             std::string("\0\3\1\4\2\5", 6))),
                "x");
  for (int64_t k = 0; k < 6; ++k) EXPECT_EQ(t.at(k), static_cast<double>(k));
  for (const char* header :
       {"{'descr': '>q4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "{", "", "{'a': 1}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}"})
    EXPECT_THROW(parse_npy(as_bytes(npy(header, "1234")), "x"), Error) << header;
}

TEST(Npy, BigEndianNumbers) {
  const auto read = [](const char* type, const std::string& data) {
    return parse_npy(
        as_bytes(npy(
            std::string("{'descr': '") + type + "', 'fortran_order': False, 'shape': (2,)}", data)),
        "x");
  };
  const Tensor f = read(">f4", std::string("\x3f\x80\0\0\xc0\0\0\0", 8));
  EXPECT_EQ(f.at(0), 1);
  EXPECT_EQ(f.at(1), -2);
  EXPECT_EQ(read(">i2", std::string("\1\2\xff\xfe", 4)).at(0), 258);
  EXPECT_EQ(read(">i2", std::string("\1\2\xff\xfe", 4)).at(1), -2);
  EXPECT_EQ(read(">u1", "\5\6").at(1), 6);
}

// Every truncation and many flips: an Error or a result, nothing else.
template <typename Read>
void mistreat(const std::string& bytes, const Read& read) {
  const auto attempt = [&](const std::string& damaged) {
    // A heap copy of the exact size, so that sanitizers see reads past the end.
    const auto copy = std::make_unique<std::byte[]>(damaged.size() + (damaged.empty() ? 1 : 0));
    std::memcpy(copy.get(), damaged.data(), damaged.size());
    try {
      read(Bytes(copy.get(), damaged.size()));
    } catch (const Error& e) {
      ASSERT_NE(e.code(), Code::kInternal) << e.what();
    }
  };
  for (size_t n = 0; n < bytes.size(); ++n) attempt(bytes.substr(0, n));
  test::Random random;
  SCOPED_TRACE(random.seed);
  for (int k = 0; k < 1500; ++k) {
    std::string damaged = bytes;
    for (int64_t flips = random.between(1, 5); flips > 0; --flips)
      damaged[static_cast<size_t>(random.below(static_cast<int64_t>(bytes.size())))] =
          static_cast<char>(random.below(256));
    attempt(damaged);
  }
}

TEST(Hostile, Pictures) {
  for (const char* name : {"gray.png", "palette.png", "gray.jpg", "progressive.jpg", "gray.pgm"})
    mistreat(read_file(kData + name), [](Bytes b) { decode_image(b, "x"); });
}

TEST(Hostile, TruncatedPicturesAreRefused) {
  for (const char* name : {"rgb.png", "rgb.jpg", "gray.pgm"}) {
    const std::string bytes = read_file(kData + name);
    EXPECT_THROW(decode_image(as_bytes(bytes.substr(0, bytes.size() / 2)), "x"), Error) << name;
  }
  // 20,000 x 20,000 pixels promised by a few bytes: refused before memory is taken.
  std::string png = read_file(kData + "gray.png");
  png[18] = png[22] = '\x4e';
  EXPECT_THROW(decode_image(as_bytes(png), "x"), Error);
}

TEST(Hostile, Npy) {
  mistreat(read_file(kData + "rgb_8x8.npy"), [](Bytes b) { parse_npy(b, "x"); });
}

TEST(Hostile, Archives) {
  const Members members = {{"a/b", "text"}, {"c", std::string(700, 'q')}};
  for (const bool zip : {false, true})
    mistreat(pack(zip, members), [](Bytes b) { parse_archive(b, "x", 1 << 20); });
}

TEST(Files, MissingOnesAreNotFound) {
  const auto code = [](const auto& call) {
    try {
      call();
    } catch (const Error& e) {
      return e.code();
    }
    return Code::kOk;
  };
  EXPECT_EQ(code([] { load_image("/nowhere/a.png"); }), Code::kNotFound);
  EXPECT_EQ(code([] { load_npy("/nowhere/a.npy"); }), Code::kNotFound);
  EXPECT_EQ(code([] { read_archive("/nowhere/a.zip"); }), Code::kNotFound);
}

TEST(Files, TheShippedArchivesHoldTheSame) {
  const std::string folder = std::string(TENFOLD_EXAMPLES_DIR) + "/digits/digits";
  auto tar = read_archive(folder + ".tar.gz"), zip = read_archive(folder + ".zip");
  std::sort(tar.begin(), tar.end());
  std::sort(zip.begin(), zip.end());
  EXPECT_EQ(tar, zip);
  EXPECT_GE(tar.size(), 8u);
}

}  // namespace
}  // namespace tenfold
