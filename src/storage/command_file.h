#pragma once
// The file of commands while it is open for writing. Blocking; one thread at a time.

#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "storage/command_rows.h"
#include "storage/fleet_file.h"
#include "storage/schema.h"
#include "storage/sqlite.h"

namespace holdfast::storage {

class CommandFile {
public:
    /// Opens or makes the file and brings it to this program's version. Waits for other processes that do the same.
    [[nodiscard]] static Result<std::unique_ptr<CommandFile>> open(const std::string& path, Duration busy_timeout,
                                                                   Durability durability);
    /// A connection to the same file that only reads.
    [[nodiscard]] static Result<Database> open_for_reading(const std::string& path, Duration busy_timeout);

    [[nodiscard]] CommandRows& rows() noexcept { return *rows_; }
    /// Takes the right to write, which one connection of all processes has at a time.
    [[nodiscard]] Result<void> begin();
    /// Durable when it returns. After an error nothing of the transaction is left.
    [[nodiscard]] Result<void> commit();
    void roll_back() noexcept;

private:
    explicit CommandFile(Database database) : database_(std::move(database)) {}
    [[nodiscard]] Result<void> check_presence() const;

    Database database_;
    std::optional<CommandRows> rows_;
    FileIdentity file_;
    FileIdentity log_;
};

}  // namespace holdfast::storage
