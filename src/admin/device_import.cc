#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <functional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "admin/api_change.h"
#include "admin/device_fields.h"
#include "admin/handlers.h"
#include "admin/import_records.h"
#include "admin/json_fields.h"
#include "admin/page.h"
#include "admin/problem.h"

namespace holdfast::admin {
namespace {

/// Devices put in before everything else on the control thread gets its turn.
constexpr std::size_t records_at_once = 500;
/// Errors that are told one by one; the rest is counted.
constexpr std::size_t max_told_errors = 1'000;
constexpr std::size_t max_shown_id = 200;

enum class WhenKnown { fail, skip, update };

/// One import: takes records, puts devices in, keeps the account.
class Import {
public:
    Import(const AdminOptions& options, ImportFormat format, WhenKnown when_known, bool dry_run)
        : options_(options), format_(format), when_known_(when_known), dry_run_(dry_run) {}

    /// False when the whole import has to stop (no usable header line); `fatal` then says why.
    [[nodiscard]] bool take(const RecordSplitter::Record& record, fleet::Fleet& fleet, Moment moment);
    [[nodiscard]] boost::json::object summary() const;
    [[nodiscard]] const std::string& fatal() const noexcept { return fatal_; }
    [[nodiscard]] std::uint64_t changed() const noexcept { return created_ + updated_; }

private:
    [[nodiscard]] bool take_header(const RecordSplitter::Record& record);
    [[nodiscard]] std::expected<JsonFields, std::string> read(const RecordSplitter::Record& record) const;
    [[nodiscard]] std::optional<std::string> put(const fleet::DeviceSpec& spec, const JsonFields& fields, fleet::Fleet& fleet,
                                                 Moment moment);
    [[nodiscard]] std::optional<std::string> put_known(const fleet::DeviceSpec& spec, const JsonFields& fields,
                                                       fleet::Fleet& fleet, Moment moment);
    void complain(std::uint64_t line, std::string_view id, std::string detail);

