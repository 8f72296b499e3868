#pragma once
// Keeps sentinel.conf as the sentinel wants it: writes states into it, one after the other, on a thread of its own. Each is on
// the disk, under the file's name, before it is called done (text_file.h).

#include <cstdint>
#include <string>

#include "net/tcp.h"
#include "sentinel/config_rewrite.h"
#include "sentinel/state.h"
#include "watch/file_writer.h"

namespace holdfast::watch {

/// Threads: all calls, and `done`, on the io_context's one thread.
class StateFile {
public:
    using Done = FileWriter::Done;

    /// `path` must be absolute and no symbolic link, because the file is replaced.
    StateFile(net::IoContext& io, std::string path, Done done);

    [[nodiscard]] bool busy() const noexcept { return writer_.busy(); }
    /// Only when not busy. `number` is for `done`.
    void write(std::uint64_t number, sentinel::State state, sentinel::ServerLines server);

private:
    const std::string path_;
    FileWriter writer_;
};

}  // namespace holdfast::watch
