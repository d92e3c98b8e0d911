#include "auth-service/stagectl/people.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor::ctl;

using names = std::vector<std::string>;

namespace {

names read(std::string_view text) {
    names found;
    for (const auto& name : read_names(text, "f")) found.push_back(name.text);
    return found;
}

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
    CHECK(read("a@x\nb@x") == names{"a@x", "b@x"});
    CHECK(read("a@x\r\n\r\n  b@x  \r\n") == names{"a@x", "b@x"});
    CHECK(read("# who waits, since May\na@x\n# and\nb@x\n") == names{"a@x", "b@x"});
    CHECK(read("").empty());
}

TEST_CASE("CSV has its names in a column `email` or `id`, the id first, in whatever case") {
    CHECK(read("name,email\nAda,a@x\nEllen,b@x\n") == names{"a@x", "b@x"});
    CHECK(read("email,id\na@x,1\n") == names{"1"});
    CHECK(read("Name,E-MAIL\nAda,a@x\n") == names{"a@x"});
    CHECK(read("Email,ID\na@x,1\n") == names{"1"});
    CHECK(read("#,Email\n1,a@x\n#2,b@x\n") == names{"a@x", "b@x"});
}

TEST_CASE("CSV is read as spreadsheets write it: a mark before it, semicolons or tabs, empty rows behind it") {
    CHECK(read("\xef\xbb\xbf" "email\na@x\n") == names{"a@x"});
    CHECK(read("\xef\xbb\xbf" "Name;Email\r\n\"Lovelace, Ada\";a@x\r\n;\r\n;\r\n") == names{"a@x"});
    CHECK(read("Name\tEmail\nLovelace, Ada\ta@x\n") == names{"a@x"});
    CHECK(read("sep=;\nEmail;Name\na@x;Ada\n") == names{"a@x"});
    CHECK(read("sep=,\r\nEmail,Name\r\na@x,Ada\r\n") == names{"a@x"});
    CHECK(read("sep=|\nEmail|Name\na@x|Ada\n") == names{"a@x"});
}

TEST_CASE("fields in quotes may hold separators, quotes and line ends (RFC 4180)") {
    CHECK(read("name,email\n\"Lovelace, \"\"Ada\"\"\nCountess\",a@x\n") == names{"a@x"});
    CHECK(read("name;email\n\"Ada; a\ncountess\";\"a@x\"\n") == names{"a@x"});
}

TEST_CASE("each name knows its line, and what is wrong with a file is told with it") {
    const auto found = read_names("name,email\n\n\"Ada\nCountess\",a@x\nEllen,b@x\n", "f");
    REQUIRE(found.size() == 2);
    CHECK(found[0].where == "f:3");
    CHECK(found[1].where == "f:5");
    CHECK(complaint_about("Ada,a@x\n") == "f:1: the first line of CSV has to name a column `email` or `id`");
    CHECK(complaint_about("name,email\nAda,a@x\nEllen\n") == "f:3: nobody is named in this line");
    CHECK(complaint_about("name;email\nAda;a@x\nEllen;\n") == "f:3: nobody is named in this line");
    CHECK(complaint_about("name,email\nAda,a@x\n\"Ellen,b@x\n") == "f:3: a quote is not closed");
    CHECK(complaint_about("name,email\n\"Ada\" L.,a@x\n") == "f:2: there is text behind a closing quote");
    CHECK(complaint_about("\xff\xfe" "e") == "f is UTF-16: save it as UTF-8 (in a spreadsheet: \"CSV UTF-8\")");
}
