#include "watch/groups_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iterator>
#include <optional>
#include <sstream>
#include <utility>

#include "sentinel/standby_messages.h"
#include "watch/text_file.h"
#include "watch/word.h"

namespace holdfast::watch {
namespace {

constexpr std::string_view headline =
    "# What a sentinel of Holdfast remembers of its groups. Do not edit it while that runs.\n";
constexpr std::string_view none = "-";
constexpr std::size_t max_bytes = std::size_t{8} * 1024 * 1024;

/// The words of one line as a group; nothing: it is none.
std::optional<sentinel::StandbyGroup> group_of(const std::vector<std::string>& words) {
    constexpr std::size_t fixed = 6;
    if (words.size() < fixed) return std::nullopt;
    sentinel::StandbyGroup group{.name = words[1]};
    const auto config_epoch = number_word<std::uint64_t>(words[2]);
    const auto voted_epoch = number_word<std::uint64_t>(words[3]);
    if (!sentinel::is_standby_name(group.name) || !config_epoch || !voted_epoch || words[4].size() != 1) return std::nullopt;
    group.config_epoch = *config_epoch;
    group.voted_epoch = *voted_epoch;
    group.by_order = words[4] == "1";
    if (words[5] != none) group.active = words[5];
    group.passed_over.assign(words.begin() + fixed, words.end());
    return group;
}

}  // namespace

std::string format_groups(const GroupsMemory& memory) {
    std::string text(headline);
    text += fmt::format("epoch {}\n", memory.current_epoch);
    for (const sentinel::StandbyGroup& group : memory.groups) {
        text += fmt::format("group {} {} {} {} {}", group.name, group.config_epoch, group.voted_epoch, group.by_order ? 1 : 0,
                            group.active.empty() ? none : std::string_view(group.active));
        for (const std::string& name : group.passed_over)
            text.append(" ").append(name);
        text += "\n";
    }
    return text + "end\n";
}

Result<GroupsMemory> parse_groups(std::string_view text) {
    GroupsMemory memory;
    std::istringstream lines{std::string(text)};
    std::string line;
    bool ended = false;
    for (unsigned number = 1; std::getline(lines, line); ++number) {
        std::istringstream stream(line);
        const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
        if (words.empty() || words[0].starts_with('#')) continue;
        if (words[0] == "end") {
            ended = true;
            continue;
        }
        const auto epoch = words[0] == "epoch" && words.size() == 2 ? number_word<std::uint64_t>(words[1]) : std::nullopt;
        auto group = words[0] == "group" ? group_of(words) : std::nullopt;
        if (epoch) {
            memory.current_epoch = *epoch;
        } else if (group) {
            memory.groups.push_back(*std::move(group));
        } else {
            return fail(WatchErrc::cannot_read, fmt::format("line {} is not one that Holdfast writes", number));
        }
    }
    if (!ended && !text.empty()) return fail(WatchErrc::cannot_read, "it has no end");
    return memory;
}

Result<GroupsMemory> read_groups_file(const std::string& path) {
    if (::access(path.c_str(), F_OK) != 0) return GroupsMemory{};
    const auto text = read_text_file(path, max_bytes);
    if (!text) return std::unexpected(text.error());
    auto memory = parse_groups(*text);
    if (!memory)
        return std::unexpected(std::move(memory).error().with_prefix(
            fmt::format("{}: put a copy of it back, or remove it when the other sentinels know the groups: ", path)));
    return memory;
}

GroupsFile::GroupsFile(net::IoContext& io, std::string path, Done done)
    : path_(std::move(path)), writer_(io, std::move(done)) {}

void GroupsFile::write(std::uint64_t number, std::string text) {
    writer_.start(number, [path = path_, text = std::move(text)] { return replace_text_file(path, text); });
}

}  // namespace holdfast::watch
