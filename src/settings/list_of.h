#pragma once
// Makes a `ListTable` from the list's member pointer: `list_of<Settings, &Settings::clusters>("cluster", ...)`.

#include <cstddef>
#include <span>
#include <string_view>

#include "settings/settings_table.h"

namespace holdfast::settings {

template <class Owner, auto Member>
consteval ListTable list_of(std::string_view name, std::string_view help, std::size_t max_size, std::span<const Row> rows,
                            std::span<const ListTable> inner) {
    return {.name = name,
            .help = help,
            .max_size = max_size,
            .rows = rows,
            .inner = inner,
            .size = [](const void* owner) { return (static_cast<const Owner*>(owner)->*Member).size(); },
            .append = [](void* owner) -> void* { return &(static_cast<Owner*>(owner)->*Member).emplace_back(); },
            .element = [](const void* owner, std::size_t index) -> const void* {
                return &(static_cast<const Owner*>(owner)->*Member)[index];
            }};
}

}  // namespace holdfast::settings
