// Plan <-> bytes: which sections of the file hold what.
#include "src/base/file.h"

#include <array>
#include <cstring>

#include "src/plan/codec.h"
#include "src/plan/container.h"
#include "src/plan/data.h"

namespace tenfold {

namespace {

template <typename Record>
std::vector<std::byte> encode(const Record& record) {
  wire::Writer writer;
  writer.item(record);
  return writer.take();
}

template <typename Record>
Record decode(const FileSection& section) {
  verify_checksum(section);
  try {
    Record record;
    wire::Reader reader(section.bytes.data(), section.bytes.size());
    reader.item(record);
    if (reader.left() != 0) throw Error(Code::kInvalid, "bytes follow its end");
    return record;
  } catch (const Error& e) {
    throw Error(Code::kInvalid, "plan file: section '" + section.name() + "': " + e.what(),
                e.notes());
  }
}

// Sections of the file by plan section, each kind at most once.
struct Parts {
  std::array<const FileSection*, 7> of{};
  const FileSection* find(SectionKind kind) const { return of[static_cast<size_t>(kind)]; }
  const FileSection& need(SectionKind kind, size_t index) const {
    if (const FileSection* s = find(kind)) return *s;
    throw Error(Code::kInvalid, "plan file: section '" +
                                    FileSection{kind, static_cast<uint32_t>(index), {}, {}}.name() +
                                    "' is missing");
  }
};

std::vector<Parts> group(const std::vector<FileSection>& sections, const FileSection*& meta) {
  std::vector<Parts> parts;
  for (const FileSection& s : sections) {
    const FileSection** place = &meta;
    if (s.kind != SectionKind::kMeta) {
      // At most one new plan section an entry, so indices cannot ask for memory.
      if (s.index > parts.size())
        throw Error(Code::kInvalid, "plan file: section '" + s.name() + "' is out of order");
      if (s.index == parts.size()) parts.emplace_back();
      place = &parts[s.index].of[static_cast<size_t>(s.kind)];
    }
    if (*place != nullptr || (s.kind == SectionKind::kMeta && s.index != 0))
      throw Error(Code::kInvalid, "plan file: section '" + s.name() + "' occurs twice");
    *place = &s;
  }
  return parts;
}

Section read_section(const Parts& parts, size_t index, const std::shared_ptr<const void>& keep) {
  Section out;
  auto target = decode<wire::TargetRecord>(parts.need(SectionKind::kTarget, index));
  out.target = std::move(target.target);
  out.portable = target.portable;
  out.devices = std::move(target.devices);
  out.bindings = std::move(target.bindings);
  out.programs = decode<wire::ProgramsRecord>(parts.need(SectionKind::kPrograms, index)).programs;
  out.constants =
      decode<wire::ConstantsRecord>(parts.need(SectionKind::kConstants, index)).constants;
  if (const FileSection* artifacts = parts.find(SectionKind::kArtifacts))
    out.artifacts = decode<wire::ArtifactsRecord>(*artifacts).artifacts;
  if (const FileSection* data = parts.find(SectionKind::kData)) {
    out.data = make_plan_data(keep, data->bytes, data->checksum, data->name());
    out.data_bytes = data->bytes.size();
  }
  return out;
}

Plan read_plan(std::span<const std::byte> file, std::shared_ptr<const void> keep,
               const LoadOptions& options) {
  const std::vector<FileSection> sections = read_container(file);
  if (options.verify_all)
    for (const FileSection& s : sections) verify_checksum(s);
  const FileSection* meta_section = nullptr;
  const std::vector<Parts> parts = group(sections, meta_section);
  if (meta_section == nullptr) throw Error(Code::kInvalid, "plan file: section 'meta' is missing");
  auto meta = decode<wire::MetaRecord>(*meta_section);
  if (meta.sections != parts.size())
    throw Error(Code::kInvalid, "plan file: section 'meta' announces another number of sections");
  Plan plan;
  plan.name = std::move(meta.name);
  plan.producer = std::move(meta.producer);
  plan.labels = std::move(meta.labels);
  plan.preprocess = std::move(meta.preprocess);
  plan.metadata = std::move(meta.metadata);
  for (size_t k = 0; k < parts.size(); ++k)
    plan.sections.push_back(read_section(parts[k], k, keep));
  plan.verify();
  return plan;
}

}  // namespace

std::vector<std::byte> Plan::serialize() const {
  verify();
  std::vector<std::vector<std::byte>> encoded;
  std::vector<FileSection> file;
  encoded.reserve(1 + 4 * sections.size());
  const auto add = [&](SectionKind kind, size_t index, std::vector<std::byte> bytes) {
    encoded.push_back(std::move(bytes));
    file.push_back({kind, static_cast<uint32_t>(index), encoded.back(), {}});
  };
  add(SectionKind::kMeta, 0,
      encode(wire::MetaRecord{name, producer, labels, preprocess, metadata,
                              static_cast<uint32_t>(sections.size())}));
  for (size_t k = 0; k < sections.size(); ++k) {
    const Section& s = sections[k];
    verify_plan_data(s);
    add(SectionKind::kTarget, k,
        encode(wire::TargetRecord{s.target, s.portable, s.devices, s.bindings}));
    add(SectionKind::kPrograms, k, encode(wire::ProgramsRecord{s.programs}));
    add(SectionKind::kConstants, k, encode(wire::ConstantsRecord{s.constants}));
    if (!s.artifacts.empty())
      add(SectionKind::kArtifacts, k, encode(wire::ArtifactsRecord{s.artifacts}));
    if (s.data_bytes != 0)
      file.push_back(
          {SectionKind::kData, static_cast<uint32_t>(k), {s.data.get(), s.data_bytes}, {}});
  }
  return write_container(file);
}

void Plan::save(const std::string& path) const {
  const std::vector<std::byte> bytes = serialize();
  write_file_atomic(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Plan Plan::load(const std::string& path, const LoadOptions& options) {
  const MappedFile mapped = MappedFile::open(path);
  try {
    return read_plan(mapped.bytes(), mapped.share(), options);
  } catch (const Error& e) {
    throw Error(e.code(), path + ": " + e.what(), e.notes());
  }
}

Plan Plan::deserialize(std::span<const std::byte> bytes, const LoadOptions& options) {
  // One aligned copy, so that the caller's bytes may go.
  Tensor copy(DType::kU8, {static_cast<int64_t>(bytes.size())});
  if (!bytes.empty()) std::memcpy(copy.mutable_data(), bytes.data(), bytes.size());
  const std::span own(static_cast<const std::byte*>(copy.data()), bytes.size());
  return read_plan(own, std::make_shared<Tensor>(copy), options);
}

bool Plan::sniff(std::span<const std::byte> first_bytes) {
  return starts_like_container(first_bytes);
}

}  // namespace tenfold
