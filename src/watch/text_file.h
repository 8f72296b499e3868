#pragma once
// Small files that are read, and replaced, as a whole.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::watch {

/// The whole text of a file of at most `max_bytes`. Errors: cannot_read.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, std::size_t max_bytes);

/// Puts `text` in the place of the file's, surviving a crash at any moment: a temporary file in the same directory, fsync,
/// rename, fsync of the directory. Keeps its owner and mode. `path` must be absolute and no symbolic link, because the file is
/// replaced. Errors: cannot_write, with what to do about it.
[[nodiscard]] Result<> replace_text_file(const std::string& path, std::string_view text);

}  // namespace holdfast::watch
