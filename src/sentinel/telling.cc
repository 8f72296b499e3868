// Events, in the texts of Redis Sentinel.

#include "sentinel/mind.h"

namespace holdfast::sentinel {

namespace {

std::string_view type_of(Role role) {
    switch (role) {
        case Role::master:
            return "master";
        case Role::replica:
            return "slave";
        case Role::peer:
            break;
    }
    return "sentinel";
}

}  // namespace

std::string address_text(const Address& address) {
    const bool is_v6 = address.host.find(':') != std::string::npos;
    return is_v6 ? fmt::format("[{}]:{}", address.host, address.port) : fmt::format("{}:{}", address.host, address.port);
}

void Sentinel::Mind::tell(EventLevel level, std::string_view name, const Group& group, const Instance& about,
                          std::string_view detail) {
    std::string text = fmt::format("{} {} {} {}", type_of(about.role), about.name, about.address.host, about.address.port);
    if (about.role != Role::master)
        text += fmt::format(" @ {} {} {}", group.name, group.master.address.host, group.master.address.port);
    if (!detail.empty()) text.append(" ").append(detail);
    tell_text(level, name, &group, std::move(text));
}

void Sentinel::Mind::tell_text(EventLevel level, std::string_view name, const Group* group, std::string text) {
    if (level == EventLevel::warning && group != nullptr && !group->options.notification_script.empty())
        out.run_script({group->options.notification_script, std::string(name), text});
    out.tell({.level = level,
              .group = group == nullptr ? std::string() : group->name,
              .name = std::string(name),
              .text = std::move(text)});
}

void Sentinel::Mind::warn(const Group& group, const Instance& about, std::string_view sentence) {
    out.tell({.level = EventLevel::warning,
              .group = group.name,
              .name = "-warning",
              .text = fmt::format("{} {} {} {}: {}", type_of(about.role), about.name, about.address.host, about.address.port,
                                  sentence),
              .log_only = true});
}

}  // namespace holdfast::sentinel
