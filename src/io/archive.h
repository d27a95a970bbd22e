// Archives in memory.
#pragma once

#include <utility>
#include <vector>

#include "src/io/images.h"

namespace tenfold {

using Members = std::vector<std::pair<std::string, std::string>>;
// As read_archive; `name` appears in messages.
Members parse_archive(Bytes bytes, const std::string& name, int64_t limit);
// A member's name without ".", empty parts and a leading "/"; Error{kInvalid} with "..".
std::string clean_member_name(const std::string& name);

}  // namespace tenfold
