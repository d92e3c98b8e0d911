#include "auth-service/stagectl/table.hpp"

#include <clocale>

#include "auth-service/stagectl/terminal.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor::ctl;

namespace {

struct plain {
    plain() {
        std::setlocale(LC_CTYPE, "C.UTF-8");
        use_colours(colour_use::never);
    }
};

}  // namespace

TEST_CASE("columns are as wide as what is in them, as a terminal counts it") {
    const plain setting;
    table rows{{"WHO", "WHAT"}};
    rows.add({"Zoë", "x"});
    rows.add({"市川", "y"});
    CHECK(rows.text(0) ==
          "WHO   WHAT\n"
          "Zoë   x\n"
          "市川  y\n");
}

TEST_CASE("the last column gives way to the terminal's edge") {
    const plain setting;
    table rows{{"A", "WHY"}};
    rows.add({"1", "a reason that is long"});
    CHECK(rows.text(15) == "A  WHY\n1  a reason th…\n");
    CHECK(rows.text(0) == "A  WHY\n1  a reason that is long\n");
}

TEST_CASE("what others have typed cannot move the cursor, colour the screen or turn the line around") {
    CHECK(printable("a\x1b[31mb") == "a\\u001b[31mb");
    CHECK(printable("a\nb\t\x7f") == "a\\u000ab\\u0009\\u007f");
    CHECK(printable("a\u202eb\u2066c") == "a\\u202eb\\u2066c");
    CHECK(printable("Zoë 市川") == "Zoë 市川");
}
