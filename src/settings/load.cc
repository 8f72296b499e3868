#include "settings/load.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "settings/consistency.h"
#include "settings/findings.h"
#include "settings/overrides.h"
#include "settings/settings_file.h"

namespace holdfast::settings {
namespace {

/// A path of the environment, when it is absolute.
std::optional<std::string> absolute(const Environment& environment, const std::string& name) {
    if (!environment) return std::nullopt;
    auto value = environment(name);
    if (value && (value->empty() || value->front() != '/')) value.reset();
    return value;
}

/// "~/x" is in the home directory.
void expand_home(std::string& path, const std::optional<std::string>& home) {
    if (home && path.starts_with("~/")) path = *home + path.substr(1);
}

void fill_paths(Findings& findings, Settings& settings, const Environment& environment) {
    const auto home = absolute(environment, "HOME");
    std::string& data_dir = settings.paths.data_dir;
    if (data_dir.empty()) {
        if (const auto state = absolute(environment, "XDG_STATE_HOME")) {
            data_dir = *state + "/holdfast";
        } else if (home) {
            data_dir = *home + "/.local/state/holdfast";
        } else {
            findings.add(
                "",
                "paths.data_dir is not set, and neither XDG_STATE_HOME nor HOME says where to keep data; set paths.data_dir");
        }
    }
    expand_home(data_dir, home);
    if (settings.storage.path.empty()) settings.storage.path = data_dir + "/fleet.db";
    if (settings.admin.token_file.empty()) settings.admin.token_file = data_dir + "/admin.token";
    if (settings.commands.store.empty()) settings.commands.store = data_dir + "/commands.db";
    if (settings.commands.queue_file.empty()) settings.commands.queue_file = data_dir + "/queue.db";
    expand_home(settings.commands.store, home);
    expand_home(settings.commands.queue_file, home);
    expand_home(settings.storage.path, home);
    expand_home(settings.admin.token_file, home);
}

}  // namespace

std::string_view source_name(Source source) noexcept {
    switch (source) {
        case Source::by_default:
            return "default";
        case Source::file:
            return "file";
        case Source::environment:
            return "environment";
        case Source::command_line:
            return "command line";
    }
    return "unknown";
}

std::optional<std::string> process_environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

std::expected<Loaded, std::vector<Problem>> load(const Inputs& inputs) {
    Loaded loaded;
    Findings findings;
    findings.file_name = inputs.file_name;
    if (!inputs.file_name.empty()) read_file_text(inputs.file_name, inputs.file_text, loaded.settings, findings);
    read_environment(inputs.environment, loaded.settings, findings);
    read_overrides(inputs.overrides, loaded.settings, findings);
    if (findings.problems.empty()) {
        check_consistency(loaded.settings, findings);
        fill_paths(findings, loaded.settings, inputs.environment);
    }
    if (!findings.problems.empty()) {
        if (findings.more > 0)
            findings.problems.back() = {findings.file_name, fmt::format("{} more problems", findings.more + 1)};
        return std::unexpected(std::move(findings.problems));
    }
    loaded.sources = std::move(findings.sources);
    loaded.file_name = inputs.file_name;
    return loaded;
}

Result<std::string> read_settings_file(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(SettingsErrc::unreadable_file,
                    fmt::format("cannot read the settings file {}: {}", path, std::strerror(errno)));
    }
    std::string text(max_file_size + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (file.fail() && !file.eof())) {
        return fail(SettingsErrc::unreadable_file,
                    fmt::format("cannot read the settings file {}: {}", path, std::strerror(errno)));
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > max_file_size) {
        return fail(SettingsErrc::unreadable_file,
                    fmt::format("the settings file {} is larger than {} MiB, so it is hardly one", path, max_file_size >> 20));
    }
    return text;
}

}  // namespace holdfast::settings
