#include "cli/call.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <ostream>
#include <utility>

#include "cli/plain_json.h"

namespace holdfast::cli {

namespace json = boost::json;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t largest_page = 1000;

}  // namespace

std::string Call::data_dir() const {
    return place.data_dir.empty() ? surroundings_.environment("HOLDFAST_DATA_DIR").value_or("") : place.data_dir;
}

Result<ApiClient> Call::client() const {
    auto found = find_api(place, surroundings_.environment);
    if (!found) return std::unexpected(found.error());
    return ApiClient(std::move(*found));
}

ExitCode Call::fail(const Error& error) const {
    return fail(exit_code_of(error), error.message());
}

ExitCode Call::fail(ExitCode code, std::string_view sentence) const {
    surroundings_.err << "holdfast: " << printable(sentence) << '\n';
    return code;
}

void Call::print_json(const json::value& value) const {
    surroundings_.out << plain_json(value) << '\n';
}

void Call::print(std::string_view text) const {
    surroundings_.out << text;
}

void Call::note_durability(const json::value& answer) const {
    const json::value& durable = member(answer, "durable");
    if (!durable.is_bool() || durable.get_bool()) return;
    surroundings_.err << "holdfast: done, but not stored yet: " << printable(text_at(answer, "durable_detail")) << '\n';
}

ExitCode Call::show(const Result<json::value>& answer, const Printer& print_answer) const {
    if (!answer) return fail(answer.error());
    if (json) {
        print_json(*answer);
    } else {
        print_answer(*answer);
    }
    note_durability(*answer);
    return ExitCode::ok;
}

ExitCode Call::get(const std::string& target, const Printer& print_answer) {
    auto api = client();
    return api ? show(api->get(target), print_answer) : fail(api.error());
}

ExitCode Call::send(http::verb method, const std::string& target, const json::object& body, const Printer& print_answer) {
    auto api = client();
    if (!api) return fail(api.error());
    const json::value value(body);
    return show(api->send(method, target, &value), print_answer);
}

ExitCode Call::remove(const std::string& target, const Printer& print_answer) {
    auto api = client();
    return api ? show(api->send(http::verb::delete_, target), print_answer) : fail(api.error());
}

ExitCode Call::list(const std::string& target, std::size_t limit, const Printer& print_answer) {
    auto api = client();
    if (!api) return fail(api.error());
    json::object all;
    json::array items;
    json::value next;
    do {
        const std::size_t missing = limit == 0 ? largest_page : std::min(largest_page, limit - items.size());
        Target page(target);
        page.with("limit", std::to_string(missing)).with("cursor", next.is_string() ? next.get_string().c_str() : "");
        auto answer = api->get(page.text());
        if (!answer) return fail(answer.error());
        for (const json::value& item : list_at(*answer, "items"))
            items.push_back(item);
        next = member(*answer, "next");
    } while (!next.is_null() && (limit == 0 || items.size() < limit));
    all["items"] = std::move(items);
    all["next"] = next;
    return show(json::value(std::move(all)), print_answer);
}

const json::value& member(const json::value& object, std::string_view name) {
    static const json::value nothing;
    if (!object.is_object()) return nothing;
    const json::value* const found = object.get_object().if_contains({name.data(), name.size()});
    return found == nullptr ? nothing : *found;
}

std::string text_at(const json::value& object, std::string_view name) {
    const json::value& value = member(object, name);
    if (value.is_null()) return {};
    if (value.is_string()) return {value.get_string().data(), value.get_string().size()};
    return json::serialize(value);
}

std::string shown_at(const json::value& object, std::string_view name) {
    std::string text = text_at(object, name);
    return text.empty() ? "-" : text;
}

bool flag_at(const json::value& object, std::string_view name) {
    const json::value& value = member(object, name);
    return value.is_bool() && value.get_bool();
}

std::uint64_t count_at(const json::value& object, std::string_view name) {
    const json::value& value = member(object, name);
    if (value.is_uint64()) return value.get_uint64();
    return value.is_int64() && value.get_int64() > 0 ? static_cast<std::uint64_t>(value.get_int64()) : 0;
}

const json::array& list_at(const json::value& object, std::string_view name) {
    static const json::array nothing;
    const json::value& value = member(object, name);
    return value.is_array() ? value.get_array() : nothing;
}

TextTable::Cell state_cell(const json::value& object, std::string_view name) {
    std::string text = shown_at(object, name);
    const Tone tone = tone_of(text);
    return {std::move(text), tone};
}

TextTable::Cell yes_no(bool flag) {
    return flag ? TextTable::Cell{"yes", Tone::good} : TextTable::Cell{"no", Tone::faint};
}

Target& Target::with(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    text_ += fmt::format("{}{}={}", text_.find('?') == std::string::npos ? '?' : '&', name, percent_encode(value));
    return *this;
}

}  // namespace holdfast::cli
