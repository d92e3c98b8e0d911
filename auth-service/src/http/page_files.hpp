// The pages and assets of auth-service/web as they are sent, embedded in the binary. Made once at start; all shards
// read it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "auth-service/src/pages/access.hpp"

namespace stagedoor::api {

class page_files {
public:
    // `notify_url`: the WebSocket address that pages connect to; empty: /ws on their own origin.
    explicit page_files(std::string_view notify_url);

    struct file {
        std::string body;
        std::string_view content_type;
        std::string etag;
    };
    const file& of(pages::page which) const { return pages_.at(which); }
    // nullptr when there is none of this name.
    const file* asset(std::string_view name) const;

    // What a page may load and connect to (CSP level 3): itself, and the notify address.
    const std::string& content_security_policy() const noexcept { return policy_; }

private:
    std::map<pages::page, file> pages_;
    std::map<std::string, file, std::less<>> assets_;
    std::string policy_;
};

}  // namespace stagedoor::api
