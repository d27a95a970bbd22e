#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "tenfold/compile.h"

namespace tenfold {
namespace {

std::string scratch_file(const std::string& name) {
  return (std::filesystem::temp_directory_path() /
          ("tenfold-" + std::to_string(::getpid()) + "-" + name))
      .string();
}

TEST(TimingCache, KeepsEntriesThroughAFile) {
  const std::string path = scratch_file("cache");
  {
    TimingCache cache;
    cache.insert({42, "row.a", "tile=64", "machine/t2"}, 12.34567, "Problem text");
    cache.insert({43, "row.b", "", "machine/t2"}, 0.5, "Other");
    cache.save(path);
  }
  const auto cache = TimingCache::load(path);
  EXPECT_EQ(cache->size(), 2);
  EXPECT_DOUBLE_EQ(cache->find({42, "row.a", "tile=64", "machine/t2"}).value(), 12.3457);
  EXPECT_TRUE(cache->find({43, "row.b", "", "machine/t2"}).has_value());
  EXPECT_FALSE(cache->find({43, "row.b", "", "machine/t1"}).has_value());
  EXPECT_EQ(cache->hits(), 2);
  EXPECT_EQ(cache->misses(), 1);
  std::filesystem::remove(path);
}

TEST(TimingCache, AnEmptyFileIsAnEmptyCache) {
  const std::string path = scratch_file("empty");
  std::ofstream{path};
  EXPECT_EQ(TimingCache::load(path)->size(), 0);
  std::filesystem::remove(path);
}

// Builds that share a file lose none of each other's times, nor does junk hold one up.
TEST(TimingCache, SavingKeepsWhatOthersAdded) {
  const std::string path = scratch_file("shared");
  std::filesystem::remove(path);
  const auto one = TimingCache::load(path), two = TimingCache::load(path);
  one->insert({1, "r", "", "m"}, 1, "p");
  one->insert({3, "r", "", "m"}, 5, "p");
  two->insert({2, "r", "", "m"}, 2, "p");
  two->insert({3, "r", "", "m"}, 7, "p");
  one->save(path);
  two->save(path);
  const auto both = TimingCache::load(path);
  EXPECT_EQ(both->size(), 3);
  EXPECT_EQ(both->find({1, "r", "", "m"}), 1);
  EXPECT_EQ(both->find({3, "r", "", "m"}), 7);  // the later measurement
  std::ofstream(path) << "junk";
  two->save(path);
  EXPECT_EQ(TimingCache::load(path)->size(), 2);
  std::filesystem::remove(path);
}

// A fresh insertion reads back as the file would give it, so both builds decide alike.
TEST(TimingCache, RoundsLikeItsFile) {
  TimingCache cache;
  cache.insert({1, "r", "", "m"}, 1.00004999, "p");
  EXPECT_DOUBLE_EQ(cache.find({1, "r", "", "m"}).value(), 1.0);
}

TEST(TimingCache, DamagedLinesLoseOnlyThemselves) {
  const std::string path = scratch_file("damaged");
  std::ofstream(path)
      << "tenfold-timing-cache 1\n000000000000002a\tr\t\tm\t3.5\tp\ngarbage\n00\tr\t\tm\t1\tp\n"
         "000000000000002b\tr\t\tm\tnan-ish\tp\n000000000000002c\tr\t\tm\tinf\tp\n";
  const auto cache = TimingCache::load(path);
  EXPECT_EQ(cache->size(), 1);
  std::filesystem::remove(path);
}

TEST(TimingCache, FilesMayBeConcatenated) {
  const std::string path = scratch_file("both");
  std::ofstream(path) << "tenfold-timing-cache 1\r\n000000000000002a\tr\t\tm\t3.5\tp\r\n"
                         "tenfold-timing-cache 1\n000000000000002b\tr\t\tm\t1\tp\n";
  std::string warned;
  set_log_sink([&](Severity, std::string_view line) { warned += line; });
  EXPECT_EQ(TimingCache::load(path)->size(), 2);
  set_log_sink({});
  EXPECT_EQ(warned, "");
  std::filesystem::remove(path);
}

TEST(TimingCache, OtherFilesAreRefused) {
  const std::string path = scratch_file("other");
  std::ofstream(path) << "something else\n";
  EXPECT_THROW(TimingCache::load(path), Error);
  std::ofstream(path) << "tenfold-timing-cache 12\n";  // of another version
  EXPECT_THROW(TimingCache::load(path), Error);
  std::filesystem::remove(path);
  EXPECT_EQ(TimingCache::load(path)->size(), 0);
}

}  // namespace
}  // namespace tenfold
