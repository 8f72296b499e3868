#include "fleet/device_table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "fleet/device_block.h"
#include "fleet/records.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace holdfast::fleet {

using detail::bottom_leaf_capacity;
using detail::branch_ways;
using detail::DeviceBlock;
using detail::DeviceBranch;
using detail::DeviceFixed;
using detail::DeviceLeaf;
using detail::DevicePin;
using detail::DevicePool;
using detail::last_level;
using detail::leaf_capacity;

namespace {

std::uint64_t hash_of(std::string_view id, std::uint64_t seed) noexcept {
    return XXH3_64bits_withSeed(id.data(), id.size(), seed);
}

std::optional<DeviceView> find_in(const DeviceBlock* block, std::string_view id, std::uint64_t hash) noexcept {
    for (unsigned level = 0; block != nullptr && block->is_branch; ++level)
        block = static_cast<const DeviceBranch*>(block)->children[detail::digit(hash, level)];
    if (block == nullptr) return std::nullopt;
    const auto* leaf = static_cast<const DeviceLeaf*>(block);
    const std::size_t i = leaf->position(id, detail::tag_of(hash));
    if (i == leaf->count) return std::nullopt;
    return leaf->view(i);
}

/// Tags and note in a row: number of tags, each with its length in front, then the note to the end.
std::string pack_extra(const std::vector<std::string>& tags, std::string_view note) {
    if (tags.empty() && note.empty()) return {};
    std::string extra(1, static_cast<char>(tags.size()));
    for (const std::string& tag : tags) {
        extra += static_cast<char>(tag.size());
        extra += tag;
    }
    extra += note;
    return extra;
}

/// Calls `visit(tag)` until it returns false; returns what is behind the tags.
template <class Visit>
std::string_view walk_tags(std::string_view extra, Visit&& visit) {
    if (extra.empty()) return {};
    auto left = static_cast<unsigned char>(extra.front());
    extra.remove_prefix(1);
    for (; left > 0; --left) {
        const auto length = static_cast<unsigned char>(extra.front());
        if (!visit(extra.substr(1, length))) return {};
        extra.remove_prefix(1U + length);
    }
    return extra;
}

/// The devices of a leaf, taken apart so that one can be added, changed or left out, and put together again.
class LeafParts {
public:
    struct Part {
        std::uint8_t tag;
        DeviceFixed fixed;
        std::string_view id;
        std::string_view extra;
    };

    LeafParts() = default;
    explicit LeafParts(const DeviceLeaf& leaf) : size_(leaf.count) {
        for (std::size_t i = 0; i < size_; ++i)
            parts_[i] = {leaf.tags()[i], leaf.fixed()[i], leaf.id(i), leaf.extra(i)};
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] Part& operator[](std::size_t i) noexcept { return parts_[i]; }

    void insert(std::size_t at, const Part& part) noexcept {
        HF_ASSERT(size_ < parts_.size(), "a leaf that is full was split or refused before");
        std::move_backward(parts_.begin() + at, parts_.begin() + size_, parts_.begin() + size_ + 1);
        parts_[at] = part;
        ++size_;
    }
    void erase(std::size_t at) noexcept {
        std::move(parts_.begin() + at + 1, parts_.begin() + size_, parts_.begin() + at);
        --size_;
    }

    /// A leaf of the parts from `first` up to `last`; null when that is none.
    [[nodiscard]] DeviceLeaf* build(DevicePool& pool, std::uint64_t edit, std::size_t first, std::size_t last) const {
        if (first == last) return nullptr;
        const std::size_t count = last - first;
        std::size_t text = 0;
        for (std::size_t i = first; i < last; ++i)
            text += parts_[i].id.size() + parts_[i].extra.size();
        auto* leaf = static_cast<DeviceLeaf*>(pool.allocate(DeviceLeaf::text_offset(count) + text, edit));
        leaf->is_branch = false;
        leaf->count = static_cast<std::uint16_t>(count);
        std::uint32_t at = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const Part& part = parts_[first + i];
            leaf->tags()[i] = part.tag;
            leaf->fixed()[i] = part.fixed;
            leaf->fixed()[i].text_at = at;
            leaf->fixed()[i].id_length = static_cast<std::uint16_t>(part.id.size());
            leaf->fixed()[i].extra_and_disabled =
                static_cast<std::uint16_t>((part.fixed.extra_and_disabled & ~detail::max_extra_length) | part.extra.size());
            std::memcpy(leaf->text() + at, part.id.data(), part.id.size());
            at += static_cast<std::uint32_t>(part.id.size());
            if (!part.extra.empty()) std::memcpy(leaf->text() + at, part.extra.data(), part.extra.size());
            at += static_cast<std::uint32_t>(part.extra.size());
        }
        return leaf;
    }

private:
    std::size_t size_ = 0;
    std::array<Part, bottom_leaf_capacity + 1> parts_;  // only the first size_ have a value
};

}  // namespace

Seconds to_seconds(WallTime wall) noexcept {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wall).time_since_epoch().count();
    return static_cast<Seconds>(std::clamp<decltype(seconds)>(seconds, 0, std::numeric_limits<Seconds>::max()));
}

