// AveragePool: the mean of each window. count_include_pad = 1 divides by the taps inside the input
// and its padding (a window that ceil mode lets hang over the end padding is cut there, as Caffe
// does); 0 divides by the taps inside the input. A window without any element yields 0.
#include "backends/cpu/ref/pool.h"

namespace tenfold::cpu {

static std::unique_ptr<ref::RefKernel> make(const Problem& p, int) {
  const ref::Window w = ref::window_of(p, p.attrs.ints("kernel"));
  const int64_t planes = ref::product(ref::input_dims(p, 0), 0, 2);
  const bool padded = p.attrs.i("count_include_pad", 0) != 0;
  return ref::kernel_of([w, planes, padded](const ref::RefArgs& args) {
    ref::for_windows(w, planes, args,
                     [&](const double* plane, ref::Taps z, ref::Taps y, ref::Taps x) {
                       double sum = 0;
                       ref::for_taps(w, plane, z, y, x, [&](double v) { sum += v; });
                       const auto size = [&](int64_t ref::Taps::* taps) {
                         return static_cast<double>(z.*taps) * static_cast<double>(y.*taps) *
                                static_cast<double>(x.*taps);
                       };
                       const double n = size(padded ? &ref::Taps::span : &ref::Taps::count);
                       return n > 0 ? sum / n : 0.0;
                     });
  });
}

std::unique_ptr<Row> ref_average_pool() {
  return ref::make_ref_row({"AveragePool", {"AveragePool(x)"}, make, ref::check_pool});
}

}  // namespace tenfold::cpu
