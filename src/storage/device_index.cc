#include "storage/device_index.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::storage {
namespace {

/// More saves pages in the log and costs whoever asks for a device: this many commands are looked through in a millisecond or
/// two.
constexpr std::int64_t entries_at_once = 4096;

}  // namespace

Result<DeviceIndex> DeviceIndex::prepare(Database& database) {
    DeviceIndex index(database);
    const std::pair<std::optional<Statement>*, std::string_view> wanted[] = {
        {&index.read_, "SELECT up_to, behind FROM device_index"},
        {&index.write_, "UPDATE device_index SET up_to = ?1, behind = ?2"},
        {&index.insert_, "INSERT OR IGNORE INTO device_commands VALUES (?1, ?2)"},
        {&index.remove_, "DELETE FROM device_commands WHERE of_device = ?1 AND id = ?2"},
        {&index.missing_, "SELECT id, device FROM commands WHERE id > ?1"},
    };
    for (const auto& [slot, sql] : wanted) {
        auto statement = database.prepare(sql);
        if (!statement) return std::unexpected(std::move(statement.error()));
        slot->emplace(std::move(*statement));
    }
    return index;
}

/// Where the index stands: another process may have moved it since the last transaction.
Result<void> DeviceIndex::look() {
    if (position_) return {};
    const auto step = read_->step();
    if (!step) return std::unexpected(step.error());
    Position position;
    if (*step == Statement::Step::row) {
        const std::string_view up_to = read_->text(0);
        std::copy_n(up_to.begin(), std::min(up_to.size(), position.up_to.size()), position.up_to.begin());
        position.behind = read_->number(1);
    }
    read_->reset();
    position_ = position;
    return {};
}

Result<void> DeviceIndex::make_entry(std::string_view device, const IdBytes& id) {
    return insert_->bind(1, device).bind_blob(2, id).run();
}

Result<void> DeviceIndex::inserted(std::string_view device, const IdBytes& id) {
    if (auto looked = look(); !looked) return looked;
    if (id <= position_->up_to) return make_entry(device, id);
    ++position_->behind;
    position_->changed = true;
    return {};
}

Result<void> DeviceIndex::removed(std::string_view device, const IdBytes& id) {
    if (auto looked = look(); !looked) return looked;
    if (id <= position_->up_to) return remove_->bind(1, device).bind_blob(2, id).run();
    --position_->behind;
    position_->changed = true;
    return {};
}

Result<void> DeviceIndex::write() {
    if (!position_ || !position_->changed) return {};
    if (position_->behind >= entries_at_once) {
        if (auto caught_up = catch_up(); !caught_up) return caught_up;
    }
    position_->changed = false;
    return write_->bind_blob(1, position_->up_to).bind(2, position_->behind).run();
}

/// Sorted by device, so that entries that lie together are made together.
Result<void> DeviceIndex::catch_up() {
    std::vector<std::pair<std::string, IdBytes>> entries;
    missing_->bind_blob(1, position_->up_to);
    for (;;) {
        const auto step = missing_->step();
        if (!step) return std::unexpected(step.error());
        if (*step == Statement::Step::done) break;
        const std::string_view id = missing_->text(0);
        IdBytes bytes{};
        std::copy_n(id.begin(), std::min(id.size(), bytes.size()), bytes.begin());
        entries.emplace_back(missing_->text(1), bytes);
    }
    missing_->reset();
    std::ranges::sort(entries);
    for (const auto& [device, id] : entries) {
        if (auto made = make_entry(device, id); !made) return made;
        position_->up_to = std::max(position_->up_to, id);
    }
    position_->behind = 0;
    return {};
}

}  // namespace holdfast::storage
