// cuda.gather: slices of x along an axis, chosen by indices.
#include <algorithm>

#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

int axis(const Problem& p) { return axis_of(p.attrs.i("axis", 0), p.inputs[0].dims.size()); }

int indices_rank(const Problem& p) { return static_cast<int>(p.inputs[1].dims.size()); }

// x moves with the lanes along its own axis where these are not the indices'.
int lane_of_x(const Problem& p, int lane) {
  if (p.outputs[0].dims.empty()) return -1;
  if (lane < axis(p)) return lane;
  return lane < axis(p) + indices_rank(p) ? -1 : lane - indices_rank(p) + 1;
}

std::vector<int> lane_axes(const Problem& p, int lane) { return {lane_of_x(p, lane), -1}; }

std::string defines(const Problem& p) {
  const int at = axis(p), n = indices_rank(p), rank = static_cast<int>(p.inputs[0].dims.size());
  const auto str = [](int k) { return std::to_string(k); };
  std::string place = "#define gather_coordinates(d, i, j) do { j[0] = 0;";
  for (int k = 0; k < n; ++k) place += " j[" + str(k) + "] = d[" + str(at + k) + "];";
  for (int k = 0; k < rank; ++k)
    if (k != at) place += " i[" + str(k) + "] = d[" + str(k < at ? k : k + n - 1) + "];";
  std::string choose = "0";
  for (int k = at; k < at + n; ++k) choose += " || LANE_AXIS == " + str(k);
  return "#define AXIS " + str(at) + "\n#define RANK_X " + str(rank) + "\n#define RANK_INDICES " +
         str(std::max(n, 1)) + "\n#define LANES_CHOOSE (" + choose + ")\n" + place +
         " } while (0)\n";
}

void params(const Problem& p, ParamList& list) {
  list.add("extent", p.inputs[0].dims[static_cast<size_t>(axis(p))].value());
}

class Gather final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    if (p.anchor_inputs != 2) return Verdict::no("it takes x and indices");
    const Shape &x = p.inputs[0].dims, &indices = p.inputs[1].dims;
    if (axis(p) < 0) return Verdict::no("axis is out of range");
    Shape y(x.begin(), x.begin() + axis(p));
    y.insert(y.end(), indices.begin(), indices.end());
    y.insert(y.end(), x.begin() + axis(p) + 1, x.end());
    if (!(p.outputs[0].dims == y)) return Verdict::no("the output's extents differ");
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_gather() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/gather.cu";
  anchor.lane_axes = lane_axes;
  anchor.params = params;
  anchor.defines = defines;
  return std::make_unique<Gather>("cuda.gather", std::vector<std::string>{"Gather(x, indices)"},
                                  anchor);
}

}  // namespace tenfold::cuda
