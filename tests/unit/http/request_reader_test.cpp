#include "common/http/request_reader.hpp"

#include "reading.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::http;
using namespace stagedoor::tests;
using state = request_reader::state;

TEST_CASE("a request is read the same wherever it is cut") {
    const std::string_view bytes =
        "POST /api/auth/login?next=%2F HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type:application/json \r\n"
        "Empty:\r\nContent-Length: 11\r\n\r\n{\"a\":\"b\\n\"}";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        INFO(cut);
        request_reader reader{usual_bounds};
        CHECK(reader.idle());
        give(reader, bytes.substr(0, cut));
        CHECK(reader.next() == (cut == bytes.size() ? state::complete : state::need_more));
        if (cut < bytes.size()) {
            give(reader, bytes.substr(cut));
            REQUIRE(reader.next() == state::complete);
        }
        const auto& parts = reader.parts();
        CHECK(parts.verb == method::post);
        CHECK(parts.target.path == "/api/auth/login");
        CHECK(parts.target.query == "next=%2F");
        REQUIRE(parts.fields.size() == 4);
        CHECK(parts.fields[1].name == "Content-Type");
        CHECK(parts.fields[1].value == "application/json");
        CHECK(parts.fields[2].value.empty());
        CHECK(parts.body == "{\"a\":\"b\\n\"}");
        CHECK(parts.keep_alive);
        reader.release();
        CHECK(reader.idle());
    }
}

TEST_CASE("requests that come together are read one after the other") {
    const std::string one = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
    const std::string two = "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    const std::string three =
        "\r\nPOST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    const auto all = one + two + three;
    for (std::size_t step = 1; step <= all.size(); ++step) {
        request_reader reader{usual_bounds};
        std::vector<std::string> seen;
        std::string_view rest = all;
        for (;;) {
            const auto reached = reader.next();
            if (reached == state::complete) {
                seen.push_back(reader.parts().target.path + std::string{reader.parts().body});
                reader.release();
                continue;
            }
            REQUIRE(reached == state::need_more);
            if (rest.empty()) break;
            const auto piece = rest.substr(0, step);
            give(reader, piece);
            rest.remove_prefix(piece.size());
        }
        CHECK(seen == std::vector<std::string>{"/1", "/2abc", "/3x"});
        CHECK(reader.idle());
    }
}

TEST_CASE("chunks are put together and trailers are dropped") {
    const std::string_view bytes =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
        "5\r\nhello\r\n1;name=\"value\"\r\n \r\nA\r\n0123456789\r\n0\r\nHost: evil\r\nX: y\r\n\r\n";
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        request_reader reader{usual_bounds};
        REQUIRE(read(reader, bytes, step) == state::complete);
        CHECK(reader.parts().body == "hello 0123456789");
        CHECK(reader.parts().fields.size() == 2);
    }
}

TEST_CASE("a connection stays when the version and the Connection field say so") {
    struct row {
        std::string_view head;
        bool stays;
    };
    for (const auto& each : {
             row{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
             row{"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
             row{"GET / HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", true},
             row{"GET / HTTP/1.0\r\n\r\n", false},
             row{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
         }) {
        INFO(each.head);
        request_reader reader{usual_bounds};
        REQUIRE(read(reader, each.head, each.head.size()) == state::complete);
        CHECK(reader.parts().keep_alive == each.stays);
    }
}

TEST_CASE("the largest request that is allowed is read whole, however large its head") {
    const std::string filler = "X: " + std::string(limits::http_header_bytes - 200, 'h') + "\r\n";
    const std::string body(limits::http_body_bytes, 'b');
    const auto bytes = "POST / HTTP/1.1\r\nHost: a\r\n" + filler + "Content-Length: " + std::to_string(body.size()) +
                       "\r\n\r\n" + body;
    for (const std::size_t step : {std::size_t{977}, std::size_t{65'536}, bytes.size()}) {
        request_reader reader{usual_bounds};
        for (int round = 0; round < 2; ++round) {
            REQUIRE(read(reader, bytes, step) == state::complete);
            CHECK(reader.parts().body == body);
            CHECK(reader.parts().fields[1].value.size() == limits::http_header_bytes - 200);
            reader.release();
        }
    }
}

TEST_CASE("100 Continue is wanted once, and not when the body is there already") {
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    request_reader reader{usual_bounds};
    give(reader, head);
    REQUIRE(reader.next() == state::need_more);
    CHECK(reader.wants_continue());
    CHECK_FALSE(reader.wants_continue());
    give(reader, "ab");
    CHECK(reader.next() == state::complete);

    request_reader eager{usual_bounds};
    give(eager, head + "a");
    REQUIRE(eager.next() == state::need_more);
    CHECK_FALSE(eager.wants_continue());
}

TEST_CASE("several Cookie fields are read as one") {
    request_reader reader{usual_bounds};
    give(reader, "GET / HTTP/1.1\r\nHost: a\r\ncookie: a=1\r\nX: y\r\nCookie: b=2\r\nCOOKIE: c=3\r\n\r\n");
    REQUIRE(reader.next() == state::complete);
    CHECK(reader.parts().fields[1].value == "a=1; b=2; c=3");
}

TEST_CASE("what follows a request is kept for whoever takes the socket over") {
    request_reader reader{usual_bounds};
    give(reader, "GET /ws HTTP/1.1\r\nHost: a\r\n\r\n\x81\x80zzzz");
    REQUIRE(reader.next() == state::complete);
    CHECK(reader.take_unread() == "\x81\x80zzzz");
}
