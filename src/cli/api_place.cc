#include "cli/api_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <charconv>
#include <fstream>
#include <functional>
#include <system_error>
#include <utility>
#include <vector>

#include "admin/admin_token.h"

namespace holdfast::cli {
namespace {

constexpr std::string_view default_address = "127.0.0.1:8080";
constexpr std::string_view default_port = "8080";
constexpr std::size_t max_endpoint_length = 300;
constexpr std::size_t max_centres = 100;

std::string_view code_name(std::uint16_t code) {
    constexpr std::array<std::string_view, 2> names = {"malformed_address", "unusable_file"};
    return code < names.size() ? names[code] : "unknown";
}

std::string first_line(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
        line.pop_back();
    return line.size() <= max_endpoint_length ? line : std::string();
}

/// Whether somebody accepts connections there; a process that was killed has left its file behind.
bool is_answered(const ApiPlace& place) {
    boost::asio::io_context io(1);
    boost::system::error_code error;
    boost::asio::ip::tcp::resolver resolver(io);
    const auto found = resolver.resolve(place.host, place.port, boost::asio::ip::resolver_base::numeric_host, error);
    if (error) return false;
    boost::asio::ip::tcp::socket socket(io);
    boost::asio::connect(socket, found, error);
    return !error;
}

/// The newest address of a command centre's process that answers; empty when none does.
std::string find_centre(const std::filesystem::path& data_dir) {
    std::error_code error;
    std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> files;
    for (const auto& entry : std::filesystem::directory_iterator(data_dir, error)) {
        if (!entry.path().filename().string().starts_with("endpoint.") || files.size() >= max_centres) continue;
        files.emplace_back(entry.last_write_time(error), entry.path());
    }
    std::ranges::sort(files, std::greater<>());
    for (const auto& [time, file] : files) {
        std::string address = first_line(file);
        const auto place = parse_api_address(address);
        if (place && is_answered(*place)) return address;
    }
    return {};
}

bool is_port(std::string_view text) noexcept {
    unsigned value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    return !text.empty() && read.ec == std::errc() && read.ptr == text.data() + text.size() && value > 0 && value <= 65535;
}

void find_token(ApiPlace& place, const PlaceOptions& options, const Environment& environment,
                const std::filesystem::path& data_dir) {
    place.token = options.token;
    if (place.token.empty()) place.token = environment("HOLDFAST_TOKEN").value_or("");
    if (!place.token.empty() || data_dir.empty()) return;
    place.token_file = data_dir / "admin.token";
    std::error_code ignored;
    if (!std::filesystem::exists(place.token_file, ignored)) return;
    const auto token = admin::load_token(place.token_file);
    if (token) {
        place.token = token->reveal();
    } else {
        place.token_trouble = token.error().message();
    }
}

}  // namespace

const ErrorCategory& error_category(PlaceErrc) noexcept {
    static const ErrorCategory category("cli", code_name);
    return category;
}

std::string ApiPlace::address() const {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::filesystem::path default_data_dir(const Environment& environment) {
    if (const auto dir = environment("HOLDFAST_DATA_DIR"); dir && !dir->empty()) return *dir;
    if (const auto state = environment("XDG_STATE_HOME"); state && !state->empty())
        return std::filesystem::path(*state) / "holdfast";
    if (const auto home = environment("HOME"); home && !home->empty())
        return std::filesystem::path(*home) / ".local/state/holdfast";
    return {};
}

Result<ApiPlace> parse_api_address(std::string_view text) {
    const std::string whole(text);
    if (text.starts_with("http://")) text.remove_prefix(7);
    while (text.ends_with('/'))
        text.remove_suffix(1);
    ApiPlace place;
    std::string_view port = default_port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end != std::string_view::npos) {
            place.host = text.substr(1, end - 1);
            const std::string_view rest = text.substr(end + 1);
            if (rest.starts_with(':')) {
                port = rest.substr(1);
            } else if (!rest.empty()) {
                place.host.clear();
            }
        }
    } else {
        const std::size_t colon = text.find(':');
        place.host = text.substr(0, colon);
        if (colon != std::string_view::npos) port = text.substr(colon + 1);
    }
    if (place.host.empty() || place.host.find_first_of("/@?# ") != std::string::npos || !is_port(port)) {
        return fail(PlaceErrc::malformed_address,
                    fmt::format("'{}' is not the address of an API; give it as host:port, e.g. {}", whole, default_address));
    }
    place.port = port;
    return place;
}

Result<ApiPlace> find_api(const PlaceOptions& options, const Environment& environment) {
    const std::filesystem::path data_dir =
        options.data_dir.empty() ? default_data_dir(environment) : std::filesystem::path(options.data_dir);
    std::string address = options.api;
    if (address.empty()) address = environment("HOLDFAST_API").value_or("");
    if (address.empty() && options.centre && !data_dir.empty()) address = find_centre(data_dir);
    if (address.empty() && !data_dir.empty()) address = read_endpoint_file(data_dir);
    if (address.empty()) address = default_address;
    auto place = parse_api_address(address);
    if (place) find_token(*place, options, environment, data_dir);
    return place;
}

std::string endpoint_file_name(std::string_view centre) {
    return centre.empty() ? "endpoint" : fmt::format("endpoint.{}", centre);
}

bool write_endpoint_file(const std::filesystem::path& data_dir, const std::string& address, std::string_view centre) {
    const std::filesystem::path file = data_dir / endpoint_file_name(centre);
    std::ofstream out(file, std::ios::trunc);
    out << address << '\n';
    out.flush();
    return out.good();
}

void remove_endpoint_file(const std::filesystem::path& data_dir, std::string_view centre) noexcept {
    std::error_code ignored;
    std::filesystem::remove(data_dir / endpoint_file_name(centre), ignored);
}

std::string read_endpoint_file(const std::filesystem::path& data_dir) {
    return first_line(data_dir / endpoint_file_name());
}

}  // namespace holdfast::cli
