// The files that a model consists of: on disk, in an archive or in memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tenfold/diag.h"

namespace tenfold {

class ModelFile {
 public:
  static ModelFile on_disk(std::string path);
  static ModelFile in_memory(std::string name, std::string bytes, std::string archive = {});
  const std::string& shown() const { return shown_; }  // for messages: "archive.tar.gz:member"
  std::string base() const;                            // name without folders
  const std::string& path() const { return path_; }    // empty for files in memory
  // Read when first asked for. Error{kIo, kNotFound, kResource}.
  const std::string& bytes() const;
  void release() const { std::string().swap(bytes_); }  // gives the memory back; not read again
  bool is_text() const;                                // no control characters at the start

 private:
  std::string path_, shown_;
  mutable std::string bytes_;
  mutable bool loaded_ = false;
};

struct ModelFiles {
  std::vector<ModelFile> files;
  bool package = false;  // a folder or an archive
  std::string shown;     // of the package
  bool misnamed = false; // several were named where one is a whole model
};

// The format of which a file of that name is, where it is none that is read: "an ONNX model"; else
// empty.
std::string_view other_format(std::string_view name);
inline constexpr char kFormatsRead[] =
    "Caffe's networks are read: a .prototxt and a .caffemodel, or a package of them";

// Opens paths: one folder or archive, or single files. Problems become errors.
ModelFiles open_files(const std::vector<std::string>& paths, Diagnostics& diagnostics);

}  // namespace tenfold
