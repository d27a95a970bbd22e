// One run over the layers of a network. Several may be needed: the first ones, on a builder of
// their own, find out whether the batch size can stay open.
#pragma once

#include <set>

#include "src/import/caffe/layer_blobs.h"
#include "src/import/caffe/net.h"

namespace tenfold::caffe {

struct AttemptSetup {
  const NetFile& net;
  const Topology& topology;
  Weights& weights;
  const NetOptions& options;
  bool open_batch = true;  // dim 0 of inputs is the symbol N
  bool dry = false;  // on a builder of its own: hooks are not called, random weights not drawn
};

class Attempt {
 public:
  Attempt(GraphBuilder& builder, const AttemptSetup& setup, Diagnostics& diagnostics);
  NetResult run();

 private:
  using UsedNames = std::map<std::string, int>;  // name -> the suffix to try next
  void add_layer(int k);
  void add_data(int k);
  void add_computed(int k);
  std::vector<ValueId> call_hook(int k, const std::vector<ValueId>& bottoms);
  std::vector<ValueId> call_importer(int k, std::vector<ValueId> bottoms);
  // Values of the bottoms; false when one is missing (an error) or poisoned by an earlier problem.
  bool gather(int k, std::vector<ValueId>* bottoms);
  void set_top(int k, int top, ValueId value);
  void report_unknown(int k);
  void report_unneeded(int k);
  void report_missing_weights();
  void report_unused();
  void check_bindings();
  std::string node_name(int k);
  std::string output_name(const NetOutput& output);
  std::string unique(const std::string& name, UsedNames& used);
  void error(int k, Code code, const std::string& reason, const std::string& hint = {});
  void note(const std::string& layer, const std::string& reason);

  GraphBuilder& builder_;
  const AttemptSetup& setup_;
  Diagnostics& diagnostics_;
  NetResult result_;
  std::map<Source, ValueId> values_;  // what exists; absent: poison
  SharedParams shared_;
  std::vector<int> missing_;  // layers without trained weights
  UsedNames node_names_, value_names_;
  int suggestions_ = 0;  // made so far: searching for one takes time
  std::set<uint32_t> named_;  // values that bear a top's name already
};

}  // namespace tenfold::caffe
