#include "auth-service/src/admin/audit_cursor.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor::admin;

TEST_CASE("a cursor of the audit log is read as it was written, and nothing else is one") {
    for (const auto& each : {audit_cursor{0, 0}, audit_cursor{1'800'000'000'123, 42}}) {
        CHECK(parse_cursor(format_cursor(each)) == each);
    }
    for (const auto* wrong :
         {"", "-", "1-", "-1", "1", "1-2-3", "1--2", "+1-2", "a-b", "1-2 ", "99999999999999999999-1"}) {
        INFO(wrong);
        CHECK_FALSE(parse_cursor(wrong));
    }
}
