#include "src/op/common.h"

namespace tenfold::ops {

Op op_Identity() {
  Op def = identity("Identity", "y = x.");
  return def;
}

}  // namespace tenfold::ops
