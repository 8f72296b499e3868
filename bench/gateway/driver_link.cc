#include "driver_link.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace holdfast::bench {

ReportLine::ReportLine(std::string_view event) : text_("{\"event\":\"" + std::string(event) + "\"") {}

ReportLine& ReportLine::add(std::string_view name, double value) {
    std::array<char, 40> number{};
    std::snprintf(number.data(), number.size(), "%.9g", value);
    text_ += ",\"" + std::string(name) + "\":" + number.data();
    return *this;
}

void ReportLine::send() {
    text_ += "}";
    std::puts(text_.c_str());
    std::fflush(stdout);
}

void await_driver() {
    std::array<char, 64> line{};
    if (std::fgets(line.data(), static_cast<int>(line.size()), stdin) == nullptr) std::exit(0);
}

}  // namespace holdfast::bench
