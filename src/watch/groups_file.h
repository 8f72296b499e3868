#pragma once
// The file in which a sentinel keeps what it must remember of its groups: epochs, votes, who is active. Small, written as a
// whole by a thread of its own (text_file.h).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/tcp.h"
#include "sentinel/standby.h"
#include "watch/error.h"
#include "watch/file_writer.h"

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
    using Done = FileWriter::Done;

    GroupsFile(net::IoContext& io, std::string path, Done done);

    [[nodiscard]] bool busy() const noexcept { return writer_.busy(); }
    /// Only when not busy.
    void write(std::uint64_t number, std::string text);

private:
    const std::string path_;
    FileWriter writer_;
};

}  // namespace holdfast::watch
