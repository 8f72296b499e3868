#include "net/port_holder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace holdfast::net {
namespace {

namespace fs = std::filesystem;

// The line of /proc/net/tcp: sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ...
void collect_listening_inodes(const char* table, std::uint16_t port, std::vector<std::string>& inodes) {
    constexpr std::string_view listening = " 0A ";
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        // There may be ten thousands of connections that are not listeners.
        if (line.find(listening) == std::string::npos) continue;
        std::istringstream fields(line);
        std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
        fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
        const auto colon = local.rfind(':');
        if (colon == std::string::npos) continue;
        unsigned number = 0;
        std::from_chars(local.data() + colon + 1, local.data() + local.size(), number, 16);
        if (number == port) inodes.push_back(fmt::format("socket:[{}]", inode));
    }
}

bool holds_one_of(const fs::path& process, const std::vector<std::string>& inodes) {
    std::error_code error;
    for (fs::directory_iterator it(process / "fd", error), end; !error && it != end; it.increment(error)) {
        std::error_code gone;
        const auto target = fs::read_symlink(it->path(), gone);
        if (!gone && std::ranges::find(inodes, target.native()) != inodes.end()) return true;
    }
    return false;
}

}  // namespace

std::optional<PortHolder> find_port_holder(std::uint16_t port) {
    std::vector<std::string> inodes;
    collect_listening_inodes("/proc/net/tcp", port, inodes);
    collect_listening_inodes("/proc/net/tcp6", port, inodes);
    if (inodes.empty()) return std::nullopt;
    std::error_code error;
    for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
        const std::string name = it->path().filename().native();
        int pid = 0;
        const auto [stop, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (bad != std::errc{} || stop != name.data() + name.size() || !holds_one_of(it->path(), inodes)) continue;
        PortHolder holder{pid, {}};
        std::ifstream comm(it->path() / "comm");
        std::getline(comm, holder.command);
        return holder;
    }
    return std::nullopt;
}

std::string port_holder_note(std::uint16_t port) {
    const auto holder = find_port_holder(port);
    if (!holder) return {};
    return fmt::format(" (held by {}, process {})", holder->command.empty() ? "a process" : holder->command, holder->pid);
}

}  // namespace holdfast::net
