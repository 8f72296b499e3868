// The talk between the load generator and the program that drives it: lines on standard output, and on standard
// input one line for each step that the driver allows. The driver reads CPU and memory of the proxy between steps.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::bench {

/// A JSON object of numbers in one line, filled field by field.
class ReportLine {
public:
    explicit ReportLine(std::string_view event);
    ReportLine& add(std::string_view name, double value);
    /// Writes the line to standard output at once.
    void send();

private:
    std::string text_;
};

/// Waits for the driver's next line; ends the process quietly when the driver is gone.
void await_driver();

}  // namespace holdfast::bench
