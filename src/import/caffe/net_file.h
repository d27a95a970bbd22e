// A network as its file states it, brought to one form: V2 layers of the TEST phase.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "src/import/caffe/caffe.pb.h"
#include "tenfold/diag.h"

namespace tenfold::caffe {

struct NetFile {
  std::string file;         // as the user gave it
  NetParameter net;         // only `layer`; `input` fields have become Input layers
  std::vector<int> lines;   // of each layer, 1-based; 0: unknown
  std::map<int, std::string> v1_types;  // of `layers` whose type the schema does not list
  std::set<std::string> left_out;  // tops of layers that do not belong to the TEST phase
};

// Whether the bytes are a network in protobuf's binary form, as a .caffemodel holds it.
bool is_binary_net(const std::string& bytes);

// Parses text or protobuf's binary form (of unknown lines) of any generation (V0, V1, V2), upgrades
// it and keeps the layers of the TEST phase.
// Unknown fields become warnings. nullopt after a syntax error or when the text holds no network.
std::optional<NetFile> read_net(const std::string& text, const std::string& file,
                                Diagnostics& diagnostics);
// The same with the layers of every phase.
std::optional<NetFile> read_phases(const std::string& text, const std::string& file,
                                   Diagnostics& diagnostics);

// The steps of read_net. Each leaves `lines` parallel to the layers.
std::optional<NetFile> parse_net(const std::string& text, const std::string& file,
                                 Diagnostics& diagnostics);
void upgrade_v0(NetFile& net, Diagnostics& diagnostics);  // `layers { layer {} }` to V1
void upgrade_v1(NetFile& net, Diagnostics& diagnostics);  // `layers` to `layer`
void upgrade_inputs(NetFile& net, Diagnostics& diagnostics);  // `input` to an Input layer
void upgrade_data(NetFile& net);  // data_param.scale ... to transform_param
void keep_test_phase(NetFile& net, Diagnostics& diagnostics);

// Adds an error about one layer of the file.
void layer_error(Diagnostics& diagnostics, const NetFile& net, int layer, Code code,
                 const std::string& reason, const std::string& hint = {});

}  // namespace tenfold::caffe
