#pragma once
// What a load has found so far: problems, where each value comes from, and its place for later sentences.

#include <cstddef>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "settings/load.h"

namespace holdfast::settings {

struct Findings {
    std::string file_name;
    std::vector<Problem> problems;  ///< at most max_problems
    std::size_t more = 0;           ///< problems beyond these
    std::map<std::string, Source, std::less<>> sources;
    std::map<std::string, std::string, std::less<>> places;

    void add(std::string place, std::string sentence);
    void found(std::string name, Source source, std::string place);
    /// The place of the first of these settings that was given anywhere; else the file's name.
    [[nodiscard]] std::string place_of(std::initializer_list<std::string_view> names) const;
};

}  // namespace holdfast::settings
