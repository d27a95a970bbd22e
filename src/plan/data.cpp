#include "src/plan/data.h"

#include <mutex>

namespace tenfold {

namespace {
// The deleter of the shared pointer: where the checksum travels with the bytes.
struct LoadedData {
  struct Verdict {
    std::mutex mutex;
    bool sound = false;
  };
  std::shared_ptr<const void> keep;
  std::span<const std::byte> bytes;
  Checksum checksum{};
  std::string section_name;
  std::shared_ptr<Verdict> verdict = std::make_shared<Verdict>();
  void operator()(const std::byte*) const noexcept {}
};
}  // namespace

std::shared_ptr<const std::byte> make_plan_data(std::shared_ptr<const void> keep,
                                                std::span<const std::byte> bytes,
                                                const Checksum& checksum,
                                                std::string section_name) {
  LoadedData owner;
  owner.keep = std::move(keep);
  owner.bytes = bytes;
  owner.checksum = checksum;
  owner.section_name = std::move(section_name);
  return {bytes.data(), std::move(owner)};
}

void verify_plan_data(const Section& section) {
  const auto* loaded = std::get_deleter<LoadedData>(section.data);
  if (loaded == nullptr) return;
  const std::lock_guard<std::mutex> lock(loaded->verdict->mutex);
  if (loaded->verdict->sound) return;
  if (checksum_of(loaded->bytes) != loaded->checksum) throw_damaged(loaded->section_name);
  loaded->verdict->sound = true;
}

}  // namespace tenfold
