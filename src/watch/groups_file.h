#pragma once
// The file in which a sentinel keeps what it must remember of its groups: epochs, votes, who is active. Small, written as a
// whole by one thread of its own: temporary file, fsync, rename.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/tcp.h"
#include "sentinel/standby.h"
#include "watch/error.h"

namespace holdfast::watch {

struct GroupsMemory {
    std::uint64_t current_epoch = 0;
    /// Names, epochs, who is active, who is passed over. Options and members are in the settings.
    std::vector<sentinel::StandbyGroup> groups = {};
};

[[nodiscard]] std::string format_groups(const GroupsMemory& memory);
/// Errors: cannot_read, with the line. Half a memory would be worse than none: votes might be given twice.
[[nodiscard]] Result<GroupsMemory> parse_groups(std::string_view text);
/// A file that is not there is an empty memory. Errors: cannot_read.
[[nodiscard]] Result<GroupsMemory> read_groups_file(const std::string& path);

/// Threads: calls, and `done`, on the io_context's one thread.
class GroupsFile {
public:
    using Done = std::function<void(std::uint64_t number, const Result<>& written)>;

    GroupsFile(net::IoContext& io, std::string path, Done done);
    /// Waits for the write that is under way; `done` is not called any more.
    ~GroupsFile();
    GroupsFile(const GroupsFile&) = delete;
    GroupsFile& operator=(const GroupsFile&) = delete;

    [[nodiscard]] bool busy() const noexcept { return busy_; }
    /// Only when not busy.
    void write(std::uint64_t number, std::string text);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
    bool busy_ = false;
};

}  // namespace holdfast::watch
