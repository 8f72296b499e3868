#pragma once
// Which commands a device has. As an index of SQLite it would cost each command a page of its own in the log, because each
// device's entries lie elsewhere; that was half of what a command cost. So the entries of new commands are made late, some
// thousand at a time and in their order, and `device_index` says up to which id that has been done. Whoever asks for a device
// looks through the few commands behind that id himself. A command whose id is not behind it (its centre's clock is slow, or
// its write was late) has its entry at once, so nothing is missed.
//
// Every method belongs inside the caller's transaction. One thread at a time.

#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/command_columns.h"
#include "storage/sqlite.h"

namespace holdfast::storage {

class DeviceIndex {
public:
    /// `database` must outlive this object and have the newest schema.
    [[nodiscard]] static Result<DeviceIndex> prepare(Database& database);

    [[nodiscard]] Result<void> inserted(std::string_view device, const IdBytes& id);
    [[nodiscard]] Result<void> removed(std::string_view device, const IdBytes& id);
    /// Notes what this transaction has done, and makes entries when many are missing; to be called before its end.
    [[nodiscard]] Result<void> write();
    /// To be called after each transaction, whatever became of it.
    void forget() noexcept { position_.reset(); }

private:
    struct Position {
        IdBytes up_to = {};
        std::int64_t behind = 0;  ///< commands that have no entry yet
        bool changed = false;
    };

    explicit DeviceIndex(Database& database) : database_(&database) {}
    [[nodiscard]] Result<void> look();
    [[nodiscard]] Result<void> make_entry(std::string_view device, const IdBytes& id);
    [[nodiscard]] Result<void> catch_up();

    Database* database_;
    std::optional<Position> position_;  ///< not read in this transaction: empty
    std::optional<Statement> read_, write_, insert_, remove_, missing_;
};

}  // namespace holdfast::storage
