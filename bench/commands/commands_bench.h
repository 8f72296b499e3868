#pragma once
// The modes of hf_bench_commands, one function each. All of them prepare themselves, report `prepared`, wait for the driver,
// work, and report what they saw.

#include "drive_options.h"

namespace holdfast::bench {

/// `devices` MQTT 5 clients that subscribe to their commands and answer each at once. Steps: prepared; connects all of them:
/// ready; answers until the driver says so: done.
void run_devices(const DriveOptions& options);

/// `callers` requests under way at a time over one MQTT connection, each to a random device, for `seconds`.
void run_bare(const DriveOptions& options);

/// `callers` HTTP connections, each sending a command to a random device and waiting for its end, for `seconds`.
void run_sync(const DriveOptions& options);

/// The same over gRPC, all on one connection.
void run_grpc(const DriveOptions& options);

/// `count` commands that wait for their devices, over `callers` HTTP connections, `batch` in a request.
void run_submit(const DriveOptions& options);

/// `count` rows like a submitted command's into SQLite in `dir`, `batch` in a transaction.
void run_floor(const DriveOptions& options);

}  // namespace holdfast::bench
