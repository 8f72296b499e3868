#include "simulate/telemetry.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <iterator>

namespace holdfast::simulate {
namespace {

constexpr std::string_view seq_key = "\"seq\":";

}  // namespace

void write_telemetry(std::string& text, std::string_view device, std::uint64_t seq, WallTime time, std::size_t size,
                     Dice& dice) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto millis = (time - seconds).count();
    const std::time_t calendar = seconds.time_since_epoch().count();
    text.clear();
    const auto out = std::back_inserter(text);
    fmt::format_to(out, "{{\"device\":\"{}\",{}{},\"time\":\"{:%Y-%m-%dT%H:%M:%S}.{:03}Z\"", device, seq_key, seq,
                   fmt::gmtime(calendar), millis);
    fmt::format_to(out, ",\"power_w\":{:.1f},\"voltage_v\":{:.1f},\"energy_kwh\":{:.3f}", dice.between(40, 2400),
                   dice.between(226, 234), static_cast<double>(seq) * 0.017);
    constexpr std::string_view pad_begin = ",\"pad\":\"";
    constexpr std::string_view pad_end = "\"}";
    if (text.size() + pad_begin.size() + pad_end.size() > size) {
        text += '}';
        return;
    }
    text += pad_begin;
    text.append(size - text.size() - pad_end.size(), '.');
    text += pad_end;
}

std::optional<std::uint64_t> read_seq(std::string_view text) {
    const auto at = text.find(seq_key);
    if (at == std::string_view::npos) return std::nullopt;
    std::uint64_t seq = 0;
    const char* const first = text.data() + at + seq_key.size();
    if (std::from_chars(first, text.data() + text.size(), seq).ec != std::errc{}) return std::nullopt;
    return seq;
}

}  // namespace holdfast::simulate
