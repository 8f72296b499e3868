#include "settings/findings.h"

#include <utility>

namespace holdfast::settings {

void Findings::add(std::string place, std::string sentence) {
    if (problems.size() < max_problems) {
        problems.push_back({std::move(place), std::move(sentence)});
    } else {
        ++more;
    }
}

void Findings::found(std::string name, Source source, std::string place) {
    sources[name] = source;
    places[std::move(name)] = std::move(place);
}

std::string Findings::place_of(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
        if (const auto place = places.find(name); place != places.end()) return place->second;
    }
    return file_name;
}

}  // namespace holdfast::settings