WallTime to_wall(Seconds seconds) noexcept {
    return WallTime(std::chrono::seconds(seconds));
}

std::vector<std::string_view> DeviceView::tags() const {
    std::vector<std::string_view> tags;
    walk_tags(extra, [&](std::string_view tag) {
        tags.push_back(tag);
        return true;
    });
    return tags;
}

bool DeviceView::has_tag(std::string_view tag) const noexcept {
    bool found = false;
    walk_tags(extra, [&](std::string_view it) {
        found = it == tag;
        return !found;
    });
    return found;
}

std::string_view DeviceView::note() const noexcept {
    return walk_tags(extra, [](std::string_view) { return true; });
}

// --- views ---

std::uint64_t DeviceTableView::hash(std::string_view id) const noexcept {
    return hash_of(id, seed_);
}

std::optional<DeviceView> DeviceTableView::find(std::string_view id) const noexcept {
    return find_in(root_, id, hash(id));
}

std::optional<DeviceView> DeviceTableView::find(std::string_view id, std::uint64_t hash) const noexcept {
    return find_in(root_, id, hash);
}

namespace {

/// One walk: appends devices behind the cursor until the page is full, and then those whose hash is that of the last one.
struct Walk {
    std::uint64_t seed;
    DeviceCursor& cursor;
    std::size_t left;
    std::vector<DeviceView>& page;

    /// False when the page is full. `bounded`: the cursor's place is in this block.
    bool block(const DeviceBlock* block, unsigned level, bool bounded) {
        if (block == nullptr) return true;
        if (!block->is_branch) return leaf(*static_cast<const DeviceLeaf*>(block), bounded);
        const auto* branch = static_cast<const DeviceBranch*>(block);
        const std::size_t first = bounded ? detail::digit(start, level) : 0;
        for (std::size_t i = first; i < branch_ways; ++i)
            if (!this->block(branch->children[i], level + 1, bounded && i == first)) return false;
        return true;
    }

    bool leaf(const DeviceLeaf& leaf, bool bounded) {
        for (std::size_t i = 0; i < leaf.count; ++i) {
            std::uint64_t hash = 0;
            if (bounded || left <= 1) {  // otherwise nobody needs it
                hash = hash_of(leaf.id(i), seed);
                if (bounded && started && hash <= start) continue;
                if (left == 0 && hash != cursor.after) return false;
            }
            page.push_back(leaf.view(i));
            if (left > 0) --left;
            if (left == 0) {
                cursor.after = hash;
                cursor.started = true;
            }
        }
        return true;
    }

    std::uint64_t start = cursor.after;
    bool started = cursor.started;
};

}  // namespace

void DeviceTableView::collect(DeviceCursor& cursor, std::size_t limit, std::vector<DeviceView>& page) const {
    HF_ASSERT(limit > 0, "a page has room for one device");
    if (cursor.finished) return;
    Walk walk{seed_, cursor, limit, page};
    cursor.finished = walk.block(root_, 0, walk.started);
}

// --- the table ---

DeviceTable::DeviceTable(std::uint64_t seed) : pool_(std::make_shared<DevicePool>()), seed_(seed) {}

DeviceTable::~DeviceTable() {
    pool_->set_root(root_);
}

std::uint64_t DeviceTable::hash(std::string_view id) const noexcept {
    return hash_of(id, seed_);
}

std::optional<DeviceView> DeviceTable::find(std::string_view id) const noexcept {
    return find_in(root_, id, hash(id));
}

/// The way from the root to the leaf of one hash, made the writer's own where it is to be changed.
class DeviceTable::Edit {
public:
    Edit(DeviceTable& table, std::uint64_t hash) : table_(table), hash_(hash) { descend(); }

    /// The leaf where the hash belongs; null when there is none.
    [[nodiscard]] DeviceLeaf* leaf() const noexcept { return static_cast<DeviceLeaf*>(*slot_); }
    [[nodiscard]] unsigned level() const noexcept { return level_; }

    /// The leaf, ready to be changed in place.
    [[nodiscard]] DeviceLeaf& own_leaf() { return static_cast<DeviceLeaf&>(*(*slot_ = own(*slot_))); }

    /// Puts `leaf` (null for none) in the place of the one that is there.
    void replace(DeviceLeaf* leaf) {
        DeviceBlock* old = *slot_;
        *slot_ = leaf;
        if (old != nullptr) table_.pool_->release(old, table_.edit_);
        if (level_ == 0) return;
        DeviceBranch& above = *path_[level_ - 1];
        if (old == nullptr && leaf != nullptr) ++above.count;
        if (old != nullptr && leaf == nullptr) --above.count;
        if (leaf == nullptr) prune();
    }

