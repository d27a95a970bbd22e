// Packages and files made up for tests of importers.
#pragma once

#include <filesystem>
#include <fstream>

#include "import/caffe_support.h"
#include "src/import/caffe/caffe.pb.h"
#include "tenfold/io.h"

namespace tenfold::test {

namespace fs = std::filesystem;

// A folder that goes when the test ends.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "tenfold-import-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  void write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }
  void remove(const std::string& name) const { fs::remove(path_ / name); }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

// A mean image of the given size; pixel (c,y,x) is c * 100 + y * 10 + x.
inline std::string mean_file(int channels, int height, int width) {
  caffe::BlobProto blob;
  blob.set_num(1);
  blob.set_channels(channels);
  blob.set_height(height);
  blob.set_width(width);
  for (int c = 0; c < channels; ++c)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) blob.add_data(static_cast<float>(c * 100 + y * 10 + x));
  return blob.SerializeAsString();
}

inline const char* const kNet =
    "name: 'toy' input: 'data' input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }\n"
    "layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'c' convolution_param { num_output: "
    "2 "
    "kernel_size: 1 } }\n";

inline std::string train_val(const std::string& transform) {
  return "layer { name: 'd' type: 'Data' top: 'data' top: 'label' include { phase: TEST } " +
         transform + " }\n";
}

inline std::string weights() {
  std::string blobs =
      "layer { name: 'c' blobs { shape { dim: 2 dim: 3 dim: 1 dim: 1 } data: [1,0,0,0,0,1] } blobs "
      "{ shape { "
      "dim: 2 } data: [0,0] } }";
  return caffemodel(blobs);
}

// A color package of 6x6 pictures for a network of 4x4.
inline void make_package(const Folder& folder, const std::string& transform) {
  folder.write(
      "info.json",
      R"({"framework": "caffe", "image dimensions": [6, 6, 3], "image resize mode": "half_crop",
                   "deploy file": "deploy.prototxt"})");
  folder.write("deploy.prototxt", kNet);
  folder.write("original.prototxt", kNet);
  if (!transform.empty()) folder.write("train_val.prototxt", train_val(transform));
  folder.write("solver.prototxt", "base_lr: 0.1");
  folder.write("snapshot_iter_9.caffemodel", weights());
  folder.write("mean.binaryproto", mean_file(3, 6, 6));
  folder.write("labels.txt", "cat\r\ndog\n");
}

inline const Tensor& constant(const ImportedModel& m, const std::string& name) {
  const auto id = m.graph.find_value(name);
  EXPECT_TRUE(id) << name;
  return m.graph.constant_of(*id)->source;
}

}  // namespace tenfold::test
