#include "auth-service/src/session/device_name.hpp"

#include "tests/support/catch.hpp"

using stagedoor::session::device_name;

TEST_CASE("a device is named by its browser and its system") {
    struct expectation {
        std::string_view user_agent;
        std::string_view name;
    };
    const expectation table[] = {
        {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Windows"},
        {"Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0", "Firefox on Android"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
         "FxiOS/127.0 Mobile/15E148 Safari/605.1.15", "Firefox on iPhone"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
         "Version/17.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"},
        {"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.0.0 "
         "Mobile/15E148 Safari/604.1", "Chrome on iPad"},
        {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
         "Safari/605.1.15", "Safari on Mac"},
        {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile "
         "Safari/537.36", "Chrome on Android"},
        {"Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
         "SamsungBrowser/21.0 Chrome/110.0.5481.154 Mobile Safari/537.36", "Samsung Internet on Android"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
         "Safari/537.36 Edg/126.0.0.0", "Edge on Windows"},
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 "
         "Safari/537.36 OPR/110.0.0.0", "Opera on Windows"},
        {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
         "Safari/537.36", "Chrome on ChromeOS"},
        {"curl/8.5.0", "curl"},
        {"stagectl/0.1.0", "stagectl"},
        {"Wget/1.21.3", "Wget"},
        {"python-requests/2.31.0", "Python"},
        {"Go-http-client/1.1", "Go"},
        {"node", "Node.js"},
        {"undici", "Node.js"},
        {"Mozilla/5.0 (Windows NT 10.0) Something/1.0", "Browser on Windows"},
        {"Firefox/1.0", "Firefox"},
    };
    for (const auto& [user_agent, name] : table) {
        INFO(user_agent);
        CHECK(device_name(user_agent) == name);
    }
}

TEST_CASE("a device that says nothing of use is unknown, and nothing that it says gets into its name") {
    for (const auto* user_agent : {"", " ", "Mozilla/5.0", "<script>alert(1)</script>", "not curl/8", "\xff\xfe"}) {
        INFO(user_agent);
        CHECK(device_name(user_agent) == "Unknown device");
    }
    CHECK(device_name("<b>Firefox/1.0 on my Windows</b>") == "Firefox on Windows");
}
