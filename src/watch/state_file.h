#pragma once
// Keeps sentinel.conf as the sentinel wants it: writes states into it, one after the other, on a thread of its own. Each is on
// the disk, under the file's name, before it is called done: a temporary file in the same directory, fsync, rename, fsync of
// the directory.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/tcp.h"
#include "sentinel/config_rewrite.h"
#include "sentinel/state.h"
#include "watch/error.h"

namespace holdfast::watch {

/// Threads: all calls, and `done`, on the io_context's one thread.
class StateFile {
public:
    using Done = std::function<void(std::uint64_t number, const Result<>& written)>;

    /// `path` must be absolute and no symbolic link, because the file is replaced.
    StateFile(net::IoContext& io, std::string path, Done done);
    /// Waits for the write that is under way; `done` is not called any more.
    ~StateFile();
    StateFile(const StateFile&) = delete;
    StateFile& operator=(const StateFile&) = delete;

    [[nodiscard]] bool busy() const noexcept { return busy_; }
    /// Only when not busy. `number` is for `done`.
    void write(std::uint64_t number, sentinel::State state, sentinel::ServerLines server);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
    bool busy_ = false;
};

/// The whole text of a file of at most `max_bytes`. Errors: cannot_read.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, std::size_t max_bytes);

/// Puts `text` in the place of the file's, surviving a crash at any moment. Keeps its owner and mode. Errors: cannot_write,
/// with what to do about it.
[[nodiscard]] Result<> replace_text_file(const std::string& path, std::string_view text);

}  // namespace holdfast::watch
