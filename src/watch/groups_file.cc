#include "watch/groups_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include "base/assert.h"
#include "sentinel/standby_messages.h"
#include "watch/state_file.h"
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

class GroupsFile::Impl : public std::enable_shared_from_this<GroupsFile::Impl> {
public:
    Impl(net::IoContext& io, std::string path, Done done) : io_(io), path_(std::move(path)), done_(std::move(done)) {}

    void begin() {
        thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
    }
    void order(std::uint64_t number, std::string text) {
        {
            const std::scoped_lock lock(mutex_);
            job_.emplace(number, std::move(text));
        }
        changed_.notify_one();
    }
    void end() {
        done_ = nullptr;
        thread_.request_stop();
        if (thread_.joinable()) thread_.join();
    }

private:
    void work(const std::stop_token& stop) {
        for (;;) {
            std::optional<std::pair<std::uint64_t, std::string>> job;
            {
                std::unique_lock lock(mutex_);
                if (!changed_.wait(lock, stop, [this] { return job_.has_value(); })) return;
                job = std::exchange(job_, std::nullopt);
            }
            Result<> written = replace_text_file(path_, job->second);
            boost::asio::post(io_, [weak = weak_from_this(), number = job->first, written = std::move(written)] {
                const auto self = weak.lock();
                if (self && self->done_) self->done_(number, written);
            });
        }
    }

    net::IoContext& io_;
    const std::string path_;
    Done done_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<std::pair<std::uint64_t, std::string>> job_;
    std::jthread thread_;
};

GroupsFile::GroupsFile(net::IoContext& io, std::string path, Done done)
    : impl_(std::make_shared<Impl>(io, std::move(path),
                                   [this, done = std::move(done)](std::uint64_t number, const Result<>& written) {
                                       busy_ = false;
                                       done(number, written);
                                   })) {
    impl_->begin();
}

GroupsFile::~GroupsFile() {
    impl_->end();
}

void GroupsFile::write(std::uint64_t number, std::string text) {
    HF_ASSERT(!busy_, "one memory is written at a time");
    busy_ = true;
    impl_->order(number, std::move(text));
}

}  // namespace holdfast::watch
