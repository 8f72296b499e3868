#pragma once
// A command's payload as a template. Only the placeholders are replaced; all other braces are text, so that JSON can be written
// as it is: {"id":"{id}","do":"{command}","with":{data}}.
//
// A template that is JSON (with its placeholders filled in) always makes JSON. Values inside its strings are escaped. `{data}`
// outside of them is the sender's payload: JSON as it is; text as a JSON string, when its content type is text/...; none as
// null; anything else is not_encodable. `{data}` alone is the sender's bytes, whatever they are. Other templates take all
// values as they are.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "profile/errors.h"
#include "profile/placeholder.h"

namespace holdfast::profile {

constexpr std::size_t max_template_length = 16 * 1024;  ///< bytes of a payload template

struct PayloadValues {
    std::string_view device = {};
    std::string_view id = {};
    std::uint16_t attempt = 1;
    std::string_view command = {};
    WallTime deadline{};
    std::string_view data = {};
    std::string_view content_type = {};  ///< of `data`; empty: not said
};

class PayloadTemplate {
public:
    enum class Form : std::uint8_t { json, bytes, raw_data };

    /// Errors: bad_profile.
    [[nodiscard]] static Result<PayloadTemplate> compile(std::string_view text);

    /// Writes the payload over `out`. Errors: not_encodable.
    [[nodiscard]] Result<> render(const PayloadValues& values, std::string& out) const;

    [[nodiscard]] Form form() const noexcept { return form_; }

private:
    struct Part {
        std::string literal;
        Placeholder placeholder;
        bool quoted = false;  ///< stands inside a JSON string
    };

    PayloadTemplate() = default;
    [[nodiscard]] Result<> append_data(const Part& part, const PayloadValues& values, std::string& out) const;
    void append_text(const Part& part, std::string_view text, std::string& out) const;

    std::vector<Part> parts_;
    std::string end_;
    Form form_ = Form::bytes;
};

}  // namespace holdfast::profile
