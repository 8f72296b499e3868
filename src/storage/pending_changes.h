#pragma once
// What has changed and is not durable yet: for each cluster, node and device its newest value only, so that it is never larger
// than the fleet, however long the disk fails. Writes are numbered by the caller, from 1 upward; a key keeps the place of its
// oldest write that waits, so that "everything up to number n has been taken" can be said.
//
// Clusters and nodes are few and devices speak of them, so they are always taken all at once and before devices. One thread at
// a time.

#include <cstddef>
#include <cstdint>
#include <list>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fleet/records.h"

namespace holdfast::storage {

class PendingChanges {
public:
    void add(std::uint64_t number, fleet::Change change);

    struct Batch {
        std::vector<fleet::Change> changes;
        std::uint64_t complete_up_to = 0;  ///< no older write than this, and this one too, has anything left waiting
    };
    /// Takes clusters and nodes, then the devices that wait longest, about `max_devices` of them; writes stay whole up to five
    /// times that. `last_number` is the number of the last write so far.
    [[nodiscard]] Batch take(std::size_t max_devices, std::uint64_t last_number);

    void clear() noexcept;
    [[nodiscard]] std::size_t size() const noexcept {
        return clusters_.keys.size() + nodes_.keys.size() + devices_.keys.size();
    }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

private:
    struct Entry {
        std::uint64_t number;
        fleet::Change change;
    };
    using Entries = std::list<Entry>;
    /// Entries oldest first; each key points into its own entry's change.
    struct Queue {
        Entries entries;
        std::unordered_map<std::string_view, Entries::iterator> keys;
    };

    static void add_to(Queue& queue, std::uint64_t number, fleet::Change change);
    static void take_front(Queue& queue, Batch& batch);

    Queue clusters_;
    Queue nodes_;
    Queue devices_;
};

}  // namespace holdfast::storage
