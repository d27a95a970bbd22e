// Base utilities: suggestions, diagnostics, hashes, files, loops on threads.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/checked.h"
#include "src/base/file.h"
#include "src/base/hash.h"
#include "src/base/threads.h"

namespace tenfold {
namespace {

TEST(NearestName, SuggestsTheLikelyOne) {
  const std::vector<std::string> names = {"Convolution", "Pooling", "Softmax", "ReLU"};
  EXPECT_EQ(nearest_name("Convolutoin", names), "Convolution");
  EXPECT_EQ(nearest_name("softmax", names), "Softmax");
  EXPECT_EQ(nearest_name("Relu", names), "ReLU");
  EXPECT_EQ(nearest_name("Deconvolve", names), "");
  EXPECT_EQ(nearest_name("", names), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'x'), names), "");
}

TEST(Diagnostics, CollectsAndThrowsOnce) {
  Diagnostics d;
  d.set_file("net.prototxt");
  d.note("a", "dropped");
  d.throw_if_errors("nothing");
  d.error(Code::kResource, "b", "too large");
  EXPECT_EQ(d.worst(), Code::kResource);
  d.error(Code::kUnsupported, "c", "unknown type", "did you mean Pooling");
  EXPECT_EQ(d.worst(), Code::kUnsupported);
  d.error(Code::kInvalid, "d", "broken");
  EXPECT_EQ(d.worst(), Code::kInvalid);
  EXPECT_EQ(d.error_count(), 3u);
  EXPECT_EQ(d.all()[2].str(), "net.prototxt: layer 'c': unknown type (did you mean Pooling)");
  try {
    d.throw_if_errors("cannot import");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kInvalid);
    EXPECT_EQ(e.notes().size(), 3u);
  }
}

TEST(Status, CarriesTheDriversNumber) {
  EXPECT_NO_THROW(Status().or_throw());
  try {
    Status(Code::kDevice, "launch failed", 719).or_throw();
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "launch failed (719)");
  }
}

TEST(Log, GoesToTheSink) {
  std::string seen;
  set_log_sink([&](Severity, std::string_view line) { seen += line; });
  log(Severity::kNote, "hello");
  set_log_sink({});
  log(Severity::kNote, "again");
  EXPECT_EQ(seen, "hello");
}

TEST(Checked, RefusesOverflow) {
  EXPECT_EQ(checked_floor_div(-7, 2), -4);
  EXPECT_EQ(checked_floor_mod(-7, 2), 1);
  EXPECT_EQ(checked_floor_mod(INT64_MIN, -1), 0);
  EXPECT_EQ(checked_round_up(9, 8), 16);
  EXPECT_THROW(checked_mul(INT64_MAX, 2), Error);
  EXPECT_THROW(checked_add(INT64_MAX, 1), Error);
  EXPECT_THROW(checked_floor_div(INT64_MIN, -1), Error);
  EXPECT_THROW(checked_floor_div(1, 0), Error);
}

TEST(Hash, PiecesEqualTheWhole) {
  const std::string text(5000, 'x');
  Hasher hasher;
  hasher.update(text.substr(0, 1234));
  hasher.update(text.substr(1234));
  EXPECT_EQ(hasher.digest(), hash64(text));
  EXPECT_NE(hash64(text), hash64(text, 1));
  EXPECT_EQ(hash128("").hex(),
            "99aa06d3014798d86001c324468d497f");  // as published for XXH3 of nothing
}

TEST(ParallelFor, VisitsEveryIndexOnce) {
  for (const int threads : {0, 1, 2, 5}) {
    for (const int64_t n : {0, 1, 2, 7, 1000, 12345}) {
      std::vector<std::atomic<int>> visits(static_cast<size_t>(n));
      parallel_for(
          n, 10,
          [&](int64_t begin, int64_t end) {
            for (int64_t k = begin; k < end; ++k) ++visits[static_cast<size_t>(k)];
          },
          threads);
      for (const auto& v : visits) ASSERT_EQ(v, 1);
    }
  }
}

TEST(SpreadThreads, LeavesEachThreadAsFreeAsBefore) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  for (const int threads : {1, 2, hardware_threads(), 1000}) {
    spread_threads(threads);
    std::atomic<int> same{0}, asked{0};
    parallel_for(
        threads, 1,
        [&](int64_t, int64_t) {
          cpu_set_t now;
          ++asked;
          same += sched_getaffinity(0, sizeof(now), &now) == 0 && CPU_EQUAL(&now, &before);
        },
        threads);
    EXPECT_GE(asked, 1);
    EXPECT_EQ(same, asked) << threads;
  }
}

