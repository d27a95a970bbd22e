#include "src/op/common.h"

namespace tenfold::ops {

Op op_Dropout() {
  Op def = identity("Dropout",
                    "y = x: at inference nothing is dropped. `ratio` is kept for the record.");
  def.attrs = {{"ratio", "f"}};
  return def;
}

}  // namespace tenfold::ops
