#include "common/http/router.hpp"

namespace stagedoor::http {

runtime::task<response> answer_unrouted(route_table::outcome::kind what, std::uint16_t allowed) {
    if (what != route_table::outcome::kind::method_not_allowed) co_return response::problem(errc::not_found);
    co_return response::problem(errc::method_not_allowed).add("Allow", route_table::allow_field(allowed));
}

}  // namespace stagedoor::http
