#include "watch/access_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "watch/word.h"

namespace holdfast::watch {

using resp::Reply;

void AccessLog::note(AccessRefusal refusal, Time now) {
    constexpr Duration same = std::chrono::seconds(60);
    constexpr std::size_t shown = 256;
    refusal.object.resize(std::min(refusal.object.size(), shown));
    refusal.user.resize(std::min(refusal.user.size(), shown));
    const auto known = std::ranges::find_if(entries_, [&](const Entry& entry) {
        return entry.refusal.reason == refusal.reason && entry.refusal.object == refusal.object &&
               entry.refusal.user == refusal.user && now - entry.at < same;
    });
    if (known != entries_.end()) {
        ++known->count;
        known->at = now;
        return;
    }
    entries_.push_front({std::move(refusal), now});
    while (entries_.size() > longest_)
        entries_.pop_back();
}

Reply AccessLog::answer(const resp::Words& words, Time now) {
    constexpr std::size_t usual = 10;
    if (words.size() < 3) return newest(usual, now);
    if (is_word(words[2], "reset")) {
        entries_.clear();
        return Reply::status("OK");
    }
    const auto most = number_word<std::size_t>(words[2]);
    return most ? newest(*most, now) : Reply::error("ERR value is not an integer or out of range");
}

Reply AccessLog::newest(std::size_t most, Time now) const {
    Reply all = Reply::array({});
    for (const Entry& entry : entries_) {
        if (all.items.size() == most) break;
        const double age = std::chrono::duration<double>(now - entry.at).count();
        all.items.push_back(
            Reply::array({Reply::bulk("count"), Reply::number(static_cast<std::int64_t>(entry.count)), Reply::bulk("reason"),
                          Reply::bulk(entry.refusal.reason), Reply::bulk("context"), Reply::bulk("toplevel"),
                          Reply::bulk("object"), Reply::bulk(entry.refusal.object), Reply::bulk("username"),
                          Reply::bulk(entry.refusal.user), Reply::bulk("age-seconds"), Reply::bulk(fmt::format("{:.3f}", age)),
                          Reply::bulk("client-info"), Reply::bulk(entry.refusal.client)}));
    }
    return all;
}

}  // namespace holdfast::watch
