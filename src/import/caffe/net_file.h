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

// Where a layer stands: in a line of a text or at a byte of a binary file.
struct LayerPlace {
  int line = 0;         // 1-based; 0: unknown
  int64_t offset = -1;  // -1: unknown
};

struct NetFile {
  std::string file;                // as the user gave it
  NetParameter net;                // only `layer`; `input` fields have become Input layers
  std::vector<LayerPlace> places;  // of each layer
  std::string trained;             // blobs that the layers state, as a .caffemodel; empty: none
  std::map<int, std::string> v1_types;  // of `layers` whose type the schema does not list
  std::set<std::string> left_out;  // tops of layers that do not belong to the TEST phase
};

// Whether the bytes are a network in protobuf's binary form, as a .caffemodel holds it;
// `with_input`: one that states an input's shape, as those that are trained do not.
bool is_binary_net(const std::string& bytes, bool with_input = false);

// Parses text or protobuf's binary form of any generation (V0, V1, V2), upgrades
// it and keeps the layers of the TEST phase.
// Unknown fields become warnings. nullopt after a syntax error or when the text holds no network.
std::optional<NetFile> read_net(const std::string& text, const std::string& file,
                                Diagnostics& diagnostics);
// The same with the layers of every phase.
std::optional<NetFile> read_phases(const std::string& text, const std::string& file,
                                   Diagnostics& diagnostics);

// The steps of read_net. Each leaves `places` parallel to the layers.
std::optional<NetFile> parse_net(const std::string& text, const std::string& file,
                                 Diagnostics& diagnostics);
void upgrade_v0(NetFile& net, Diagnostics& diagnostics);  // `layers { layer {} }` to V1
void upgrade_v1(NetFile& net, Diagnostics& diagnostics);  // `layers` to `layer`
void upgrade_inputs(NetFile& net, Diagnostics& diagnostics);  // `input` to an Input layer
void upgrade_data(NetFile& net);  // data_param.scale ... to transform_param
void keep_test_phase(NetFile& net, Diagnostics& diagnostics);

// What is said of one layer of the file.
Diagnostic about_layer(const NetFile& net, int layer, Severity severity, Code code,
                       const std::string& reason, const std::string& hint = {});
// Adds an error about one layer of the file.
void layer_error(Diagnostics& diagnostics, const NetFile& net, int layer, Code code,
                 const std::string& reason, const std::string& hint = {});

}  // namespace tenfold::caffe