TEST(ParallelTasks, VisitsEachOnceAndThrows) {
  for (const int threads : {0, 1, 2, 5})
    for (const int64_t n : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> visits(static_cast<size_t>(n));
      parallel_tasks(n, [&](int64_t k, int64_t) { ++visits[static_cast<size_t>(k)]; }, threads);
      for (const auto& v : visits) ASSERT_EQ(v, 1);
    }
  EXPECT_THROW(parallel_tasks(
                   9,
                   [](int64_t k, int64_t) {
                     if (k == 4) throw Error(Code::kInvalid, "no");
                   },
                   2),
               Error);
}

TEST(ParallelFor, NestsAndThrows) {
  std::atomic<int64_t> sum{0};
  parallel_for(
      8, 1,
      [&](int64_t begin, int64_t end) {
        parallel_for((end - begin) * 100, 1, [&](int64_t b, int64_t e) { sum += e - b; }, 4);
      },
      4);
  EXPECT_EQ(sum, 800);
  const auto fail = [](int64_t begin, int64_t) {
    if (begin == 0) throw Error(Code::kInvalid, "stop");
  };
  EXPECT_THROW(parallel_for(100, 1, fail, 2), Error);
}

TEST(ParallelFor, CallersFromManyThreads) {
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&] {
      for (int k = 0; k < 200; ++k)
        parallel_for(64, 4, [&](int64_t b, int64_t e) { sum += e - b; }, 3);
    });
  for (std::thread& t : callers) t.join();
  EXPECT_EQ(sum, 4 * 200 * 64);
}

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "tenfold-test-XXXXXX";
    ASSERT_NE(mkdtemp(path_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(path_); }
  std::string path_;
};

TEST_F(Folder, FilesAreReplacedWhole) {
  const std::string file = path_ + "/a";
  write_file_atomic(file, "one");
  write_file_atomic(file, std::string("t\0o", 3));
  EXPECT_EQ(read_file(file, 100), std::string("t\0o", 3));
  EXPECT_EQ(MappedFile::open(file).bytes().size(), 3u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path_), {}), 1);
  EXPECT_THROW(read_file(file, 2), Error);
  EXPECT_NO_THROW(read_file(file, 3));
  EXPECT_THROW(read_file(path_, 100), Error);
  EXPECT_THROW(write_file_atomic(path_ + "/no/such", "x"), Error);
  try {
    read_file(path_ + "/none", 100);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kNotFound);
  }
  write_file_atomic(file, "");
  EXPECT_EQ(MappedFile::open(file).bytes().size(), 0u);
  EXPECT_EQ(read_file("/proc/self/comm", 100).back(), '\n');
  std::filesystem::create_symlink(file, path_ + "/link");
  write_file_atomic(path_ + "/link", "through");
  EXPECT_EQ(read_file(file, 100), "through");
  EXPECT_TRUE(std::filesystem::is_symlink(path_ + "/link"));
  std::filesystem::create_symlink("later", path_ + "/dangling");
  write_file_atomic(path_ + "/dangling", "there");
  EXPECT_EQ(read_file(path_ + "/later", 100), "there");
  EXPECT_TRUE(std::filesystem::is_symlink(path_ + "/dangling"));
  const std::string longest = path_ + "/" + std::string(255, 'n');
  write_file_atomic(longest, "long");
  EXPECT_EQ(read_file(longest, 100), "long");
  ASSERT_EQ(mkfifo((path_ + "/pipe").c_str(), 0600), 0);
  const int reader = open((path_ + "/pipe").c_str(), O_RDONLY | O_NONBLOCK);
  write_file_atomic(path_ + "/pipe", "four");
  EXPECT_TRUE(std::filesystem::is_fifo(path_ + "/pipe"));
  char got[8] = {};
  EXPECT_EQ(read(reader, got, sizeof got), 4);
  close(reader);
  EXPECT_THROW(write_file_atomic(path_, "x"), Error);
  EXPECT_THROW(write_file_atomic("", "x"), Error);
}

}  // namespace
}  // namespace tenfold
