#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <utility>
#include <vector>

#include "admin/api_change.h"
#include "admin/handlers.h"
#include "admin/page.h"
#include "admin/problem.h"

namespace holdfast::admin {
namespace {

boost::json::array changes_view(const std::vector<settings::SettingChange>& changes) {
    boost::json::array out;
    for (const settings::SettingChange& change : changes) {
        out.emplace_back(boost::json::object{{"name", change.name}, {"from", change.from}, {"to", change.to}});
    }
    return out;
}

}  // namespace

Answer show_settings(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    boost::json::array items;
    if (api.hooks.shown_settings) {
        for (const settings::ShownSetting& setting : api.hooks.shown_settings()) {
            items.emplace_back(boost::json::object{{"name", setting.name},
                                                   {"value", setting.value},
                                                   {"source", setting.source},
                                                   {"changeable", setting.changeable}});
        }
    }
    co_return page_response(std::move(items), std::nullopt);
}

Answer reload_settings(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    if (!api.hooks.reload_settings) co_return unavailable("this Holdfast cannot reload its settings");
    const auto reloaded = api.hooks.reload_settings();
    if (!reloaded) {
        std::string detail = "nothing was changed; the settings have mistakes:";
        for (const settings::Problem& one : reloaded.error())
            detail += "\n" + one.text();
        co_return invalid_value(std::move(detail), {});
    }
    boost::json::object body;
    body["changed"] = changes_view(reloaded->changed);
    body["need_restart"] = changes_view(reloaded->need_restart);
    co_return json_response(std::move(body));
}

}  // namespace holdfast::admin
