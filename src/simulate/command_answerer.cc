#include "simulate/command_answerer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::simulate {
namespace {

constexpr std::string_view wildcard = "#";

}  // namespace

CommandAnswerer::CommandAnswerer(const AnswerOptions& options, std::string_view device, std::uint64_t seed)
    : options_(&options),
      filter_(fmt::format("holdfast/{}/command/#", device)),
      reply_(fmt::format("holdfast/{}/reply/", device)),
      dice_(seed) {}

CommandAnswerer::Deed CommandAnswerer::on_message(const Message& message, Time now) {
    const std::string_view front = std::string_view(filter_).substr(0, filter_.size() - wildcard.size());
    if (!message.topic.starts_with(front) || waiting_.size() >= max_waiting) return Deed::none;
    // The id, and in MQTT 3 the attempt behind it.
    const std::string_view rest = message.topic.substr(front.size());
    const std::string_view id = rest.substr(0, rest.find('/'));
    if (id.empty()) return Deed::none;
    if (const auto known = std::ranges::find(memory_, id, &Remembered::id); known != memory_.end()) {
        answer(message, rest, known->payload, now);
        return Deed::answered_again;
    }
    const bool fails = dice_.uniform() < options_->errors;
    ++executions_;
    std::string payload =
        fails ? fmt::format(R"({{"status":"failed","message":"simulated failure","execution":{}}})", executions_)
              : fmt::format(R"({{"status":"succeeded","execution":{}}})", executions_);
    if (options_->memory > 0) {
        if (memory_.size() >= options_->memory) memory_.pop_front();
        memory_.push_back({std::string(id), payload});
    }
    if (dice_.uniform() < options_->crashes) {
        waiting_.clear();
        if (dice_.uniform() < options_->forgets) memory_.clear();
        return Deed::crashed;
    }
    if (dice_.uniform() < options_->silence) return Deed::silent;
    answer(message, rest, std::move(payload), now);
    return fails ? Deed::failed : Deed::executed;
}

void CommandAnswerer::answer(const Message& message, std::string_view rest, std::string payload, Time now) {
    constexpr double least = 0.5;
    constexpr double most = 1.5;
    const auto wait =
        Duration(static_cast<Duration::rep>(static_cast<double>(options_->latency.count()) * dice_.between(least, most)));
    Answer made{.at = now + wait,
                .topic = message.response_topic.empty() ? reply_ + std::string(rest) : std::string(message.response_topic),
                .payload = std::move(payload),
                .correlation = ByteBuffer(message.correlation.begin(), message.correlation.end()),
                .twice = dice_.uniform() < options_->duplicates};
    const auto place = std::ranges::upper_bound(waiting_, made.at, {}, &Answer::at);
    waiting_.insert(place, std::move(made));
}

std::optional<CommandAnswerer::Answer> CommandAnswerer::due(Time now) {
    if (waiting_.empty() || waiting_.front().at > now) return std::nullopt;
    Answer answer = std::move(waiting_.front());
    waiting_.pop_front();
    return answer;
}

Time CommandAnswerer::deadline() const noexcept {
    return waiting_.empty() ? Time::max() : waiting_.front().at;
}

}  // namespace holdfast::simulate
