#include "auth-service/stagectl/people.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor::ctl;

using names = std::vector<std::string>;

namespace {

std::string complaint_about(std::string_view text) {
    try {
        read_names(text, "f");
    } catch (const failure& why) {
        CHECK(why.code() == exit_code::usage);
        return why.what();
    }
    return {};
}

}  // namespace

TEST_CASE("names are one on each line, whatever ends the lines") {
    CHECK(read_names("a@x\nb@x", "f") == names{"a@x", "b@x"});
    CHECK(read_names("a@x\r\n\r\n  b@x  \r\n", "f") == names{"a@x", "b@x"});
    CHECK(read_names("# who waits\na@x\n", "f") == names{"a@x"});
    CHECK(read_names("", "f").empty());
}

TEST_CASE("CSV has its names in a column `email` or `id`, the id first") {
    CHECK(read_names("name,email\nAda,a@x\nEllen,b@x\n", "f") == names{"a@x", "b@x"});
    CHECK(read_names("email,id\na@x,1\n", "f") == names{"1"});
    CHECK(read_names("\xef\xbb\xbf" "email\na@x\n", "f") == names{"a@x"});
}

TEST_CASE("fields in quotes may hold commas, quotes and line ends (RFC 4180)") {
    CHECK(read_names("name,email\n\"Lovelace, \"\"Ada\"\"\nCountess\",a@x\n", "f") == names{"a@x"});
}

TEST_CASE("what is wrong with a file is told with its line") {
    CHECK(complaint_about("Ada,a@x\n") == "f:1: the first line of CSV has to name a column `email` or `id`");
    CHECK(complaint_about("name,email\nAda,a@x\nEllen\n") == "f:3: nobody is named in this line");
    CHECK(complaint_about("name,email\nAda,a@x\n\"Ellen,b@x\n") == "f:3: a quote is not closed");
}
