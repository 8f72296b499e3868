#include "settings/settings_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <optional>
#include <span>

#include "settings/nearest_name.h"
#include "settings/overrides.h"
#include "settings/quoted.h"
#include "settings/settings_table.h"

namespace holdfast::settings {
namespace {

std::string_view last_part(std::string_view name) {
    return name.substr(name.rfind('.') + 1);
}

/// A value as a sentence shows it.
std::string shown(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table:
            return "a table";
        case toml::node_type::array:
            return "a list";
        case toml::node_type::string:
            return quoted(node.as_string()->get());
        case toml::node_type::integer:
            return fmt::format("{}", node.as_integer()->get());
        case toml::node_type::floating_point:
            return fmt::format("{}", node.as_floating_point()->get());
        case toml::node_type::boolean:
            return node.as_boolean()->get() ? "true" : "false";
        default:
            return "a date or time";
    }
}

/// The text form of one plain value, when its TOML type is one that the kind is written in.
std::optional<std::string> text_form(Kind kind, const toml::node& node) {
    switch (kind) {
        case Kind::boolean:
            if (node.is_boolean()) return node.as_boolean()->get() ? "true" : "false";
            return std::nullopt;
        case Kind::number:
            if (node.is_floating_point()) return fmt::format("{}", node.as_floating_point()->get());
            [[fallthrough]];
        case Kind::integer:
            if (node.is_integer()) return fmt::format("{}", node.as_integer()->get());
            return std::nullopt;
        case Kind::size:
            if (node.is_integer()) return fmt::format("{}", node.as_integer()->get());
            [[fallthrough]];
        case Kind::duration:
        case Kind::string:
        case Kind::choice:
        case Kind::address:
            if (node.is_string()) return node.as_string()->get();
            return std::nullopt;
        case Kind::choice_list:
        case Kind::address_list:
            return std::nullopt;
    }
    return std::nullopt;
}

bool is_list(Kind kind) {
    return kind == Kind::choice_list || kind == Kind::address_list;
}

/// Walks the tree of one file.
class FileReader {
public:
    FileReader(Settings& settings, Findings& findings) : settings_(settings), findings_(findings) {}

    void read_table(const toml::table& table, const std::string& prefix) {
        for (const auto& [key, node] : table) {
            const std::string name = prefix.empty() ? std::string(key.str()) : fmt::format("{}.{}", prefix, key.str());
            if (const ListTable* list = list_named(name)) {
                read_list(*list, node, &settings_, std::string(list->name), key.source());
            } else if (const Row* row = row_named(rows(), name)) {
                read_row(*row, node, &settings_, name, row->name, key.source());
            } else if (is_section(name)) {
                if (node.is_table()) {
                    read_table(*node.as_table(), name);
                } else {
                    problem(node.source(), fmt::format("{} is {}, but must be a section: [{}]", name, shown(node), name));
                }
            } else if (node.is_table() || node.is_array_of_tables()) {
                problem(key.source(), fmt::format("there is no section {}{}", quoted(name), meant_section(name)));
            } else {
                problem(key.source(), fmt::format("there is no setting {}{}", quoted(name), did_you_mean_setting(name)));
            }
        }
    }

private:
    static const Row* row_named(std::span<const Row> table, std::string_view name) {
        for (const Row& row : table) {
            if (row.name == name) return &row;
        }
        return nullptr;
    }

    static const ListTable* list_named(std::string_view name) {
        for (const ListTable& list : list_tables()) {
            if (list.name == name) return &list;
        }
        return nullptr;
    }

    /// Something in the table stands below this name.
    static bool is_section(std::string_view name) {
        const auto below = [&](std::string_view full) {
            return full.size() > name.size() && full.starts_with(name) && full[name.size()] == '.';
        };
        for (const Row& row : rows()) {
            if (below(row.name)) return true;
        }
        for (const ListTable& list : list_tables()) {
            if (below(list.name)) return true;
        }
        return false;
    }

    static std::string meant_section(std::string_view name) {
        std::vector<std::string_view> names;
        for (const Section& section : sections())
            names.push_back(section.name);
        for (const ListTable& list : list_tables())
            names.push_back(list.name);
        const std::string_view meant = nearest_name(name, names);
        if (meant.empty()) return {};
        return list_named(meant) != nullptr ? fmt::format("; did you mean [[{}]]?", meant)
                                            : fmt::format("; did you mean [{}]?", meant);
    }

    std::string place(const toml::source_region& region) const {
        if (!region.begin) return findings_.file_name;
        return fmt::format("{}:{}:{}", findings_.file_name, region.begin.line, region.begin.column);
    }

    void problem(const toml::source_region& region, std::string sentence) { findings_.add(place(region), std::move(sentence)); }

