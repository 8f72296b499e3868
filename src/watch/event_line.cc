#include "watch/event_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <vector>

namespace holdfast::watch {
namespace {

struct Phrase {
    std::string_view event;
    /// {0}: the instance, "replica 10.0.0.2:6379"; {1}: what stands behind it in the event's text.
    std::string_view text;
};

constexpr std::array phrases{
    Phrase{"+monitor", "{0} is watched"},
    Phrase{"-monitor", "{0} is not watched any more"},
    Phrase{"+set", "an option of {0} was changed: {1}"},
    Phrase{"+reset-master", "{0} begins anew: what was known of its replicas and sentinels is forgotten"},
    Phrase{"+slave", "{0} was found"},
    Phrase{"+sentinel", "{0} watches it too"},
    Phrase{"+sentinel-address-switch", "{0} has moved: {1}"},
    Phrase{"+sentinel-address-update", "{0} has another address"},
    Phrase{"+sentinel-invalid-addr", "{0} is not at its address any more"},
    Phrase{"+sdown", "{0} does not answer"},
    Phrase{"-sdown", "{0} answers again"},
    Phrase{"+odown", "{0} is down: enough sentinels agree"},
    Phrase{"-odown", "{0} is not down any more"},
    Phrase{"+try-failover", "{0} is to be replaced: votes are asked for"},
    Phrase{"+elected-leader", "this sentinel was elected to replace {0}"},
    Phrase{"+failover-state-select-slave", "{0}: the best replica is looked for"},
    Phrase{"+selected-slave", "{0} will be the new master"},
    Phrase{"+failover-state-send-slaveof-noone", "{0} is told to be a master"},
    Phrase{"+failover-state-wait-promotion", "{0} was told to be a master and has not said that it is"},
    Phrase{"+promoted-slave", "{0} is a master now"},
    Phrase{"+failover-state-reconf-slaves", "{0}: the other replicas are pointed to the new master"},
    Phrase{"+slave-reconf-sent", "{0} was told to follow the new master"},
    Phrase{"+slave-reconf-sent-be", "{0} was told to follow the new master, late"},
    Phrase{"-slave-reconf-sent-timeout", "{0} has not begun to follow the new master in time"},
    Phrase{"+slave-reconf-inprog", "{0} begins to follow the new master"},
    Phrase{"+slave-reconf-done", "{0} follows the new master"},
    Phrase{"+failover-end", "{0} was replaced"},
    Phrase{"+failover-end-for-timeout", "{0} was replaced; not all replicas follow the new master yet"},
    Phrase{"+config-update-from", "{0} has newer knowledge of who the master is"},
    Phrase{"+convert-to-slave", "{0} came back as a master and is made a replica"},
    Phrase{"+fix-slave-config", "{0} follows the wrong master and is told the right one"},
    Phrase{"-failover-abort-not-elected", "{0} was not replaced: this sentinel did not get enough votes"},
    Phrase{"-failover-abort-no-good-slave", "{0} cannot be replaced: no replica is good enough"},
    Phrase{"-failover-abort-slave-timeout", "{0} was not replaced: the chosen replica did not become a master in time"},
    Phrase{"+reboot", "{0} was started anew"},
    Phrase{"+role-change", "{0} reports another role: {1}"},
    Phrase{"-role-change", "{0} reports the role it should have: {1}"},
    Phrase{"-script-error", "a script could not be run or has failed"},
    Phrase{"-script-timeout", "a script ran for too long and was ended"},
};

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t space = std::min(text.find(' '), text.size());
        if (space > 0) words.push_back(text.substr(0, space));
        text.remove_prefix(std::min(space + 1, text.size()));
    }
    return words;
}

std::string address(std::string_view host, std::string_view port) {
    return host.find(':') == std::string_view::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

struct Reading {
    std::string subject;
    std::string detail;
};

/// "<type> <name> <ip> <port>[ @ <master> <ip> <port>] detail"
Reading read(std::string_view text) {
    const std::vector<std::string_view> words = split(text);
    constexpr std::size_t own = 4;
    static const std::set<std::string_view> types{"master", "slave", "sentinel"};
    if (words.size() < own || !types.contains(words[0])) return {.subject = std::string(text), .detail = {}};
    Reading reading;
    reading.subject = fmt::format("{} {}", words[0] == "slave" ? "replica" : words[0], address(words[2], words[3]));
    std::size_t next = own;
    if (words.size() >= next + own && words[next] == "@") next += own;
    for (; next < words.size(); ++next)
        reading.detail += fmt::format("{}{}", reading.detail.empty() ? "" : " ", words[next]);
    return reading;
}

std::string in_plain_words(const sentinel::Event& event) {
    const std::vector<std::string_view> words = split(event.text);
    constexpr std::size_t switch_words = 5;
    if (event.name == "+switch-master" && words.size() >= switch_words)
        return fmt::format("the master is {} now, it was {}", address(words[3], words[4]), address(words[1], words[2]));
    if (event.name == "+new-epoch") return fmt::format("epoch {} begins", event.text);
    if (event.name == "+vote-for-leader" && words.size() >= 2)
        return fmt::format("votes for sentinel {} in epoch {}", words[0].substr(0, 8), words[1]);
    if (event.name == "+tilt") return "this process stood still or its clock jumped: nothing is judged for a while";
    if (event.name == "-tilt") return "judges again";
    const auto* const phrase = std::ranges::find(phrases, std::string_view(event.name), &Phrase::event);
    if (phrase == phrases.end()) return {};
    const Reading reading = read(event.text);
    return fmt::format(fmt::runtime(phrase->text), reading.subject, reading.detail);
}

}  // namespace

std::string event_line(const sentinel::Event& event) {
    // Groups that are not Redis' say it in words that need no others.
    if (!event.group.empty() && event.text.starts_with(fmt::format("group {}", event.group)))
        return fmt::format("{} [{}]", event.text, event.name);
    const std::string plain = in_plain_words(event);
    std::string line = event.group.empty() ? "" : event.group + ": ";
    if (plain.empty()) return fmt::format("{}{} {}", line, event.name, event.text);
    return fmt::format("{}{} [{} {}]", line, plain, event.name, event.text);
}

log::Level event_log_level(const sentinel::Event& event) {
    static const std::set<std::string_view> bad{"+sdown",
                                                "+odown",
                                                "+tilt",
                                                "-script-error",
                                                "-script-timeout",
                                                "-slave-reconf-sent-timeout",
                                                "+failover-end-for-timeout",
                                                "-failover-abort-not-elected",
                                                "-failover-abort-no-good-slave",
                                                "-failover-abort-slave-timeout"};
    if (bad.contains(event.name)) return log::Level::warning;
    return event.level == sentinel::EventLevel::debug ? log::Level::debug : log::Level::info;
}

}  // namespace holdfast::watch
