#pragma once
// All devices, a million and more, as a persistent hash trie: one writer changes it, and a view of it costs nothing to take and
// never changes afterwards.
//
// The trie has 16-way branches over packed leaves. A leaf holds up to 48 devices: one tag byte of the hash for each, one fixed
// part for each, and their ids and tags in one run of bytes. Every block carries the edit in which it was made: blocks of the
// present edit belong to the writer alone and are changed in place, older ones may be seen by views and are copied, with the
// path down to them. What was replaced is kept until the last view that can see it is gone. There are no counts per block, so
// neither reader nor writer touches a block that it does not need.
//
// Threads: the table is one writer's. Views may be held, read, copied and dropped on any thread; they hand blocks back by an
// atomic flag that the writer looks at in `view()`.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "fleet/ids.h"

namespace holdfast::fleet {

/// A moment as devices keep it: seconds since 1970 on the wall, until 2106; 0 is never.
using Seconds = std::uint32_t;
[[nodiscard]] Seconds to_seconds(WallTime wall) noexcept;
[[nodiscard]] WallTime to_wall(Seconds seconds) noexcept;

/// What is kept of a device besides its id, tags and note. Plain numbers.
struct DeviceState {
    ClusterIndex home = {};              ///< none: not allocated (or its cluster is gone)
    ClusterIndex explicit_cluster = {};  ///< none: no operator's word
    NodeIndex explicit_node = {};
    NodeIndex sticky_node = {};
    Seconds enrolled_at = 0;
    Seconds routed_at = 0;
    Seconds connected_last = 0;
    bool disabled = false;

    /// The cluster that serves it: explicit beats home.
    [[nodiscard]] ClusterIndex cluster() const noexcept { return explicit_cluster.valid() ? explicit_cluster : home; }

    friend bool operator==(const DeviceState&, const DeviceState&) = default;
};

/// One device in a table or view. `id` and the tags point into it: valid as long as the view (or, from the table itself, until
/// the table's next change).
struct DeviceView : DeviceState {
    std::string_view id = {};

    [[nodiscard]] std::vector<std::string_view> tags() const;
    [[nodiscard]] bool has_tag(std::string_view tag) const noexcept;
    [[nodiscard]] std::string_view note() const noexcept;

    std::string_view extra = {};  ///< packed tags and note; empty when there are none
};

/// A place in the order in which devices are iterated (that of their hashes, the same for a whole process). The default is the
/// start.
struct DeviceCursor {
    std::uint64_t after = 0;  ///< hash of the last device that was visited
    bool started = false;
    bool finished = false;
};

namespace detail {
class DevicePool;
struct DevicePin;
struct DeviceBlock;
}  // namespace detail

/// A table as it was at one moment. Cheap to copy; keeps what it sees alive, also beyond the table itself.
class DeviceTableView {
public:
    DeviceTableView() = default;  ///< an empty view

    /// The device of that id; nothing when there is none. About four cache misses in a table of a million.
    [[nodiscard]] std::optional<DeviceView> find(std::string_view id) const noexcept;
    /// The same with `hash` = the table's `hash(id)` at hand.
    [[nodiscard]] std::optional<DeviceView> find(std::string_view id, std::uint64_t hash) const noexcept;
    [[nodiscard]] std::uint64_t hash(std::string_view id) const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Visits devices after `cursor`, at most `limit` of them, and moves the cursor behind the last one visited. Later views
    /// may be walked with the same cursor: no device that was there all the time is missed or seen twice. `limit` > 0.
    template <class Visit>
    void walk(DeviceCursor& cursor, std::size_t limit, Visit&& visit) const {
        std::vector<DeviceView> page;
        collect(cursor, limit, page);
        for (const DeviceView& device : page)
            visit(device);
    }
    /// The same, appending to `page`.
    void collect(DeviceCursor& cursor, std::size_t limit, std::vector<DeviceView>& page) const;

private:
    friend class DeviceTable;
    std::shared_ptr<const detail::DevicePin> pin_;
    const detail::DeviceBlock* root_ = nullptr;
    std::size_t size_ = 0;
    std::uint64_t seed_ = 0;
};

class DeviceTable {
public:
    /// `seed` makes this process' hashes unforeseeable for strangers who choose client ids; in tests any number.
    explicit DeviceTable(std::uint64_t seed);
    ~DeviceTable();
    DeviceTable(const DeviceTable&) = delete;
    DeviceTable& operator=(const DeviceTable&) = delete;

    [[nodiscard]] std::uint64_t hash(std::string_view id) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// The device as of now. The view's text is valid until the table's next change.
    [[nodiscard]] std::optional<DeviceView> find(std::string_view id) const noexcept;

    /// Adds a device, or replaces its state and leaves its tags and note. `id` is valid (records.h). False, and nothing
    /// happens, only when so many hashes are alike that the table refuses (bounded work; not met without malice).
    bool put(std::string_view id, const DeviceState& state);
    /// Replaces a device's tags (sorted, unique, within the bounds of records.h) and note. False when there is no such device.
    bool set_tags(std::string_view id, const std::vector<std::string>& tags, std::string_view note);
    /// False when there was no such device.
    bool erase(std::string_view id);

    /// The table as it is now, for others; and gives back what no view can see any more. Cost: a few atomic loads, plus the
    /// giving back.
    [[nodiscard]] DeviceTableView view();

    /// Bytes taken from the system for devices, and how many of them are kept only for views.
    struct Memory {
        std::size_t reserved = 0;
        std::size_t in_use = 0;
        std::size_t kept_for_views = 0;
    };
    [[nodiscard]] Memory memory() const noexcept;

private:
    class Edit;

    std::shared_ptr<detail::DevicePool> pool_;
    detail::DeviceBlock* root_ = nullptr;
    std::size_t size_ = 0;
    std::uint64_t seed_;
    std::uint64_t edit_ = 1;
};

}  // namespace holdfast::fleet
