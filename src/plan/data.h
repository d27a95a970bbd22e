// Constant data of a loaded plan: a view of the file that remembers its checksum until it is used.
#pragma once

#include "src/plan/container.h"

namespace tenfold {

// The owner to give Section.data: keeps `keep` alive and verifies `checksum` when first asked.
std::shared_ptr<const std::byte> make_plan_data(std::shared_ptr<const void> keep,
                                                std::span<const std::byte> bytes,
                                                const Checksum& checksum, std::string section_name);

// Error{kInvalid} naming the section if the data came from a file and is damaged. Cheap when the
// data was made in this process or verified before. Thread-safe.
void verify_plan_data(const Section& section);

}  // namespace tenfold
