#include "storage/command_schema.h"

#include <array>

#include "command/job.h"
#include "command/state.h"

namespace holdfast::storage {
namespace {

constexpr std::int64_t command_file_id = 0x4846434D;  // "HFCM"

// States, reasons and the like are kept as the numbers of their enums, which therefore only ever grow at their ends.
static_assert(static_cast<int>(command::State::succeeded) == 4 && static_cast<int>(command::State::rejected) == 9);
static_assert(static_cast<int>(command::Reason::not_encodable) == 18);
static_assert(static_cast<int>(command::JobState::finished) == 2 && static_cast<int>(command::JobState::aborted) == 4);

// Ids are 16 bytes, times milliseconds since 1970, durations nanoseconds. `attempts`, `command` and `ended` are packed; see
// command_blobs.h.
//
// Each index costs every insert a page of its own in the log, so there are only those that a question needs, and where a
// question is about few rows the index holds only these. Ids rise with time, which spares an index over time; for the one over
// devices see device_index.h.
constexpr std::array<std::string_view, 1> steps{R"(
CREATE TABLE commands (
    id              BLOB PRIMARY KEY,
    device          TEXT NOT NULL,
    name            TEXT NOT NULL,
    payload         BLOB NOT NULL,
    content_type    TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    deliver_at      INTEGER,
    deadline        INTEGER NOT NULL,
    offline         INTEGER NOT NULL,
    keeps_order     INTEGER NOT NULL,
    retry_attempts  INTEGER NOT NULL,
    answer_timeout  INTEGER NOT NULL,
    backoff_first   INTEGER NOT NULL,
    backoff_longest INTEGER NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash       BLOB NOT NULL,
    submitted_by    TEXT NOT NULL,
    job             TEXT NOT NULL,
    webhook         TEXT NOT NULL,
    centre          TEXT NOT NULL,
    state           INTEGER NOT NULL,
    executed        INTEGER NOT NULL,
    reason          INTEGER NOT NULL,
    detail          TEXT NOT NULL,
    result          BLOB NOT NULL,
    result_type     TEXT NOT NULL,
    result_cut      INTEGER NOT NULL,
    cancel_wanted   INTEGER NOT NULL,
    ended_at        INTEGER,
    attempts        BLOB NOT NULL,
    webhook_told    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX commands_open ON commands (centre, id, deliver_at) WHERE state < 4;
CREATE INDEX commands_unsuccessful ON commands (id, state) WHERE state > 4;
CREATE INDEX commands_job ON commands (job, id) WHERE job <> '';
CREATE INDEX commands_untold ON commands (id) WHERE webhook <> '' AND webhook_told = 0 AND state >= 4;
CREATE UNIQUE INDEX commands_key ON commands (submitted_by, idempotency_key) WHERE idempotency_key <> '';
CREATE TABLE device_commands (
    of_device TEXT NOT NULL,
    id        BLOB NOT NULL,
    PRIMARY KEY (of_device, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE device_index (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    up_to    BLOB NOT NULL,
    behind   INTEGER NOT NULL
) STRICT;
INSERT INTO device_index VALUES (1, zeroblob(16), 0);
CREATE TABLE tallies (
    state INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT;
INSERT INTO tallies VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0);
CREATE TABLE centres (
    name       TEXT PRIMARY KEY,
    epoch      INTEGER NOT NULL,
    held_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE jobs (
    id            TEXT PRIMARY KEY,
    created_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    submitted_by  TEXT NOT NULL,
    centre        TEXT NOT NULL,
    tag           TEXT NOT NULL,
    command       BLOB NOT NULL,
    pace          REAL NOT NULL,
    abort_percent INTEGER NOT NULL,
    abort_after   INTEGER NOT NULL,
    state         INTEGER NOT NULL,
    stop_as       INTEGER NOT NULL,
    devices       INTEGER NOT NULL,
    submitted     INTEGER NOT NULL,
    refused       INTEGER NOT NULL,
    ended         BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE job_devices (
    job      TEXT NOT NULL,
    position INTEGER NOT NULL,
    device   TEXT NOT NULL,
    PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    who    TEXT NOT NULL,
    source TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
)"};

}  // namespace

Schema command_schema(Durability durability) noexcept {
    return {.owner = command_file_id, .steps = steps, .durability = durability};
}

}  // namespace holdfast::storage
