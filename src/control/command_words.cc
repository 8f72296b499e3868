#include "control/command_words.h"

#include "command/errors.h"

namespace holdfast::control {
namespace {

std::string_view standing(const command::Command& command) noexcept {
    if (command.cancel_wanted) return "taken back; the attempt under way is waited for";
    switch (command.state) {
        case command::State::scheduled:
            return "its time has not come";
        case command::State::queued:
            return command.attempts.empty() ? "it waits for its turn or for the device" : "on its way to the device's node";
        case command::State::sent:
            return "a node has taken it for the device";
        case command::State::delivered:
            return "the device has it and has not said the last word";
        default:
            return "";
    }
}

}  // namespace

std::string explanation(const command::Command& command) {
    const std::string_view sentence =
        command::is_terminal(command.state) ? command::sentence(command.reason) : standing(command);
    std::string out;
    out.reserve(sentence.size() + 2 + command.detail.size());
    out += sentence;
    if (!command.detail.empty()) {
        if (!out.empty()) out += ": ";
        out += command.detail;
    }
    return out;
}

std::string_view field_of(const Error& error) noexcept {
    if (!error.is(command::Errc::bad_field) && !error.is(command::Errc::deadline_passed)) return {};
    const std::string_view message = error.message();
    const std::size_t colon = message.find(':');
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz_";
    if (colon == std::string_view::npos || message.substr(0, colon).find_first_not_of(letters) != std::string_view::npos)
        return {};
    return message.substr(0, colon);
}

}  // namespace holdfast::control
