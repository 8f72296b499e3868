#include "sentinel/election.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace holdfast::sentinel {

namespace {

/// The same on every machine, unlike std::hash.
std::uint64_t digest(std::string_view text, std::uint64_t start) noexcept {
    std::uint64_t value = start ^ 0xcbf29ce484222325ULL;
    for (const char letter : text)
        value = (value ^ static_cast<unsigned char>(letter)) * 0x100000001b3ULL;
    return Chance::scramble(value);
}

}  // namespace

bool Ballot::ask(std::string_view candidate, std::uint64_t epoch, std::uint64_t least) {
    if (candidate.empty() || last_.epoch >= epoch || epoch < least) return false;
    last_ = {.leader = std::string(candidate), .epoch = epoch};
    return true;
}

Tally::Tally(std::uint64_t epoch, std::string candidate, std::size_t voters, std::size_t needed)
    : epoch_(epoch), candidate_(std::move(candidate)), needed_(needed) {
    HF_ASSERT(needed >= majority(voters), "a leader needs a majority");
}

void Tally::count(std::string_view voter, const Vote& vote) {
    if (vote.epoch == epoch_) {
        votes_.try_emplace(std::string(voter), vote.leader);
    } else if (vote.epoch > epoch_) {
        pass(voter);
    }
}

void Tally::pass(std::string_view voter) {
    votes_.try_emplace(std::string(voter));
}

std::size_t Tally::votes_of(std::string_view candidate) const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count(votes_, candidate, [](const auto& vote) -> const std::string& { return vote.second; }));
}

std::optional<std::string> Tally::other_winner() const {
    for (const auto& [voter, candidate] : votes_) {
        if (!candidate.empty() && candidate != candidate_ && votes_of(candidate) >= needed_) return candidate;
    }
    return std::nullopt;
}

Duration retry_pause(unsigned lost, Duration least, Duration most, Chance& chance) noexcept {
    constexpr unsigned most_doublings = 4;
    const int times = 1 << std::min(lost / 2, most_doublings);
    return chance.between(least * times, most * times);
}

Rank::Rank(std::string_view me, std::string_view subject) noexcept
    : subject_(digest(subject, 0)), mine_(digest(me, subject_)), me_(me) {}

bool Rank::meet(std::string_view other) noexcept {
    const std::uint64_t theirs = digest(other, subject_);
    const bool is_before = theirs < mine_ || (theirs == mine_ && other < me_);
    if (is_before) ++place_;
    return is_before;
}

}  // namespace holdfast::sentinel
