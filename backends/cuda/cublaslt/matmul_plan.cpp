#include "backends/cuda/cublaslt/matmul_plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace tenfold::cuda::cublaslt {
namespace {

const CublasLtApi& api() {
  const CublasLtApi* table = cublaslt_api();
  if (!table) throw Error(Code::kUnsupported, cublaslt_error());
  return *table;
}

// The attributes that make up an algorithm, besides its number, with their sizes in the library.
struct Attribute {
  const char* key;
  int attribute;
  size_t bytes;
};
constexpr std::array<Attribute, 8> kAttributes = {{{"tile", kConfigTile, 4},
                                                   {"stages", kConfigStages, 4},
                                                   {"splitk", kConfigSplitK, 4},
                                                   {"reduction", kConfigReduction, 4},
                                                   {"swizzle", kConfigSwizzle, 4},
                                                   {"custom", kConfigCustom, 4},
                                                   {"inner", kConfigInnerShape, 2},
                                                   {"cluster", kConfigCluster, 2}}};

// Value of " key=" in a tactic. Error{kInvalid} on anything but a number of 32 bits.
std::optional<int64_t> value_in(const Tactic& tactic, const std::string& key) {
  const std::string text = " " + tactic;
  const size_t at = text.find(" " + key + "=");
  if (at == std::string::npos) return std::nullopt;
  int64_t value = 0;
  const char* begin = text.data() + at + key.size() + 2;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error != std::errc{} || value < INT32_MIN || value > INT32_MAX || (*end && *end != ' '))
    throw Error(Code::kInvalid, "bad cuBLASLt tactic '" + tactic + "'");
  return value;
}

std::string algo_text(const CublasLtAlgo& algo, size_t workspace) {
  const auto read = [&](int attribute, size_t bytes) {
    int32_t wide = 0;
    uint16_t narrow = 0;
    void* value = bytes == 2 ? static_cast<void*>(&narrow) : &wide;
    size_t written = 0;
    check_cublaslt(api().algo_get(&algo, attribute, value, bytes, &written),
                   "reading an algorithm");
    return std::to_string(bytes == 2 ? narrow : wide);
  };
  std::string text = "algo=" + read(kConfigId, 4);
  for (const Attribute& a : kAttributes)
    text += std::string(" ") + a.key + "=" + read(a.attribute, a.bytes);
  return text + " ws=" + std::to_string(workspace);
}

int data_type(DType t) { return t == DType::kF16 ? kHalf : kFloat; }
int compute_type(const MatmulSpec& s) {
  return s.compute == DType::kTF32 ? kComputeTf32 : kComputeFloat;
}

}  // namespace

// The library counts columns first, so it is asked for D^T = B^T A^T: its A is our B.
struct MatmulPlan::Descriptors {
  void* product = nullptr;
  void* a = nullptr;
  void* b = nullptr;
  void* c = nullptr;
  void* d = nullptr;
  const MatmulSpec spec;

  struct Unfilled {};
  Descriptors(const MatmulSpec& s, Unfilled) : spec(s) {}
  // What was created goes again when a later call fails.
  explicit Descriptors(const MatmulSpec& s) : Descriptors(s, Unfilled{}) {
    check_cublaslt(api().desc_create(&product, compute_type(s), kFloat), "describing a product");
    const int trans_a = s.transpose_b ? kTranspose : kNoTranspose;
    const int trans_b = s.transpose_a ? kTranspose : kNoTranspose;
    set(kDescTransA, trans_a);
    set(kDescTransB, trans_b);
    const bool bias = s.epilogue.bias >= 0;
    set(kDescEpilogue, bias ? (s.epilogue.relu ? kEpilogueReluBias : kEpilogueBias)
                            : (s.epilogue.relu ? kEpilogueRelu : kEpilogueNone));
    if (bias) {
      set(kDescBiasType, data_type(s.type));
      set_bias(reinterpret_cast<const void*>(uintptr_t{256}));  // heuristics look at its alignment
    }
    a = layout(s.transpose_b ? s.k : s.n, s.transpose_b ? s.n : s.k, s.ldb, s.stride_b);
    b = layout(s.transpose_a ? s.m : s.k, s.transpose_a ? s.k : s.m, s.lda, s.stride_a);
    c = layout(s.n, s.m, s.ldc, s.stride_d);
    d = layout(s.n, s.m, s.ldd, s.stride_d);
  }
  ~Descriptors() {
    for (void* l : {a, b, c, d})
      if (l) (void)api().layout_destroy(l);
    if (product) (void)api().desc_destroy(product);
  }
  Descriptors(const Descriptors&) = delete;
  Descriptors& operator=(const Descriptors&) = delete;

  cublasStatus set_bias(const void* pointer) const noexcept {
    return cublaslt_api()->desc_set(product, kDescBiasPointer, &pointer, sizeof pointer);
  }
  void set(int attribute, int value) {
    check_cublaslt(api().desc_set(product, attribute, &value, sizeof value),
                   "describing a product");
  }
  void* layout(int64_t rows, int64_t columns, int64_t ld, int64_t stride) {
    void* made = nullptr;
    check_cublaslt(api().layout_create(&made, data_type(spec.type), static_cast<uint64_t>(rows),
                                       static_cast<uint64_t>(columns), std::max<int64_t>(ld, 1)),
                   "describing a matrix");
    if (spec.batch > 1) {
      const auto count = static_cast<int32_t>(spec.batch);
      check_cublaslt(api().layout_set(made, kLayoutBatchCount, &count, sizeof count),
                     "describing a batch");
      check_cublaslt(api().layout_set(made, kLayoutBatchStride, &stride, sizeof stride),
                     "describing a batch");
    }
    return made;
  }

