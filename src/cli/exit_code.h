#pragma once
// How `holdfast` ends, for scripts. Documented in `holdfast --help` and docs/cli.md.

namespace holdfast::cli {

enum class ExitCode : int {
    ok = 0,
    failed = 1,         ///< the answer is no, or what was asked for did not work
    usage = 2,          ///< the command line or the settings are wrong
    unreachable = 3,    ///< no Holdfast answers at the address
    not_found = 4,      ///< what was named does not exist
    refused = 5,        ///< the token is missing, wrong, or allows too little
    not_succeeded = 6,  ///< a command that was waited for ended otherwise
    still_open = 7,     ///< a command that was waited for has not ended yet
};

}  // namespace holdfast::cli
