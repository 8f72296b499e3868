#include "discovery/mosquitto_config.h"

#include <fmt/format.h>

#include <iterator>

namespace holdfast::discovery {

std::string mosquitto_config_text(const MosquittoConfig& config) {
    std::string text;
    const auto line = [&text]<class... Args>(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
        text += '\n';
    };
    line("# Node {} of a local cluster. Written anew by Holdfast at each start: changes here are lost.", config.node);
    line("listener {} {}", config.port, config.address);
    line("allow_anonymous true");
    line("user {}", config.user);
    line("");
    line("persistence true");
    line("persistence_location {}/", config.persistence_dir);
    line("autosave_interval {}", config.autosave_seconds);
    line("persistent_client_expiration {}d", config.persistent_client_expiration_days);
    line("");
    line("max_inflight_messages 100");
    line("max_queued_messages {}", config.max_queued_messages);
    line("max_queued_bytes {}", config.max_queued_bytes);
    line("max_connections -1");
    line("max_keepalive 65535");
    line("set_tcp_nodelay true");
    line("sys_interval 10");
    line("");
    line("log_dest stdout");
    line("log_type error");
    line("log_type warning");
    line("log_type notice");
    line("log_type information");
    line("log_timestamp_format %Y-%m-%dT%H:%M:%S");
    line("connection_messages false");
    return text;
}

}  // namespace holdfast::discovery