  std::vector<CublasLtHeuristicResult> heuristics(CublasLtHandle handle, int most) const {
    void* preference = nullptr;
    check_cublaslt(api().preference_create(&preference), "asking for algorithms");
    const auto destroy = [](void* p) { (void)api().preference_destroy(p); };
    const std::unique_ptr<void, decltype(destroy)> owned(preference, destroy);
    const auto cap = static_cast<uint64_t>(kWorkspaceCap);
    const auto prefer = [&](int attribute, const auto& value) {
      check_cublaslt(api().preference_set(preference, attribute, &value, sizeof value),
                     "asking for algorithms");
    };
    prefer(kPrefWorkspace, cap);
    // Parts of a split reduction are summed in f32, in a fixed order.
    const auto reductions = static_cast<uint32_t>(kReductionInCompute);
    prefer(kPrefReductions, reductions);
    const uint32_t alignment = 16;  // of slices, and of what a caller binds
    for (const int operand : {kPrefAlignmentA, kPrefAlignmentB, kPrefAlignmentC, kPrefAlignmentD})
      prefer(operand, alignment);
    std::vector<CublasLtHeuristicResult> results(static_cast<size_t>(most));
    int count = 0;
    const cublasStatus status =
        api().heuristic(handle, product, a, b, c, d, preference, most, results.data(), &count);
    check_cublaslt(status, "asking for algorithms");
    results.resize(static_cast<size_t>(std::clamp(count, 0, most)));
    std::erase_if(results, [](const auto& r) { return r.state != cublaslt::kSuccess; });
    return results;
  }
};

namespace {

// The named algorithm; false when the library does not take it for this product.
bool rebuild(CublasLtHandle handle, const MatmulSpec& s, void* product, void* a, void* b, void* c,
             void* d, const Tactic& tactic, CublasLtAlgo& algo, size_t& workspace) {
  const int type = data_type(s.type);
  const std::optional<int64_t> id = value_in(tactic, "algo");
  if (!id || api().algo_init(handle, compute_type(s), kFloat, type, type, type, type,
                             static_cast<int>(*id), &algo) != cublaslt::kSuccess)
    return false;
  for (const Attribute& attribute : kAttributes) {
    const std::optional<int64_t> given = value_in(tactic, attribute.key);
    if (!given) continue;
    const auto wide = static_cast<int32_t>(*given);
    const auto narrow = static_cast<uint16_t>(*given);
    const void* value = attribute.bytes == 2 ? static_cast<const void*>(&narrow) : &wide;
    // A zero is the default, which old algorithms refuse to hear.
    if (api().algo_set(&algo, attribute.attribute, value, attribute.bytes) != cublaslt::kSuccess &&
        *given != 0)
      return false;
  }
  CublasLtHeuristicResult result{};
  if (api().algo_check(handle, product, a, b, c, d, &algo, &result) != cublaslt::kSuccess)
    return false;
  workspace = result.workspace;
  return result.state == cublaslt::kSuccess && workspace <= static_cast<size_t>(kWorkspaceCap);
}

}  // namespace

MatmulPlan::MatmulPlan(CublasLtHandle handle, const MatmulSpec& spec, const Tactic& tactic)
    : handle_(handle), d_(std::make_unique<Descriptors>(spec)) {
  alpha_ = static_cast<float>(spec.epilogue.alpha);
  beta_ = spec.epilogue.residual >= 0 ? 1.0f : 0.0f;
  if (rebuild(handle, spec, d_->product, d_->a, d_->b, d_->c, d_->d, tactic, algo_, workspace_))
    return;
  const std::optional<int64_t> guess = value_in(tactic, "heuristic");
  const int64_t wanted = std::clamp<int64_t>(guess.value_or(0), 0, 7);
  const auto results = d_->heuristics(handle, 8);
  if (results.empty())
    throw Error(Code::kUnsupported, "cuBLASLt has no algorithm for this product");
  const auto& chosen = results[std::min(static_cast<size_t>(wanted), results.size() - 1)];
  algo_ = chosen.algo;
  workspace_ = chosen.workspace;
  if (!guess)
    log(Severity::kNote, "cublaslt.matmul: '" + tactic +
                             "' does not take m=" + std::to_string(spec.m) +
                             " n=" + std::to_string(spec.n) + " k=" + std::to_string(spec.k) +
                             "; '" + algo_text(algo_, workspace_) + "' does it");
}

MatmulPlan::~MatmulPlan() = default;

cublasStatus MatmulPlan::run(const void* a, const void* b, void* d, const void* bias,
                             const void* residual, void* scratch, void* stream) noexcept {
  if (bias && bias != bias_) {
    if (const cublasStatus s = d_->set_bias(bias); s != cublaslt::kSuccess) return s;
    bias_ = bias;
  }
  return cublaslt_api()->matmul(handle_, d_->product, &alpha_, b, d_->a, a, d_->b, &beta_,
                                residual ? residual : d, d_->c, d, d_->d, &algo_, scratch,
                                workspace_, stream);
}

std::vector<Tactic> MatmulPlan::candidates(CublasLtHandle handle, const MatmulSpec& spec,
                                           size_t most) {
  const Descriptors descriptors(spec);
  std::vector<Tactic> list;
  for (const CublasLtHeuristicResult& result : descriptors.heuristics(handle, 16)) {
    Tactic text = algo_text(result.algo, result.workspace);
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
    if (list.size() == most) break;
  }
  return list;
}

int64_t tactic_workspace(const Tactic& tactic) {
  const int64_t bytes = value_in(tactic, "ws").value_or(0);
  if (bytes < 0 || bytes > kWorkspaceCap)
    throw Error(Code::kInvalid, "cuBLASLt tactic '" + tactic + "' asks for too much scratch");
  return bytes;
}

}  // namespace tenfold::cuda::cublaslt
