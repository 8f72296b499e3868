#pragma once
// Electing a leader by epochs: a voter's memory, a candidate's count, and the pauses between attempts. Knows nothing of what
// the leader is for, nor how votes travel.
//
// Each voter gives one vote per epoch, to whom asks first. A candidate that has the votes of a majority in an epoch is its
// leader; as two majorities share a voter, there is at most one per epoch. This holds as long as a voter remembers its votes:
// write a vote down before it is answered.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sentinel/chance.h"

namespace holdfast::sentinel {

struct Vote {
    std::string leader = {};  ///< empty: given, but it is not known any more to whom
    std::uint64_t epoch = 0;  ///< 0: none yet

    friend bool operator==(const Vote&, const Vote&) = default;
};

/// More than half.
[[nodiscard]] constexpr std::size_t majority(std::size_t voters) noexcept {
    return voters / 2 + 1;
}

/// A voter's memory: its last vote.
class Ballot {
public:
    explicit Ballot(Vote last = {}) : last_(std::move(last)) {}

    /// `candidate` asks for the vote of `epoch`; none is given for an epoch before `least`. True when it was given just now;
    /// `last` is the answer either way.
    bool ask(std::string_view candidate, std::uint64_t epoch, std::uint64_t least);
    [[nodiscard]] const Vote& last() const noexcept { return last_; }

private:
    Vote last_;
};

/// A candidate's count in one election.
class Tally {
public:
    /// `voters`: all that are known, this one included. `needed`: votes to win, at least a majority of them.
    Tally(std::uint64_t epoch, std::string candidate, std::size_t voters, std::size_t needed);

    /// What `voter` has answered. Only votes of this election's epoch count, and of each voter only the first.
    void count(std::string_view voter, const Vote& vote);
    /// More voters have become known: so many votes are needed now, if that is more than before.
    void require(std::size_t needed) noexcept { needed_ = std::max(needed_, needed); }
    /// `voter` will not vote in this election any more: it has moved on to a newer epoch.
    void pass(std::string_view voter);

    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
    [[nodiscard]] std::size_t needed() const noexcept { return needed_; }
    [[nodiscard]] bool won() const noexcept { return votes_of(candidate_) >= needed_; }
    [[nodiscard]] bool has_answered(std::string_view voter) const { return votes_.contains(voter); }
    /// `awaited`: how many that have not answered may still do. True when even they could not help.
    [[nodiscard]] bool lost(std::size_t awaited) const noexcept { return votes_of(candidate_) + awaited < needed_; }
    /// Another candidate that has won, by the votes that are known here.
    [[nodiscard]] std::optional<std::string> other_winner() const;

private:
    [[nodiscard]] std::size_t votes_of(std::string_view candidate) const noexcept;

    std::uint64_t epoch_;
    std::string candidate_;
    std::size_t needed_;
    std::map<std::string, std::string, std::less<>> votes_;  ///< voter to candidate; empty: to nobody in this election
};

/// The pause after the `lost`-th election in a row (from 1): random between `least` and `most`, both doubled with every second
/// loss, up to sixteen times.
[[nodiscard]] Duration retry_pause(unsigned lost, Duration least, Duration most, Chance& chance) noexcept;

/// The place of `me` in an order of the candidates that all of them agree on and that differs with `subject`; 0: first.
/// Tell it of each other candidate by `meet`.
class Rank {
public:
    Rank(std::string_view me, std::string_view subject) noexcept;
    /// True when `other` comes before `me`.
    bool meet(std::string_view other) noexcept;
    [[nodiscard]] unsigned place() const noexcept { return place_; }

private:
    std::uint64_t subject_;
    std::uint64_t mine_;
    std::string_view me_;
    unsigned place_ = 0;
};

}  // namespace holdfast::sentinel
