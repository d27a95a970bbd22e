// Archives: what is in them, and what of them is refused.
#include "src/io/archive.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "tenfold/diag.h"
#include "tests/io/archive_support.h"
#include "tests/type/random.h"

namespace tenfold {
namespace {

using test::as_bytes, test::pack;

// As most tools write them: the flag says that names are UTF-8, whatever the program's locale.
TEST(Archive, ReadsNamesInUtf8) {
  const Members members = {{"mod\xc3\xa8le/deploy.prototxt", "name: \"x\""}};
  std::string zip = pack(true, members);
  constexpr char kUtf8 = 0x08;  // of the upper byte of the flags
  for (const auto& [mark, flags] : {std::pair{"PK\3\4", 6}, std::pair{"PK\1\2", 8}}) {
    const size_t at = zip.find(mark);
    ASSERT_NE(at, std::string::npos);
    zip[at + static_cast<size_t>(flags) + 1] |= kUtf8;
  }
  EXPECT_EQ(parse_archive(as_bytes(zip), "x", 1 << 20), members);
  EXPECT_EQ(parse_archive(as_bytes(pack(false, members)), "x", 1 << 20), members);
}

// Another name of a file before it, as GNU tar writes what has two names.
TEST(Archive, ReadsHardLinks) {
  std::string made = std::filesystem::temp_directory_path() / "tenfold-links-XXXXXX";
  ASSERT_NE(mkdtemp(made.data()), nullptr);
  const std::string tar = " && printf cat >a.txt && ln a.txt b.txt && tar cf t.tar a.txt b.txt";
  ASSERT_EQ(std::system(("cd " + made + tar).c_str()), 0);
  EXPECT_EQ(read_archive(made + "/t.tar"), (Members{{"a.txt", "cat"}, {"b.txt", "cat"}}));
  std::filesystem::remove_all(made);
}

// As a folder's: to a file inside, also by way of others; what leads out or round is left out.
TEST(Archive, FollowsSymbolicLinks) {
  std::string made = std::filesystem::temp_directory_path() / "tenfold-links-XXXXXX";
  ASSERT_NE(mkdtemp(made.data()), nullptr);
  const std::string tar =
      " && mkdir d e && printf cat >d/a && printf 0 >e/0 && ln -s ../d/a e/b && ln -s e/b c && "
      "ln -s /etc/passwd out && ln -s ../../x up && ln -s q r && ln -s r q && ln -s d s && "
      "ln -s nothing n && tar cf t.tar e c out up q r s n d";
  ASSERT_EQ(std::system(("cd " + made + tar).c_str()), 0);
  EXPECT_EQ(read_archive(made + "/t.tar"),
            (Members{{"e/0", "0"}, {"d/a", "cat"}, {"c", "cat"}, {"e/b", "cat"}}));
  std::filesystem::remove_all(made);
}

TEST(Archive, ReadsTarAndZip) {
  const Members members = {{"net/deploy.prototxt", "name: \"x\""}, {"b", std::string(5000, 'z')}};
  for (const bool zip : {false, true}) {
    const std::string bytes = pack(zip, members);
    EXPECT_TRUE(looks_like_archive(as_bytes(bytes)));
    EXPECT_EQ(parse_archive(as_bytes(bytes), "x", 1 << 20), members);
    EXPECT_THROW(parse_archive(as_bytes(bytes), "x", 100), Error);
  }
  EXPECT_EQ(
      parse_archive(as_bytes(pack(false, {{"./a//b", "1"}, {"/c", "2"}, {"c", "3"}})), "x", 100),
      (Members{{"a/b", "1"}, {"c", "3"}}));
  EXPECT_THROW(parse_archive(as_bytes(pack(false, {{"../a", "1"}})), "x", 100), Error);
  EXPECT_THROW(parse_archive(as_bytes(pack(true, {{"a/../../b", "1"}})), "x", 100), Error);
  EXPECT_FALSE(looks_like_archive(as_bytes("layer {")));
  EXPECT_THROW(parse_archive(as_bytes("layer { name: \"x\" }"), "x", 100), Error);
}

TEST(Archive, RefusesBombs) {
  const std::string bytes = pack(false, {{"a", std::string(100 << 20, '\0')}});
  ASSERT_LT(bytes.size(), 300000u);
  try {
    parse_archive(as_bytes(bytes), "x", int64_t{1} << 40);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kResource);
  }
  // What is packed behind a bomb does not pay for it: it is refused where it begins to expand.
  const std::string zeros(72 << 20, '\0');
  std::string noise(1 << 20, '\0');
  for (size_t k = 0; k < noise.size(); ++k)
    noise[k] = static_cast<char>(k * 2654435761 * (k >> 3) >> 13);
  for (const bool zip : {false, true}) {
    const std::string both = pack(zip, {{"a", zeros}, {"b", noise}});
    ASSERT_GT(both.size(), 500000u);
    EXPECT_THROW(parse_archive(as_bytes(both), "x", int64_t{1} << 40), Error);
  }
  const std::string paid = pack(true, {{"b", noise}, {"a", zeros}});
  EXPECT_EQ(parse_archive(as_bytes(paid), "x", int64_t{1} << 40).size(), 2u);
  // Weights that are mostly zeros are no bomb.
  std::string sparse(32 << 20, '\0');
  for (size_t k = 0; k < sparse.size(); k += 64)
    sparse[k] = static_cast<char>(k * 2654435761 >> 16);
  EXPECT_EQ(parse_archive(as_bytes(pack(true, {{"w", sparse}})), "x", 1 << 30).size(), 1u);
}

TEST(Archive, ChecksGzipSums) {
  std::string content(50000, '\0');
  test::Random random;
  SCOPED_TRACE(random.seed);
  for (char& c : content) c = static_cast<char>(random.below(256));
  const std::string bytes = pack(false, {{"a", content}});
  int meaningless = 0;
  for (int k = 0; k < 50; ++k) {
    std::string damaged = bytes;
    damaged[20 + static_cast<size_t>(random.below(static_cast<int64_t>(bytes.size()) - 28))] ^=
        static_cast<char>(1 << random.below(8));
    try {  // bits before a stored block mean nothing: then nothing is lost
      EXPECT_EQ(parse_archive(as_bytes(damaged), "x", 1 << 20).at(0).second, content);
      ++meaningless;
    } catch (const Error&) {
    }
  }
  EXPECT_LE(meaningless, 2);
  EXPECT_THROW(parse_archive(as_bytes(bytes.substr(0, bytes.size() - 4)), "x", 1 << 20), Error);
  EXPECT_EQ(parse_archive(as_bytes(bytes + std::string(512, '\0')), "x", 1 << 20).size(), 1u);
  // Several streams behind one another are one file; behind the archive's end they count too.
  const std::string more = pack(false, {{"b", "2"}});
  EXPECT_EQ(parse_archive(as_bytes(bytes + more), "x", 1 << 20).size(), 1u);
  std::string damaged = bytes + more;
  damaged[damaged.size() - 6] ^= 1;
  EXPECT_THROW(parse_archive(as_bytes(damaged), "x", 1 << 20), Error);
}

}  // namespace
}  // namespace tenfold