    /// Makes a branch of the leaf and goes down to the child of the hash.
    void split() {
        const LeafParts parts(*leaf());
        auto* branch = new_branch();
        std::size_t first = 0;
        for (std::size_t way = 0; way < branch_ways; ++way) {
            std::size_t last = first;
            while (last < leaf()->count && detail::digit(table_.hash(leaf()->id(last)), level_) == way)
                ++last;
            branch->children[way] = parts.build(*table_.pool_, table_.edit_, first, last);
            if (last > first) ++branch->count;
            first = last;
        }
        table_.pool_->release(*slot_, table_.edit_);
        *slot_ = branch;
        descend();
    }

private:
    void descend() {
        while (*slot_ != nullptr && (*slot_)->is_branch) {
            *slot_ = own(*slot_);
            auto* branch = static_cast<DeviceBranch*>(*slot_);
            path_[level_] = branch;
            slots_[level_] = slot_;
            slot_ = &branch->children[detail::digit(hash_, level_)];
            ++level_;
        }
    }

    [[nodiscard]] DeviceBlock* own(DeviceBlock* block) {
        if (block->edit == table_.edit_) return block;
        DeviceBlock* copy = table_.pool_->allocate(block->bytes, table_.edit_);
        std::memcpy(static_cast<void*>(copy + 1), block + 1, block->bytes - sizeof(DeviceBlock));
        copy->is_branch = block->is_branch;
        copy->count = block->count;
        table_.pool_->release(block, table_.edit_);
        return copy;
    }

    [[nodiscard]] DeviceBranch* new_branch() {
        auto* branch = static_cast<DeviceBranch*>(table_.pool_->allocate(sizeof(DeviceBranch), table_.edit_));
        branch->is_branch = true;
        branch->count = 0;
        std::ranges::fill(branch->children, nullptr);
        return branch;
    }

    /// Takes away branches that have no child left.
    void prune() {
        while (level_ > 0 && path_[level_ - 1]->count == 0) {
            --level_;
            table_.pool_->release(path_[level_], table_.edit_);
            slot_ = slots_[level_];
            *slot_ = nullptr;
            if (level_ > 0) --path_[level_ - 1]->count;
        }
    }

    DeviceTable& table_;
    std::uint64_t hash_;
    DeviceBlock** slot_ = &table_.root_;
    unsigned level_ = 0;
    std::array<DeviceBranch*, last_level> path_{};
    std::array<DeviceBlock**, last_level> slots_{};
};

bool DeviceTable::put(std::string_view id, const DeviceState& state) {
    HF_ASSERT(valid_device_id(id), "an empty id is never stored");
    const std::uint64_t at = hash(id);
    const std::optional<DeviceView> known = find_in(root_, id, at);
    if (known && static_cast<const DeviceState&>(*known) == state) return true;
    Edit edit(*this, at);
    if (known) {
        DeviceLeaf& leaf = edit.own_leaf();
        leaf.fixed()[leaf.position(id, detail::tag_of(at))].set(state);
        return true;
    }
    while (edit.leaf() != nullptr && edit.leaf()->count >= leaf_capacity && edit.level() < last_level)
        edit.split();
    if (edit.leaf() != nullptr && edit.leaf()->count >= bottom_leaf_capacity) return false;
    LeafParts parts = edit.leaf() == nullptr ? LeafParts() : LeafParts(*edit.leaf());
    std::size_t low = 0;
    for (std::size_t high = parts.size(); low < high;) {
        const std::size_t middle = (low + high) / 2;
        if (hash(parts[middle].id) < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    LeafParts::Part part{detail::tag_of(at), {}, id, {}};
    part.fixed.extra_and_disabled = 0;
    part.fixed.set(state);
    parts.insert(low, part);
    edit.replace(parts.build(*pool_, edit_, 0, parts.size()));
    ++size_;
    return true;
}

bool DeviceTable::set_tags(std::string_view id, const std::vector<std::string>& tags, std::string_view note) {
    const std::string extra = pack_extra(tags, note);
    HF_ASSERT(extra.size() <= detail::max_extra_length && tags.size() <= max_tags, "tags and notes were checked before");
    const std::uint64_t at = hash(id);
    const std::optional<DeviceView> known = find_in(root_, id, at);
    if (!known) return false;
    if (known->extra == extra) return true;
    Edit edit(*this, at);
    LeafParts parts(*edit.leaf());
    parts[edit.leaf()->position(id, detail::tag_of(at))].extra = extra;
    edit.replace(parts.build(*pool_, edit_, 0, parts.size()));
    return true;
}

bool DeviceTable::erase(std::string_view id) {
    const std::uint64_t at = hash(id);
    if (!find_in(root_, id, at)) return false;
    Edit edit(*this, at);
    LeafParts parts(*edit.leaf());
    parts.erase(edit.leaf()->position(id, detail::tag_of(at)));
    edit.replace(parts.build(*pool_, edit_, 0, parts.size()));
    --size_;
    return true;
}

DeviceTableView DeviceTable::view() {
    DeviceTableView view;
    view.pin_ = std::make_shared<const DevicePin>(pool_, pool_->pin(edit_));
    view.root_ = root_;
    view.size_ = size_;
    view.seed_ = seed_;
    ++edit_;
    pool_->reclaim();
    return view;
}

DeviceTable::Memory DeviceTable::memory() const noexcept {
    return pool_->memory();
}

}  // namespace holdfast::fleet
