// The plan file: round trips, damage, truncation, evolution.
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plan/reseal.h"
#include "tests/support/sample_plans.h"

namespace tenfold::test {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return std::string(to_string(e.code())) + ": " + e.what();
  }
  return {};
}

TEST(PlanFile, RandomPlansComeBackAsTheyWere) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const Plan plan = random_plan(seed);
    const std::vector<std::byte> bytes = plan.serialize();
    const Plan back = Plan::deserialize(bytes, {true});
    ASSERT_EQ(back.serialize(), bytes) << "seed " << seed;
    ASSERT_EQ(back.describe_json(), plan.describe_json()) << "seed " << seed;
    ASSERT_EQ(back.labels, plan.labels);
    ASSERT_EQ(back.metadata, plan.metadata);
    ASSERT_EQ(back.sections.size(), plan.sections.size());
    for (size_t s = 0; s < plan.sections.size(); ++s) {
      const Section &a = plan.sections[s], &b = back.sections[s];
      ASSERT_EQ(a.data_bytes, b.data_bytes);
      if (a.data_bytes != 0) {
        ASSERT_EQ(std::memcmp(a.data.get(), b.data.get(), a.data_bytes), 0);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(b.data.get()) % 64, 0u);
      }
      for (size_t p = 0; p < a.programs.size(); ++p) {
        ASSERT_EQ(a.programs[p].symbols, b.programs[p].symbols);
        for (size_t k = 0; k < a.programs[p].steps.size(); ++k) {
          const Step &x = a.programs[p].steps[k], &y = b.programs[p].steps[k];
          ASSERT_EQ(x.problem, y.problem);
          ASSERT_EQ(x.kind, y.kind);
          ASSERT_EQ(x.inputs, y.inputs);
          ASSERT_EQ(x.outputs, y.outputs);
          ASSERT_EQ(x.deps, y.deps);
          ASSERT_EQ(x.programs, y.programs);
          ASSERT_EQ(x.sources, y.sources);
          ASSERT_EQ(x.artifact, y.artifact);
          ASSERT_EQ(x.device, y.device);
          ASSERT_EQ(x.tuned_us, y.tuned_us);
          ASSERT_EQ(x.estimated_us, y.estimated_us);
        }
        for (size_t k = 0; k < a.programs[p].buffers.size(); ++k) {
          const PlanBuffer &x = a.programs[p].buffers[k], &y = b.programs[p].buffers[k];
          ASSERT_EQ(x.name, y.name);
          ASSERT_EQ(x.dims, y.dims);
          ASSERT_EQ(x.format, y.format);
        }
      }
    }
  }
}

TEST(PlanFile, SavesAndMaps) {
  const auto path = std::filesystem::temp_directory_path() / "tenfold_plan_file_test.plan";
  const Plan plan = small_plan();
  plan.save(path.string());
  const Plan back = Plan::load(path.string(), {true});
  EXPECT_EQ(back.serialize(), plan.serialize());
  std::ifstream in(path, std::ios::binary);
  std::byte first[16];
  in.read(reinterpret_cast<char*>(first), sizeof first);
  EXPECT_TRUE(Plan::sniff(first));
  first[0] = std::byte{'x'};
  EXPECT_FALSE(Plan::sniff(first));
  EXPECT_FALSE(Plan::sniff({}));
  std::filesystem::remove(path);
  EXPECT_THAT(error_of([&] { Plan::load(path.string()); }), HasSubstr("not-found: "));
}

TEST(PlanFile, EveryFlippedByteIsNoticed) {
  const std::vector<std::byte> good = small_plan().serialize();
  for (size_t at = 0; at < good.size(); ++at) {
    std::vector<std::byte> bytes = good;
    bytes[at] ^= static_cast<std::byte>(1u << (at % 8));
    const std::string error = error_of([&] { Plan::deserialize(bytes, {true}); });
    ASSERT_THAT(error, HasSubstr("plan file: ")) << "byte " << at;
  }
}

TEST(PlanFile, DamageNamesTheSection) {
  const std::vector<std::byte> good = small_plan().serialize();
  for (const FileSection& s : read_container(good)) {
    std::vector<std::byte> bytes = good;
    bytes[static_cast<size_t>(s.bytes.data() - good.data()) + s.bytes.size() / 2] ^= std::byte{4};
    EXPECT_THAT(error_of([&] { Plan::deserialize(bytes, {true}); }),
                HasSubstr("section '" + s.name() + "' is damaged"));
  }
}

TEST(PlanFile, EveryTruncationIsNoticed) {
  const std::vector<std::byte> good = small_plan().serialize();
  for (size_t n = 0; n < good.size(); ++n) {
    const std::span<const std::byte> part(good.data(), n);
    const std::string error = error_of([&] { Plan::deserialize(part, {true}); });
    ASSERT_THAT(error, HasSubstr(n < 8 ? "the header" : "truncated inside ")) << n << " bytes";
  }
  std::vector<std::byte> longer = good;
  longer.push_back(std::byte{0});
  EXPECT_THAT(error_of([&] { Plan::deserialize(longer); }), HasSubstr("bytes follow"));
}

