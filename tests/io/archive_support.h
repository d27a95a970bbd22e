// Archives made up for tests.
#pragma once

#include <span>
#include <string>

#include <archive.h>
#include <archive_entry.h>

#include "src/io/archive.h"
#include "tenfold/io.h"

namespace tenfold::test {

inline Bytes as_bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

// Writes members into an archive in memory.
inline std::string pack(bool zip, const Members& members) {
  archive* a = archive_write_new();
  if (zip)
    archive_write_set_format_zip(a);
  else
    archive_write_set_format_ustar(a);
  if (!zip) archive_write_add_filter_gzip(a);
  std::string bytes(2 << 20, '\0');
  size_t used = 0;
  archive_write_open_memory(a, bytes.data(), bytes.size(), &used);
  for (const auto& [name, content] : members) {
    archive_entry* e = archive_entry_new();
    archive_entry_set_pathname(e, name.c_str());
    archive_entry_set_size(e, static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_write_header(a, e);
    archive_write_data(a, content.data(), content.size());
    archive_entry_free(e);
  }
  archive_write_close(a);
  archive_write_free(a);
  bytes.resize(used);
  return bytes;
}

}  // namespace tenfold::test