    const AdminOptions& options_;
    ImportFormat format_;
    WhenKnown when_known_;
    bool dry_run_;
    std::vector<std::string> columns_;
    std::string fatal_;
    /// Hashes of the ids that a dry run has seen, as it puts nothing in.
    std::unordered_set<std::size_t> seen_;
    std::uint64_t records_ = 0;
    std::uint64_t created_ = 0;
    std::uint64_t updated_ = 0;
    std::uint64_t skipped_ = 0;
    std::uint64_t failed_ = 0;
    boost::json::array errors_;
};

void Import::complain(std::uint64_t line, std::string_view id, std::string detail) {
    ++failed_;
    if (errors_.size() >= max_told_errors) return;
    boost::json::object error;
    error["line"] = line;
    const std::string_view shown = id.substr(0, max_shown_id);
    error["id"] = !shown.empty() && is_plain_utf8(shown) ? boost::json::value(boost::json::string(shown.data(), shown.size()))
                                                         : boost::json::value(nullptr);
    error["detail"] = std::move(detail);
    errors_.emplace_back(std::move(error));
}

bool Import::take_header(const RecordSplitter::Record& record) {
    auto columns = split_csv(record.text);
    if (!columns) {
        fatal_ = fmt::format("line {}: {}", record.line, columns.error());
        return false;
    }
    bool has_id = false;
    for (const std::string& column : *columns) {
        has_id = has_id || column == "id";
        if (!is_import_column(column)) {
            fatal_ = fmt::format(
                "line {}: there is no column '{}'; there are: id, home, explicit_cluster, explicit_node, tags, note, disabled",
                record.line, is_plain_utf8(column) ? column.substr(0, 100) : "?");
            return false;
        }
    }
    if (!has_id) {
        fatal_ = fmt::format("line {}: the first line must name the columns, and one of them must be 'id'", record.line);
        return false;
    }
    columns_ = std::move(*columns);
    return true;
}

std::expected<JsonFields, std::string> Import::read(const RecordSplitter::Record& record) const {
    if (record.too_long)
        return std::unexpected(fmt::format("the line is longer than {} bytes", options_.max_import_line_bytes));
    if (format_ == ImportFormat::ndjson) return JsonFields::parse(record.text);
    const auto fields = split_csv(record.text);
    if (!fields) return std::unexpected(fields.error());
    auto object = csv_object(columns_, *fields);
    if (!object) return std::unexpected(object.error());
    return JsonFields(std::move(*object));
}

bool Import::take(const RecordSplitter::Record& record, fleet::Fleet& fleet, Moment moment) {
    if (format_ == ImportFormat::csv && columns_.empty()) return take_header(record);
    ++records_;
    auto fields = read(record);
    if (!fields) {
        complain(record.line, {}, fields.error());
        return true;
    }
    const fleet::DeviceSpec spec = read_device_spec(*fields);
    auto complaint = fields->complaint();
    if (!complaint) complaint = fault_of(spec, fleet.topology());
    if (!complaint) complaint = put(spec, *fields, fleet, moment);
    if (complaint) complain(record.line, spec.id, std::move(*complaint));
    return true;
}

std::optional<std::string> Import::put(const fleet::DeviceSpec& spec, const JsonFields& fields, fleet::Fleet& fleet,
                                       Moment moment) {
    bool known = fleet.devices().find(spec.id).has_value();
    if (dry_run_) known = !seen_.insert(std::hash<std::string>{}(spec.id)).second || known;
    if (known) return put_known(spec, fields, fleet, moment);
    if (!dry_run_) {
        const Result<void> done = fleet.create_device(spec, moment);
        if (!done) return done.error().message();
    }
    ++created_;
    return std::nullopt;
}

std::optional<std::string> Import::put_known(const fleet::DeviceSpec& spec, const JsonFields& fields, fleet::Fleet& fleet,
                                             Moment moment) {
    if (when_known_ == WhenKnown::fail) return "there is a device of this id already";
    if (when_known_ == WhenKnown::skip) {
        ++skipped_;
        return std::nullopt;
    }
    if (!dry_run_) {
        Result<void> done = fleet.patch_device(spec.id, patch_from(spec, fields), moment);
        const std::string& to = spec.explicit_node.empty() ? spec.explicit_cluster : spec.explicit_node;
        if (done && !to.empty()) done = fleet.move_device(spec.id, to, moment);
        if (!done) return done.error().message();
    }
    ++updated_;
    return std::nullopt;
}

boost::json::object Import::summary() const {
    boost::json::object body;
    body["dry_run"] = dry_run_;
    body["records"] = records_;
    body["created"] = created_;
    body["updated"] = updated_;
    body["skipped"] = skipped_;
    body["failed"] = failed_;
    body["errors"] = errors_;
    body["errors_not_shown"] = failed_ - errors_.size();
    return body;
}

std::optional<Response> read_format(const Request& request, ImportFormat& format) {
    const std::string_view type = std::string_view(request.content_type).substr(0, request.content_type.find(';'));
    const std::string_view named = request.query.get("format").value_or(type);
    if (named == "csv" || named == "text/csv") {
        format = ImportFormat::csv;
    } else if (named == "ndjson" || named == "application/x-ndjson" || named == "application/jsonl") {
        format = ImportFormat::ndjson;
    } else {
        return problem(
            {415, "unknown-format", "say what is sent: Content-Type text/csv or application/x-ndjson, or ?format=csv|ndjson"});
    }
    return std::nullopt;
}

std::optional<Response> read_when_known(const Request& request, WhenKnown& when_known) {
    const std::string_view named = request.query.get("existing").value_or("fail");
    if (named == "fail") {
        when_known = WhenKnown::fail;
    } else if (named == "skip") {
        when_known = WhenKnown::skip;
    } else if (named == "update") {
        when_known = WhenKnown::update;
    } else {
        return invalid_value("'existing' must be fail, skip or update", "?existing");
    }
    return std::nullopt;
}

/// Errors end an import where it is. What was put in before stays; the answer says how much that is.
Response import_broken(const Import& import, unsigned status, std::string_view type, std::string detail) {
    const std::uint64_t done = import.changed();
    if (done > 0) detail += fmt::format("; {} devices were imported before that", done);
    return problem({status, type, std::move(detail)});
}

Response body_broken(const Import& import, const Error& error) {
    const bool too_large = error.is(BodyErrc::too_large);
    return import_broken(import, too_large ? 413 : 400, too_large ? "too-large" : "malformed-http", error.message());
}

using Records = std::vector<RecordSplitter::Record>;

/// One change of the fleet for many records; an effect for each of them alone would cost far more.
control::FleetControl::ChangeFn take_all(Import& import, Records& records) {
    return [&import, &records](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        for (const RecordSplitter::Record& record : records) {
            if (!import.take(record, fleet, moment)) break;
        }
        records.clear();
        return {};
    };
}

}  // namespace

Answer import_devices(Api& api, const Request& request) {
    ImportFormat format = ImportFormat::csv;
    WhenKnown when_known = WhenKnown::fail;
    std::optional<bool> dry_run;
    if (auto refusal = refuse_unknown_parameters(request, {"format", "existing", "dry_run"})) co_return std::move(*refusal);
    if (auto refusal = read_format(request, format)) co_return std::move(*refusal);
    if (auto refusal = read_when_known(request, when_known)) co_return std::move(*refusal);
    if (auto refusal = read_flag(request, "dry_run", dry_run)) co_return std::move(*refusal);

    Import import(api.options, format, when_known, dry_run.value_or(false));
    RecordSplitter splitter(format, api.options.max_import_line_bytes);
    Records records;
    bool at_end = false;
    while (!at_end) {
        const auto piece = co_await request.body_source->next();
        if (!piece) co_return body_broken(import, piece.error());
        at_end = piece->empty();
        if (at_end) {
            splitter.finish();
        } else {
            splitter.push(*piece);
        }
        while (auto record = splitter.next()) {
            // The last records wait for the end, so that their durability is that of the whole import.
            if (records.size() == records_at_once) {
                const Result<void> taken = api.control->change(take_all(import, records));
                if (!taken || !import.fatal().empty()) co_return import_broken(import, 422, "invalid-value", import.fatal());
                co_await let_others_run(api);
            }
            records.push_back(std::move(*record));
        }
    }
    control::FleetControl::ChangeFn rest = take_all(import, records);
    const auto done = co_await change_fleet(api, std::move(rest));
    if (!done || !import.fatal().empty()) co_return import_broken(import, 422, "invalid-value", import.fatal());
    co_return changed(200, import.summary(), *done);
}

}  // namespace holdfast::admin
