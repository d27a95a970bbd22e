// JPEG through libjpeg. Its errors leave by longjmp: functions that call setjmp hold no objects
// with destructors, and memory belongs to their callers.
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include <jerror.h>
#include <jpeglib.h>

#include "src/io/images.h"
#include "tenfold/diag.h"

namespace tenfold {
namespace {

constexpr int kMaxScans = 500;  // a progressive file with more is made to waste time
constexpr int64_t kMaxPixelsPerByte = 65536;  // beyond what the format's codes can express

struct Reader {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf leave{};
  char message[JMSG_LENGTH_MAX] = "";
  bool truncated = false;

  Reader() {
    info.err = jpeg_std_error(&errors);
    info.client_data = this;
    errors.error_exit = [](j_common_ptr c) {
      Reader& self = *static_cast<Reader*>(c->client_data);
      c->err->format_message(c, self.message);
      std::longjmp(self.leave, 1);
    };
    errors.emit_message = [](j_common_ptr c, int level) {
      Reader& self = *static_cast<Reader*>(c->client_data);
      if (level < 0 && c->err->msg_code == JWRN_JPEG_EOF) self.truncated = true;
    };
    errors.output_message = [](j_common_ptr) {};
    progress.progress_monitor = [](j_common_ptr c) {
      const auto* info = reinterpret_cast<j_decompress_ptr>(c);
      Reader& self = *static_cast<Reader*>(c->client_data);
      if (info->input_scan_number <= kMaxScans) return;
      std::snprintf(self.message, sizeof(self.message), "more than %d scans", kMaxScans);
      std::longjmp(self.leave, 1);
    };
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { jpeg_destroy_decompress(&info); }

  bool open(Bytes bytes) {
    if (setjmp(leave)) return false;
    jpeg_create_decompress(&info);
    info.progress = &progress;
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()),
                 static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&info, TRUE);
    if (info.num_components == 1)
      info.out_color_space = JCS_GRAYSCALE;
    else if (info.num_components == 4)
      info.out_color_space = JCS_CMYK;
    else
      info.out_color_space = JCS_RGB;
    jpeg_calc_output_dimensions(&info);
    return true;
  }

  // Writes rows of output_width * output_components bytes.
  bool read(unsigned char* out) {
    if (setjmp(leave)) return false;
    jpeg_start_decompress(&info);
    const size_t stride =
        static_cast<size_t>(info.output_width) * static_cast<size_t>(info.output_components);
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = out + info.output_scanline * stride;
      jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    return true;
  }
};

unsigned char scaled(unsigned a, unsigned b) {  // a * b / 255, rounded
  const unsigned t = a * b + 128;
  return static_cast<unsigned char>((t + (t >> 8)) >> 8);
}

// Adobe's files store inverted CMYK; others do not.
void cmyk_to_rgb(const unsigned char* cmyk, bool inverted, int64_t count, unsigned char* rgb) {
  for (int64_t k = 0; k < count; ++k, cmyk += 4, rgb += 3)
    for (int c = 0; c < 3; ++c) {
      const unsigned ink = inverted ? cmyk[c] : 255u - cmyk[c];
      const unsigned black = inverted ? cmyk[3] : 255u - cmyk[3];
      rgb[c] = scaled(ink, black);
    }
}

}  // namespace

Tensor decode_jpeg(Bytes bytes, const std::string& name) {
  Reader reader;
  const auto fail = [&] { bad_image(name, std::string("damaged JPEG: ") + reader.message); };
  if (!reader.open(bytes)) fail();
  const int64_t height = reader.info.output_height, width = reader.info.output_width;
  const int components = reader.info.output_components;
  if (components != 1 && components != 3 && components != 4)
    throw Error(Code::kUnsupported,
                name + ": a JPEG of " + std::to_string(components) + " components");
  if (height * width > static_cast<int64_t>(bytes.size()) * kMaxPixelsPerByte)
    bad_image(name, "damaged JPEG: too short for its size");
  Tensor image = new_image(height, width, components, name);
  if (!reader.read(static_cast<unsigned char*>(image.mutable_data()))) fail();
  if (reader.truncated) bad_image(name, "damaged JPEG: ends too early");
  if (components != 4) return image;
  Tensor rgb = new_image(height, width, 3, name);
  cmyk_to_rgb(static_cast<const unsigned char*>(image.data()), reader.info.saw_Adobe_marker,
              height * width, static_cast<unsigned char*>(rgb.mutable_data()));
  return rgb;
}

}  // namespace tenfold
