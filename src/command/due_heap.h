#pragma once
// Held commands by the moment at which something is due: the earliest is at hand at once, and setting, moving and removing one
// costs the logarithm of their number. Each item remembers its place in `heap_position` and is in one heap at a time.

#include <cstddef>
#include <utility>
#include <vector>

namespace holdfast::command {

constexpr std::size_t not_in_heap = static_cast<std::size_t>(-1);

template <class Moment, class Item>
class DueHeap {
public:
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// Of the earliest; not on an empty heap.
    [[nodiscard]] Moment next() const noexcept { return entries_.front().due; }
    [[nodiscard]] Item& first() const noexcept { return *entries_.front().item; }

    /// Adds the item, or gives it another moment.
    void set(Item& item, Moment due) {
        if (item.heap_position == not_in_heap) {
            item.heap_position = entries_.size();
            entries_.push_back({due, &item});
            rise(item.heap_position);
            return;
        }
        const std::size_t at = item.heap_position;
        const bool earlier = due < entries_[at].due;
        entries_[at].due = due;
        earlier ? rise(at) : sink(at);
    }

    /// Also for an item that is in no heap.
    void remove(Item& item) noexcept {
        const std::size_t at = item.heap_position;
        if (at == not_in_heap) return;
        item.heap_position = not_in_heap;
        const Entry last = entries_.back();
        entries_.pop_back();
        if (at == entries_.size()) return;
        put(at, last);
        rise(at);
        sink(last.item->heap_position);
    }

private:
    struct Entry {
        Moment due;
        Item* item;
    };
    // Four children each: fewer levels, and siblings share a line of the cache.
    static constexpr std::size_t width = 4;

    void put(std::size_t at, Entry entry) noexcept {
        entries_[at] = entry;
        entry.item->heap_position = at;
    }

    void rise(std::size_t at) noexcept {
        const Entry entry = entries_[at];
        while (at > 0) {
            const std::size_t above = (at - 1) / width;
            if (!(entry.due < entries_[above].due)) break;
            put(at, entries_[above]);
            at = above;
        }
        put(at, entry);
    }

    void sink(std::size_t at) noexcept {
        const Entry entry = entries_[at];
        for (;;) {
            const std::size_t first = at * width + 1;
            if (first >= entries_.size()) break;
            std::size_t least = first;
            for (std::size_t child = first + 1; child < first + width && child < entries_.size(); ++child) {
                if (entries_[child].due < entries_[least].due) least = child;
            }
            if (!(entries_[least].due < entry.due)) break;
            put(at, entries_[least]);
            at = least;
        }
        put(at, entry);
    }

    std::vector<Entry> entries_;
};

}  // namespace holdfast::command
