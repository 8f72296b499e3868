#include "admin/command_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "command/errors.h"
#include "control/command_words.h"

namespace holdfast::admin {
namespace {

using command::Errc;

unsigned status_of(const Error& error) noexcept {
    if (error.is(Errc::bad_field) || error.is(Errc::deadline_passed) || error.is(Errc::not_encodable)) return 400;
    if (error.is(Errc::device_unknown) || error.is(Errc::not_found)) return 404;
    if (error.is(Errc::device_disabled) || error.is(Errc::no_cluster) || error.is(Errc::key_conflict) ||
        error.is(Errc::already_ended)) {
        return 409;
    }
    return error.is(Errc::too_many) ? 429 : 503;
}

/// The stable word of each, without a second list to keep: it lives as long as the program.
std::string_view type_of(const Error& error) noexcept {
    if (error.is(Errc::bad_field)) return "invalid-value";
    if (error.is(Errc::deadline_passed)) return "deadline-passed";
    if (error.is(Errc::not_encodable)) return "not-encodable";
    if (error.is(Errc::device_unknown)) return "device-unknown";
    if (error.is(Errc::not_found)) return "not-found";
    if (error.is(Errc::device_disabled)) return "device-disabled";
    if (error.is(Errc::no_cluster)) return "no-cluster";
    if (error.is(Errc::key_conflict)) return "key-conflict";
    if (error.is(Errc::already_ended)) return "already-ended";
    if (error.is(Errc::too_many)) return "too-many";
    if (error.is(Errc::stopping)) return "stopping";
    return "unavailable";
}

}  // namespace

Problem command_problem(const Error& error) {
    Problem what{status_of(error), type_of(error), error.message(), {}};
    const std::string_view field = control::field_of(error);
    if (!field.empty()) what.field = fmt::format("/{}", field);
    if (error.is(Errc::key_conflict)) what.field = "/idempotency_key";
    return what;
}

Response refuse_command(const Error& error) {
    const Problem what = command_problem(error);
    Response response = problem(what);
    if (what.status == 429 || what.status == 503) response.headers.emplace_back("Retry-After", "1");
    return response;
}

Response no_centre(const Api& api) {
    return unavailable(api.hooks.no_commands ? api.hooks.no_commands() : "this process has no command centre");
}

Response no_such_command(std::string_view id) {
    return not_found(fmt::format("there is no command '{}', or it ended long ago", id.substr(0, 100)));
}

Response text_response(std::string text, unsigned status) {
    Response response;
    response.status = status;
    response.body = std::move(text);
    response.body += '\n';
    return response;
}

control::Caller caller_of(const Request& request) {
    return {.name = request.caller, .source = request.source};
}

}  // namespace holdfast::admin
