#pragma once
// The ids of the commands that ended last, so that a late word about one is told from a word about a stranger, and a record
// that was read from the store just before an end became durable does not bring its command back to life.

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <functional>

#include "base/ring.h"
#include "command/command_id.h"

namespace holdfast::command {

class EndedIds {
public:
    static constexpr std::size_t capacity = 65'536;

    void add(CommandId id) {
        if (ids_.size() == capacity) set_.erase(ids_[0]);
        ids_.push(id);
        set_.insert(id);
    }
    [[nodiscard]] bool contains(CommandId id) const { return set_.contains(id); }

private:
    Ring<CommandId> ids_{capacity};
    boost::unordered_flat_set<CommandId, std::hash<CommandId>> set_;
};

}  // namespace holdfast::command
