#pragma once
// One call of a command that speaks with the API: where it is, how to print, and how to end.

#include <boost/beast/http/verb.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "cli/api_client.h"
#include "cli/api_place.h"
#include "cli/exit_code.h"
#include "cli/sentinel_place.h"
#include "cli/text_table.h"

namespace holdfast::cli {

/// What a command line runs in; parameters so that tests have their own.
struct Surroundings {
    std::ostream& out;
    std::ostream& err;
    std::istream& in;
    /// `out` is a terminal that shows colours.
    bool colour = false;
    Environment environment;
    std::function<WallTime()> now;
};

class Call {
public:
    using Printer = std::function<void(const boost::json::value& answer)>;

    explicit Call(const Surroundings& surroundings) : surroundings_(surroundings) {}

    PlaceOptions place;
    SentinelPlaceOptions sentinel;
    bool json = false;
    bool no_colour = false;

    /// Each asks the API, prints the answer (with `print`, or as it is with --json) or the error's sentence, and gives the exit
    /// code.
    [[nodiscard]] ExitCode get(const std::string& target, const Printer& print);
    [[nodiscard]] ExitCode send(boost::beast::http::verb method, const std::string& target, const boost::json::object& body,
                                const Printer& print);
    [[nodiscard]] ExitCode remove(const std::string& target, const Printer& print);
    /// Gets pages until `limit` items are together (0: all there are). `target` may have parameters already.
    [[nodiscard]] ExitCode list(const std::string& target, std::size_t limit, const Printer& print);

    /// Prints what was answered somewhere else in the same way.
    [[nodiscard]] ExitCode show(const Result<boost::json::value>& answer, const Printer& print) const;

    /// --data-dir, else HOLDFAST_DATA_DIR; empty when neither is given.
    [[nodiscard]] std::string data_dir() const;

    /// The client, or an error that `fail` prints.
    [[nodiscard]] Result<ApiClient> client() const;
    [[nodiscard]] ExitCode fail(const Error& error) const;
    [[nodiscard]] ExitCode fail(ExitCode code, std::string_view sentence) const;

    /// Prints a change's note that it is not stored yet, if it has one.
    void note_durability(const boost::json::value& answer) const;
    void print_json(const boost::json::value& value) const;
    void print(std::string_view text) const;
    [[nodiscard]] bool colour() const noexcept { return surroundings_.colour && !no_colour; }
    [[nodiscard]] WallTime now() const { return surroundings_.now(); }
    [[nodiscard]] const Surroundings& surroundings() const noexcept { return surroundings_; }

private:
    const Surroundings& surroundings_;
};

// --- reading the API's answers: what is missing or null is empty ---

[[nodiscard]] std::string text_at(const boost::json::value& object, std::string_view name);
/// The same, with "-" for nothing.
[[nodiscard]] std::string shown_at(const boost::json::value& object, std::string_view name);
[[nodiscard]] bool flag_at(const boost::json::value& object, std::string_view name);
[[nodiscard]] std::uint64_t count_at(const boost::json::value& object, std::string_view name);
[[nodiscard]] const boost::json::value& member(const boost::json::value& object, std::string_view name);
/// The elements of a list; empty when it is none.
[[nodiscard]] const boost::json::array& list_at(const boost::json::value& object, std::string_view name);
/// A cell with a state's colour.
[[nodiscard]] TextTable::Cell state_cell(const boost::json::value& object, std::string_view name);
[[nodiscard]] TextTable::Cell yes_no(bool flag);

/// "/api/v1/x?a=1&b=2" step by step, each value encoded; empty values are left out.
class Target {
public:
    explicit Target(std::string path) : text_(std::move(path)) {}
    Target& with(std::string_view name, std::string_view value);
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};

}  // namespace holdfast::cli
