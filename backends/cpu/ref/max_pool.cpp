// MaxPool: the largest element of each window, padding left out. Extents of the output come with
// the Problem, so floor and ceil modes need no rule here. A window without any element (ceil mode 2
// can make one) yields the lowest f32, as Caffe does.
#include <limits>

#include "backends/cpu/ref/pool.h"

namespace tenfold::cpu {

static std::unique_ptr<ref::RefKernel> make(const Problem& p, int) {
  const ref::Window w = ref::window_of(p, p.attrs.ints("kernel"));
  const int64_t planes = ref::product(ref::input_dims(p, 0), 0, 2);
  return ref::kernel_of([w, planes](const ref::RefArgs& args) {
    ref::for_windows(w, planes, args,
                     [&](const double* plane, ref::Taps z, ref::Taps y, ref::Taps x) {
                       double best = static_cast<double>(std::numeric_limits<float>::lowest());
                       bool first = true;
                       ref::for_taps(w, plane, z, y, x, [&](double v) {
                         if (first || v > best || v != v) best = v;
                         first = false;
                       });
                       return best;
                     });
  });
}

std::unique_ptr<Row> ref_max_pool() {
  return ref::make_ref_row({"MaxPool", {"MaxPool(x)"}, make, ref::check_pool});
}

}  // namespace tenfold::cpu
