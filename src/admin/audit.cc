#include <algorithm>
#include <charconv>

#include "admin/command_answers.h"
#include "admin/handlers.h"
#include "admin/json_text.h"
#include "admin/page.h"

namespace holdfast::admin {
namespace {

/// How much of a message that nobody could use is shown.
constexpr std::size_t shown_payload = 4096;

}  // namespace

Answer show_audit(Api& api, const Request& request) {
    PageRequest page;
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {"limit"})) co_return std::move(*refusal);
    if (auto refusal = read_page(api, request, page)) co_return std::move(*refusal);
    const auto entries = api.commands->audit_log(page.limit);
    if (!entries) co_return refuse_command(entries.error());
    std::string text;
    JsonText json(text);
    json.open_object();
    json.key("items").open_array();
    for (const auto& entry : *entries) {
        json.open_object();
        json.key("time").moment(entry.at);
        json.key("who").text(entry.who);
        json.key("source").text(entry.source);
        json.key("action").text(entry.action);
        json.key("object").text_or_null(entry.object);
        json.key("detail").text_or_null(entry.detail);
        json.close_object();
    }
    json.close_array();
    json.close_object();
    co_return text_response(std::move(text));
}

Answer list_poison(Api& api, const Request& request) {
    PageRequest page;
    if (api.commands == nullptr) co_return no_centre(api);
    if (auto refusal = refuse_unknown_parameters(request, {"limit"})) co_return std::move(*refusal);
    if (auto refusal = read_page(api, request, page)) co_return std::move(*refusal);
    std::string text;
    JsonText json(text);
    json.open_object();
    json.key("items").open_array();
    for (const queue::Poison& poison : api.commands->poison(page.limit)) {
        json.open_object();
        json.key("topic").text(poison.topic);
        json.key("group").text(poison.group);
        json.key("key").text(poison.key);
        json.key("times").number(std::uint64_t{poison.times});
        json.key("set_aside_at").moment(poison.set_aside_at);
        json.key("payload_size").number(std::uint64_t{poison.payload.size()});
        json.key("payload_base64").base64(std::string_view(poison.payload).substr(0, shown_payload));
        json.close_object();
    }
    json.close_array();
    json.close_object();
    co_return text_response(std::move(text));
}

}  // namespace holdfast::admin