TEST(PlanFile, PaddingIsZero) {
  const std::vector<std::byte> good = small_plan().serialize();
  size_t checked = 0;
  size_t end = 0;
  for (const FileSection& s : read_container(good)) {
    const auto begin = static_cast<size_t>(s.bytes.data() - good.data());
    EXPECT_EQ(begin % 64, 0u);
    for (size_t at = end; end != 0 && at < begin; ++at, ++checked) {
      std::vector<std::byte> bytes = good;
      bytes[at] = std::byte{1};
      reseal(bytes);
      ASSERT_THAT(error_of([&] { Plan::deserialize(bytes); }), HasSubstr("padding"));
    }
    end = begin + s.bytes.size();
  }
  EXPECT_GT(checked, 0u);
}

TEST(PlanFile, DamagedDataIsFoundOnUseOnly) {
  std::vector<std::byte> bytes = small_plan().serialize();
  bytes.back() ^= std::byte{1};
  EXPECT_NO_THROW(Plan::deserialize(bytes));
  EXPECT_THAT(error_of([&] { Plan::deserialize(bytes, {true}); }),
              HasSubstr("'data 0' is damaged"));
  // Copying damaged data into another file would give it a new checksum.
  EXPECT_THAT(error_of([&] { Plan::deserialize(bytes).serialize(); }),
              HasSubstr("'data 0' is damaged"));
}

TEST(PlanFile, NewerMajorIsUnsupported) {
  std::vector<std::byte> bytes = small_plan().serialize();
  bytes[8] = std::byte{2};
  reseal(bytes);
  EXPECT_THAT(error_of([&] { Plan::deserialize(bytes); }),
              HasSubstr("unsupported: plan file: format version 2."));
}

TEST(PlanFile, NewerMinorWithMoreFieldsIsRead) {
  std::vector<std::byte> bytes = small_plan().serialize();
  bytes[10] = std::byte{7};
  reseal(bytes);
  EXPECT_EQ(Plan::deserialize(bytes, {true}).name, "small");
  // Four more bytes at the end of the outermost struct of meta.
  bytes = replace_section(bytes, "meta", [](std::vector<std::byte>& section) {
    section.resize(section.size() + 4, std::byte{0x5a});
    uint32_t length = 0;
    std::memcpy(&length, section.data(), 4);
    length += 4;
    std::memcpy(section.data(), &length, 4);
  });
  const Plan back = Plan::deserialize(bytes, {true});
  EXPECT_EQ(back.labels, small_plan().labels);
}

TEST(PlanFile, MissingTrailingFieldsTakeDefaults) {
  // An Artifact's code is its last field: cut it off, as if an older version had written the
  // struct.
  Plan plan = small_plan();
  plan.sections[0].artifacts.push_back({"cubin", "kernel", "key", {}});
  std::vector<std::byte> bytes = plan.serialize();
  bytes = replace_section(bytes, "artifacts 0", [](std::vector<std::byte>& section) {
    section.resize(section.size() - 4);
    for (const size_t at : {size_t{0}, size_t{8}}) {   // the record's and the artifact's lengths
      uint32_t length = 0;
      std::memcpy(&length, section.data() + at, 4);
      length -= 4;
      std::memcpy(section.data() + at, &length, 4);
    }
  });
  const Plan back = Plan::deserialize(bytes, {true});
  ASSERT_EQ(back.sections[0].artifacts.size(), 1u);
  EXPECT_EQ(back.sections[0].artifacts[0].entry, "kernel");
  EXPECT_TRUE(back.sections[0].artifacts[0].code.empty());
}

TEST(PlanFile, ResealedMutationsAreRefusedOrSound) {
  std::mt19937_64 random(20240711);
  int refused = 0;
  for (int round = 0; round < 6000; ++round) {
    const Plan plan = round % 2 == 0 ? small_plan() : random_plan(static_cast<uint64_t>(round));
    std::vector<std::byte> bytes = plan.serialize();
    for (uint64_t edits = 1 + random() % 3; edits > 0; --edits) {
      const size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0: bytes[at] = static_cast<std::byte>(random()); break;
        case 1: bytes[at] ^= static_cast<std::byte>(1u << (random() % 8)); break;
        case 2: bytes[at] = std::byte{0xff}; break;
        default:
          if (at + 8 <= bytes.size()) {
            const uint64_t value = random() % 2 == 0 ? UINT64_MAX >> (random() % 64) : random();
            std::memcpy(bytes.data() + at, &value, 8);
          }
      }
    }
    reseal(bytes);
    try {
      const Plan back = Plan::deserialize(bytes, {true});
      back.describe();
      back.serialize();
    } catch (const Error& e) {
      ASSERT_NE(e.code(), Code::kInternal) << e.full();
      ++refused;
    }
  }
  EXPECT_GT(refused, 3000);
}

TEST(PlanFile, LoadsQuickly) {
  const std::vector<std::byte> bytes = chain_plan(60).serialize();
  double best = 1e9;
  for (int k = 0; k < 5; ++k) {
    const auto start = std::chrono::steady_clock::now();
    const Plan back = Plan::deserialize(bytes, {true});
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
    EXPECT_EQ(back.sections[0].programs[0].steps.size(), 60u);
  }
  RecordProperty("milliseconds", std::to_string(best));
#ifdef NDEBUG
  EXPECT_LT(best, 5.0);
#endif
}

}  // namespace
}  // namespace tenfold::test
