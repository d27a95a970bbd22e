#include "src/op/common.h"

namespace tenfold::ops {

OpDef op_Identity() {
  OpDef def = identity("Identity", "y = x.");
  return def;
}

}  // namespace tenfold::ops
