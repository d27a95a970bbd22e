// A model download of DIGITS: which of its files is what.
#pragma once

#include "src/import/files.h"
#include "tenfold/import.h"

namespace tenfold::digits {

struct Package {
  bool is_digits = false;               // else just a folder with a Caffe network in it
  const ModelFile* network = nullptr;   // deploy.prototxt, or what comes closest
  const ModelFile* train_val = nullptr;
  const ModelFile* weights = nullptr;   // the snapshot asked for, or the newest
  const ModelFile* mean = nullptr;
  const ModelFile* labels = nullptr;
  // What info.json tells; zero or empty: nothing.
  int64_t height = 0, width = 0, channels = 0;
  std::string resize_mode;
};

// Finds the parts among the files. Problems (no network, several snapshots of no order, a package
// of another framework) become errors.
Package find_parts(const ModelFiles& files, const ImportOptions& options, Diagnostics& diagnostics);

// One label a line.
std::vector<std::string> parse_labels(const std::string& text);

}  // namespace tenfold::digits
