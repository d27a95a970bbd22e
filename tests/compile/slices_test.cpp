// Values in a part of another's buffer: concatenations written in place, splits read in place, and
// steps that work in place.
#include <gtest/gtest.h>

#include "src/compile/slice_rules.h"
#include "tests/compile/net_support.h"

namespace tenfold::select {
namespace {

using test::expect_close;
using test::random_tensor;

struct Net : test::Net {
  Net() : test::Net(8) {}
};

CompileOptions reference_only() {
  CompileOptions options;
  options.timing = false;
  options.exclude_rows = {"onednn.", "cpu."};
  return options;
}

struct Outcome {
  Plan plan;
  Explanation explanation;
  const Program& program() const { return plan.sections[0].programs[0]; }
  int slices() const {
    int n = 0;
    for (const PlanBuffer& b : program().buffers) n += b.inside >= 0;
    return n;
  }
  bool runs(std::string_view row) const {
    for (const Step& s : program().steps)
      if (s.row.find(row) != std::string::npos) return true;
    return false;
  }
  std::string refusal() const {
    for (const auto& l : explanation.lines)
      if (l.row == "slices" && !l.reason.empty()) return l.reason;
    return {};
  }
};

// Every value that can be tapped equals the reference's, also where a later step writes over it.
void expect_taps_hold(const Graph& g, Context& context, const std::map<std::string, Tensor>& in) {
  for (const std::string& tap : context.taps()) {
    SCOPED_TRACE("tap " + tap);
    Graph cut = g;
    const std::optional<ValueId> value = g.find_value(tap);
    if (!value) {  // of convolutions that run as one
      EXPECT_NE(tap.find(" | "), std::string::npos);
      continue;
    }
    const ValueId out = g.outputs().front().value;
    Patch patch(cut);
    if (*value != out) patch.replace(out, *value);
    cut.apply(std::move(patch));
    expect_close(context.read_tap(tap), evaluate_reference(cut, in).front(), 2e-5, 1e-4);
  }
}

// Compiles, runs at two batch sizes, compares with the reference, tapped values too.
Outcome check(const Graph& g, const CompileOptions& options) {
  Outcome o;
  const auto device = open_device({"cpu", 0});
  o.plan = compile(g, device->target(), options, nullptr, &o.explanation);
  o.plan = Plan::deserialize(o.plan.serialize());
  const auto engine = Engine::create(o.plan, device);
  const auto context = engine->create_context();
  for (const int64_t batch : {1, 3}) {
    SCOPED_TRACE(batch);
    std::map<std::string, Tensor> in;
    for (ValueId v : g.inputs())
      in[g.value(v).name] =
          random_tensor(DType::kF32, eval(g.type(v).shape, SymbolValues{{"N", batch}}), 40);
    const auto got = context->run(in);
    const auto want = evaluate_reference(g, in);
    for (size_t k = 0; k < want.size(); ++k)
      expect_close(got.at(g.outputs()[k].name), want[k], 2e-5, 1e-4);
    expect_taps_hold(g, *context, in);
    const auto again = context->run(in);
    for (size_t k = 0; k < want.size(); ++k)
      expect_close(again.at(g.outputs()[k].name), want[k], 2e-5, 1e-4);
  }
  return o;
}

TEST(Slices, ProducersWriteIntoTheConcatenation) {
  Net n;
  const ValueId y = n.join({n.relu(n.conv(n.x, 4, 1, "a"), "ra"), n.conv(n.x, 12, 3, "b")});
  const Outcome o = check(n.done(n.conv(y, 5, 1, "c")), reference_only());
  EXPECT_EQ(o.slices(), 2);
  EXPECT_FALSE(o.runs("ref.Concat"));
}

TEST(Slices, AnInputOfTheNetworkIsCopiedIntoItsPart) {
  Net n;
  const ValueId y = n.join({n.x, n.conv(n.x, 8, 3, "b")});
  const Outcome o = check(n.done(n.conv(y, 5, 1, "c")), reference_only());
  EXPECT_EQ(o.slices(), 2);
  EXPECT_TRUE(o.runs("ref.Convert"));
}

TEST(Slices, OtherReadersOfAPartReadItWhereItLies) {
  Net n;
  const ValueId a = n.conv(n.x, 8, 3, "a");
  const ValueId y = n.join({a, n.conv(a, 8, 3, "b")});
  const Outcome o =
      check(n.done(n.conv(n.join({y, n.conv(y, 4, 1, "d")}), 5, 1, "c")), reference_only());
  EXPECT_FALSE(o.runs("ref.Concat"));
}

// One step writes a part and reads another: both changes hold, in either order of the parts.
TEST(Slices, APartMadeFromAnother) {
  for (const bool reader_first : {true, false}) {
    SCOPED_TRACE(reader_first);
    Net n;
    const ValueId a = n.conv(n.x, 8, 3, "a");
    const ValueId b = n.conv(a, 8, 3, "b");
    const ValueId y = reader_first ? n.join({b, a}) : n.join({a, b});
    const Outcome o = check(n.done(n.conv(y, 5, 1, "c")), reference_only());
    EXPECT_EQ(o.slices(), 2);
    EXPECT_FALSE(o.runs("ref.Concat"));
    EXPECT_FALSE(o.runs("ref.Convert"));
  }
}

TEST(Slices, ConcatenationsThatMustCopySayWhy) {
  Net odd;  // 6 x 7 floats a channel: channel 3 begins at 504 bytes, no multiple of 16
  Outcome o =
      check(odd.done(odd.conv(odd.join({odd.conv(odd.x, 3, 1, "a"), odd.conv(odd.x, 5, 1, "b")}), 5,
                              1, "c")),
            reference_only());
  EXPECT_EQ(o.slices(), 0);
  EXPECT_NE(o.refusal().find("16 bytes"), std::string::npos) << o.refusal();

  Net other;
  o = check(other.done(other.conv(
                other.join({other.conv(other.x, 4, 1, "a"), other.conv(other.x, 4, 1, "b")}, 2), 5,
                1, "c")),
            reference_only());
  EXPECT_NE(o.refusal().find("another axis"), std::string::npos) << o.refusal();

  Net out;
  o = check(out.done(out.join({out.conv(out.x, 4, 1, "a"), out.conv(out.x, 4, 1, "b")})),
            reference_only());
  EXPECT_NE(o.refusal().find("output of the network"), std::string::npos) << o.refusal();
}

TEST(Slices, PartsOfASplitAreReadWhereTheyLie) {
  Net n;
  const ValueId x = n.conv(n.x, 16, 1, "a");
  const ValueId first = n.b.node("Slice", {x},
                                 {{"starts", std::vector<int64_t>{0}},
                                  {"ends", std::vector<int64_t>{4}},
                                  {"axes", std::vector<int64_t>{1}},
                                  {"steps", std::vector<int64_t>{1}}},
                                 "first");
  const ValueId second = n.b.node("Slice", {x},
                                  {{"starts", std::vector<int64_t>{-12}},
                                   {"ends", std::vector<int64_t>{16}},
                                   {"axes", std::vector<int64_t>{1}},
                                   {"steps", std::vector<int64_t>{1}}},
                                  "second");
  const ValueId y =
      n.b.node("Add", {n.conv(first, 5, 3, "b"), n.conv(second, 5, 1, "c")}, {}, "sum");
  const Outcome o = check(n.done(y), reference_only());
  EXPECT_EQ(o.slices(), 2);
  EXPECT_FALSE(o.runs("ref.Slice"));
}

TEST(Slices, PlansForAGpuJoinWithoutCopies) {
  Net n;
  const ValueId y =
      n.join({n.relu(n.conv(n.x, 16, 1, "a"), "ra"), n.relu(n.conv(n.x, 32, 3, "b"), "rb")});
  const Graph g = n.done(n.conv(y, 8, 3, "c"));
  CompileOptions options;
  options.timing = false;
  options.fp16 = true;
  Explanation e;
  const Plan plan = compile(g, Target::parse("cuda:h200"), options, nullptr, &e);
  for (const Step& s : plan.sections[0].programs[0].steps)
    EXPECT_EQ(s.row.find("concat"), std::string::npos) << s.row << "\n" << e.text();
}

TEST(Sharing, PointwiseStepsWorkInPlaceAndTapsStayReadable) {
  Net n;
  ValueId y = n.conv(n.x, 8, 3, "a");
  const ValueId z = n.b.node("Add", {n.conv(y, 8, 3, "b"), y}, {}, "sum");
  y = n.relu(n.conv(z, 8, 1, "c"), "r");
  CompileOptions options;
  options.timing = false;
  options.exclude_rows = {"onednn."};
  const Outcome o = check(n.done(n.conv(y, 3, 1, "d")), options);
  int in_place = 0;
  for (const PlanBuffer& b : o.program().buffers)
    in_place += b.same_as.kind == ValueRef::Kind::kBuffer;
  EXPECT_GT(in_place, 0);
}

TEST(Slices, BeginAtSixteenBytes) {
  const Format half{DType::kF16, Layout::channels_last()};
  EXPECT_TRUE(slice_aligned(half, {Dim::symbol("N"), 24, 5, 5}, 8));
  EXPECT_FALSE(slice_aligned(half, {Dim::symbol("N"), 24, 5, 5}, 4));
  EXPECT_FALSE(slice_aligned(half, {Dim::symbol("N"), 20, 5, 5}, 8));
  const Format linear{DType::kF32, Layout::linear()};
  EXPECT_TRUE(slice_aligned(linear, {1, 3, 2, 2}, 1));
  EXPECT_FALSE(slice_aligned(linear, {1, 4, 3, 3}, 1));
  EXPECT_FALSE(slice_aligned(linear, {1, 4, Dim::symbol("H"), 2}, 2));
}

}  // namespace
}  // namespace tenfold::select
