#include "auth-service/stagectl/credentials.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "auth-service/stagectl/failure.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor::ctl;

namespace {

class folder {
public:
    folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "stagectl-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~folder() { std::filesystem::remove_all(path_); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    std::filesystem::path file() const { return path_ / "stagedoor" / "credentials.json"; }

private:
    std::filesystem::path path_;
};

std::string complaint_about(const std::filesystem::path& file) {
    try {
        credential_file{file};
    } catch (const failure& why) {
        return why.what();
    }
    return {};
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("what login keeps is found again, for each server, and only its owner can read it") {
    const folder at;
    {
        credential_file kept{at.file()};
        CHECK(kept.last_server().empty());
        kept.put("http://a", {"stagedoor-8080=x", "", "ada@example.com"});
        kept.put("https://b", {"", "stagedoor_t", "API token"});
    }
    credential_file kept{at.file()};
    CHECK(kept.last_server() == "https://b");
    CHECK(kept.find("http://a")->cookie == "stagedoor-8080=x");
    CHECK(kept.find("https://b")->token == "stagedoor_t");
    CHECK_FALSE(kept.find("http://c"));
    struct stat about{};
    REQUIRE(::stat(at.file().c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
}

TEST_CASE("a server that is forgotten gives way to one that is not") {
    const folder at;
    credential_file kept{at.file()};
    kept.put("http://a", {"x", "", ""});
    kept.put("http://b", {"y", "", ""});
    kept.forget("http://b");
    CHECK(kept.last_server() == "http://a");
    CHECK_FALSE(credential_file{at.file()}.find("http://b"));
}

TEST_CASE("a file that others can read, or that is damaged, is refused and left alone") {
    const folder at;
    credential_file{at.file()}.put("http://a", {"x", "", ""});
    ::chmod(at.file().c_str(), 0644);
    CHECK(has(complaint_about(at.file()), "can be read by others"));
    ::chmod(at.file().c_str(), 0600);
    std::ofstream{at.file()} << "{\"servers\":";
    CHECK(has(complaint_about(at.file()), "are damaged"));
    CHECK(std::filesystem::file_size(at.file()) == 11);
}
