#include "settings/show.h"

#include <fmt/format.h>

#include <algorithm>

#include "settings/overrides.h"
#include "settings/settings_table.h"

namespace holdfast::settings {
namespace {

std::string shown_value(const Row& row, const void* owner) {
    std::string text = format_value(row, row.member.get(owner));
    if (row.secret && !text.empty()) return "(set)";
    return text;
}

void add_list(const Loaded& loaded, const ListTable& list, const void* owner, const std::string& path,
              std::vector<ShownSetting>& all) {
    for (std::size_t i = 0; i < list.size(owner); ++i) {
        const void* element = list.element(owner, i);
        const std::string element_path = fmt::format("{}[{}]", path, i);
        for (const Row& row : list.rows) {
            const std::string name = fmt::format("{}.{}", element_path, row.name);
            const bool given = loaded.sources.contains(name);
            all.push_back({name, shown_value(row, element), std::string(source_name(given ? Source::file : Source::by_default)),
                           row.change == Change::at_run_time});
        }
        for (const ListTable& inner : list.inner) {
            add_list(loaded, inner, element, fmt::format("{}.{}", element_path, inner.name.substr(inner.name.rfind('.') + 1)),
                     all);
        }
    }
}

std::string default_markdown(const Row& row) {
    if (row.required) return "(required)";
    if (!row.shown_default.empty()) return std::string(row.shown_default);
    if (row.default_text.empty()) return "(empty)";
    return fmt::format("`{}`", row.default_text);
}

std::string kind_markdown(const Row& row) {
    std::string text(kind_name(row.member.kind));
    if (row.member.choices != nullptr) {
        text += ":";
        for (const std::string_view name : row.member.choices())
            text += fmt::format(" `{}`", name);
    }
    const std::string bounds = bounds_text(row);
    // A path's only bound is the system's own; saying so helps nobody.
    if (!bounds.empty() && !(row.member.kind == Kind::string && row.max == "4096")) text += ", " + bounds;
    return text;
}

std::string table_markdown(std::span<const Row> table, std::string_view section) {
    std::string text = "| setting | takes | default | changes | meaning |\n|---|---|---|---|---|\n";
    for (const Row& row : table) {
        std::string_view name = row.name;
        if (!section.empty()) {
            if (name.substr(0, name.rfind('.')) != section) continue;
            name.remove_prefix(section.size() + 1);
        }
        text += fmt::format("| `{}` | {} | {} | {} | {}{} |\n", name, kind_markdown(row), default_markdown(row),
                            row.change == Change::at_run_time ? "at once" : "at start", row.help,
                            row.secret ? " Never shown." : "");
    }
    return text;
}

void list_markdown(const ListTable& list, std::string& text) {
    text +=
        fmt::format("\n## [[{}]]\n\n{} At most {}.\n\n{}", list.name, list.help, list.max_size, table_markdown(list.rows, ""));
    for (const ListTable& inner : list.inner)
        list_markdown(inner, text);
}

constexpr std::string_view introduction = R"(# Settings

Made by `holdfast config reference` from the program's own table of settings.

Settings come from one TOML file (`--config`), from the environment (`HOLDFAST_GATEWAY_THREADS=2`) and from the command line
(`--set gateway.threads=2`); what is named later here wins. `holdfast config check` tells what is wrong with a file, and where;
`holdfast config show` prints every effective setting and where it comes from. SIGHUP reads the file again: settings that change
"at once" take effect, the others keep their value until the next start, and the log says so.

Durations are written `"1.5s"`, `"200ms"`, `"2m"`, `"1h30m"` (ns, us, ms, s, m, h, d); sizes `"64KiB"`, `"1.5MiB"`, `"10MB"`, or a number
of bytes; addresses `"0.0.0.0:1883"`, `"[::1]:1883"`, `"broker.example:1883"`; lists `["a", "b"]`, on the command line and in the
environment `a,b`. Paths may begin with `~/`.
)";

}  // namespace

std::vector<ShownSetting> shown_settings(const Loaded& loaded) {
    std::vector<ShownSetting> all;
    for (const Row& row : rows()) {
        const auto source = loaded.sources.find(row.name);
        all.push_back({std::string(row.name), shown_value(row, &loaded.settings),
                       std::string(source_name(source == loaded.sources.end() ? Source::by_default : source->second)),
                       row.change == Change::at_run_time});
    }
    for (const ListTable& list : list_tables())
        add_list(loaded, list, &loaded.settings, std::string(list.name), all);
    return all;
}

std::string show(const Loaded& loaded) {
    const auto all = shown_settings(loaded);
    std::size_t name_width = 0, value_width = 0;
    for (const ShownSetting& one : all) {
        name_width = std::max(name_width, one.name.size());
        value_width = std::max(value_width, std::min<std::size_t>(one.value.size(), 40));
    }
    std::string text;
    for (const ShownSetting& one : all) {
        text += fmt::format("{:<{}}  {:<{}}  {}\n", one.name, name_width, one.value, value_width, one.source);
    }
    return text;
}

std::string reference_markdown() {
    std::string text(introduction);
    for (const Section& section : sections()) {
        text += fmt::format("\n## [{}]\n\n{}\n\n{}", section.name, section.help, table_markdown(rows(), section.name));
    }
    for (const ListTable& list : list_tables())
        list_markdown(list, text);
    return text;
}

std::string help_text() {
    std::string text;
    for (const Row& row : rows()) {
        const std::string bounds = bounds_text(row);
        std::string takes(kind_name(row.member.kind));
        if (row.member.choices != nullptr) takes = fmt::format("{}: {}", takes, fmt::join(row.member.choices(), " "));
        const std::string_view value = row.shown_default.empty() ? row.default_text : row.shown_default;
        text += fmt::format("  {}\n      {} ({}{}{}{}{})\n", row.name, row.help, takes, bounds.empty() ? "" : ", ", bounds,
                            value.empty() ? "" : ", default ", value);
    }
    return text;
}

}  // namespace holdfast::settings