    /// `path` names this very value ("cluster[0].weight"), `name` the kind of setting ("cluster.weight").
    void read_row(const Row& row, const toml::node& node, void* owner, std::string path, std::string_view name,
                  const toml::source_region& key) {
        const std::optional<Value> value =
            is_list(row.member.kind) ? list_value(row, node, name) : plain_value(row, node, name);
        if (!value) return;
        row.member.set(owner, *value);
        findings_.found(std::move(path), Source::file, place(key));
    }

    std::optional<Value> plain_value(const Row& row, const toml::node& node, std::string_view name) {
        const auto text = text_form(row.member.kind, node);
        if (!text) {
            problem(node.source(), fmt::format("{} {}", name, refusal_text(row, shown(node), {})));
            return std::nullopt;
        }
        auto value = parse_value(row, *text);
        if (!value) {
            problem(node.source(), fmt::format("{} {}", name, value.error().message()));
            return std::nullopt;
        }
        return std::move(*value);
    }

    std::optional<Value> list_value(const Row& row, const toml::node& node, std::string_view name) {
        const toml::array* array = node.as_array();
        if (array == nullptr) {
            problem(node.source(), fmt::format("{} {}", name, refusal_text(row, shown(node), {})));
            return std::nullopt;
        }
        std::string joined;
        for (const toml::node& element : *array) {
            const auto text = element.value_exact<std::string>();
            if (!text || text->find(',') != std::string::npos) {
                problem(element.source(),
                        fmt::format("{} has {} in it, but must be {}", name, shown(element), expected_text(row)));
                return std::nullopt;
            }
            if (!joined.empty()) joined += ',';
            joined += *text;
        }
        auto value = parse_value(row, joined);
        if (!value) {
            problem(node.source(), fmt::format("{} {}", name, value.error().message()));
            return std::nullopt;
        }
        return std::move(*value);
    }

    void read_list(const ListTable& list, const toml::node& node, void* owner, const std::string& path,
                   const toml::source_region& key) {
        const toml::array* array = node.as_array();
        if (array == nullptr || (!array->empty() && !node.is_array_of_tables())) {
            problem(key, fmt::format("{} must be a list of tables: write [[{}]] above each", list.name, list.name));
            return;
        }
        if (array->size() > list.max_size) {
            problem(key,
                    fmt::format("there are {} [[{}]] tables, but at most {} may be", array->size(), list.name, list.max_size));
            return;
        }
        for (std::size_t i = 0; i < array->size(); ++i) {
            void* element = list.append(owner);
            apply_defaults(list.rows, element);
            read_element(list, *array->get(i)->as_table(), element, fmt::format("{}[{}]", path, i));
        }
    }

    void read_element(const ListTable& list, const toml::table& table, void* element, const std::string& path) {
        findings_.places[path] = place(table.source());
        for (const auto& [key, node] : table) {
            const Row* row = row_named(list.rows, key.str());
            const ListTable* inner = nullptr;
            for (const ListTable& one : list.inner) {
                if (last_part(one.name) == key.str()) inner = &one;
            }
            if (row != nullptr) {
                read_row(*row, node, element, fmt::format("{}.{}", path, row->name), fmt::format("{}.{}", list.name, row->name),
                         key.source());
            } else if (inner != nullptr) {
                read_list(*inner, node, element, fmt::format("{}.{}", path, key.str()), key.source());
            } else {
                problem(key.source(), fmt::format("[[{}]] has no setting {}{}", list.name, quoted(key.str()),
                                                  meant_in_list(list, key.str())));
            }
        }
        for (const Row& row : list.rows) {
            if (row.required && !table.contains(row.name))
                problem(table.source(), fmt::format("this [[{}]] has no {}", list.name, row.name));
        }
    }

    static std::string meant_in_list(const ListTable& list, std::string_view key) {
        std::vector<std::string_view> names;
        for (const Row& row : list.rows)
            names.push_back(row.name);
        for (const ListTable& one : list.inner)
            names.push_back(last_part(one.name));
        const std::string_view meant = nearest_name(key, names);
        return meant.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", meant);
    }

    Settings& settings_;
    Findings& findings_;
};

}  // namespace

void read_file_text(const std::string& file_name, const std::string& text, Settings& settings, Findings& findings) {
    if (text.size() > max_file_size) {
        findings.add(file_name, fmt::format("the file is larger than {} MiB", max_file_size >> 20));
        return;
    }
    try {
        const toml::table root = toml::parse(std::string_view(text));
        FileReader(settings, findings).read_table(root, "");
    } catch (const toml::parse_error& error) {
        const auto at = error.source().begin;
        findings.add(fmt::format("{}:{}:{}", file_name, at.line, at.column),
                     fmt::format("this is not TOML: {}", clipped(error.description())));
    }
}

}  // namespace holdfast::settings
