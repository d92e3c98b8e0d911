// Cookies (RFC 6265bis): reading the Cookie field without allocating, writing Set-Cookie for our session.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stagedoor {

// The values of the cookies called `name`, in the order of the field, found one by one: a parent domain can toss any number
// of our name, and whoever asks stops after limits::session_cookies_tried that are genuine (K11). Views into `header`.
class cookie_values {
public:
    struct end_of_field {};
    class iterator {
    public:
        iterator(std::string_view rest, std::string_view name) noexcept : rest_{rest}, name_{name} { find_next(); }
        std::string_view operator*() const noexcept { return value_; }
        iterator& operator++() noexcept {
            find_next();
            return *this;
        }
        bool operator==(end_of_field) const noexcept { return ended_; }

    private:
        void find_next() noexcept;

        std::string_view rest_;
        std::string_view name_;
        std::string_view value_;
        bool ended_ = false;
    };

    cookie_values(std::string_view header, std::string_view name) noexcept : header_{header}, name_{name} {}
    iterator begin() const noexcept { return {header_, name_}; }
    end_of_field end() const noexcept { return {}; }

private:
    std::string_view header_;
    std::string_view name_;
};
inline cookie_values find_cookies(std::string_view header, std::string_view name) noexcept { return {header, name}; }

// How the session cookie of one deployment is called and marked. Made from the first allowed origin:
// on https `__Host-stagedoor` and Secure, on http `stagedoor-<port>`, since ports share cookies (K11).
// With a domain, which needs https, it is `__Secure-stagedoor` and goes to every host of that domain.
class session_cookie {
public:
    session_cookie(bool secure, unsigned port, std::string_view domain = {});

    std::string_view name() const noexcept { return name_; }

    // A Set-Cookie value; `max_age` is what remains of the session's absolute time (K4).
    std::string set(std::string_view token, std::chrono::seconds max_age) const;
    std::string clear() const;

private:
    std::string name_;
    std::string attributes_;
};

// What is wrong with a cookie for all hosts of `domain`, as a sentence; "" when nothing is: it has to be a lower-case name
// of two labels or more, and every origin https and a host of it. (Whether it is a public suffix, browsers know.)
std::string complaint_about_cookie_domain(std::string_view domain, std::span<const std::string> origins);

}  // namespace stagedoor
