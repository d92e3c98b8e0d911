#include "common/http/utf8.hpp"

#include <string>
#include <vector>

#include "tests/support/catch.hpp"

using namespace stagedoor;

namespace {

const std::vector<std::string> good{"",
                                    "plain",
                                    "\xc2\x80",
                                    "\xdf\xbf",
                                    "\xe0\xa0\x80",
                                    "\xed\x9f\xbf",
                                    "\xee\x80\x80",
                                    "\xef\xbf\xbf",
                                    "\xf0\x90\x80\x80",
                                    "\xf4\x8f\xbf\xbf",
                                    "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!",
                                    "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"};

// Each wrong at the byte that is last here.
const std::vector<std::string> bad{"\x80",          "\xbf",     "\xc0",     "\xc1",         "\xf5",
                                   "\xff",          "\xfe",     "\xc2\x7f", "\xc2\xc0",     "\xe0\x9f",
                                   "\xed\xa0",      "\xf0\x8f", "\xf4\x90", "\xe1\x80\x7f", "\xf1\x80\x80\xc0",
                                   "ascii then\x80"};

}  // namespace

TEST_CASE("UTF-8 is recognised, wherever it is cut") {
    for (const auto& text : good) {
        INFO(text);
        CHECK(is_utf8(text));
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            utf8_checker checker;
            CHECK(checker.feed(std::string_view{text}.substr(0, cut)));
            CHECK(checker.feed(std::string_view{text}.substr(cut)));
            CHECK(checker.complete());
        }
    }
}

TEST_CASE("what is not UTF-8 is refused at the first byte that shows it") {
    for (const auto& text : bad) {
        INFO(text);
        CHECK_FALSE(is_utf8(text));
        utf8_checker checker;
        for (std::size_t i = 0; i + 1 < text.size(); ++i) CHECK(checker.feed(std::string_view{text}.substr(i, 1)));
        CHECK_FALSE(checker.feed(std::string_view{text}.substr(text.size() - 1)));
    }
}

TEST_CASE("a text that ends within a character is no UTF-8") {
    for (const std::string text : {"\xc2", "\xe1\x80", "\xf1\x80\x80"}) {
        utf8_checker checker;
        CHECK(checker.feed(text));
        CHECK_FALSE(checker.complete());
        CHECK_FALSE(is_utf8(text));
    }
}
