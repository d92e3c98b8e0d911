#include <cstdlib>
#include <filesystem>

#include "auth-service/src/store/sqlite_answer_store.hpp"
#include "auth-service/src/store/sqlite_approval_store.hpp"
#include "auth-service/src/store/sqlite_audit_store.hpp"
#include "auth-service/src/store/sqlite_event_records.hpp"
#include "auth-service/src/store/sqlite_outbox.hpp"
#include "auth-service/src/store/sqlite_purge_store.hpp"
#include "auth-service/src/store/sqlite_session_ledger.hpp"
#include "auth-service/src/store/sqlite_token_store.hpp"
#include "auth-service/src/store/sqlite_user_store.hpp"
#include "common/core/secrets.hpp"
#include "tests/contract/store/stores.hpp"
#include "tests/support/catch.hpp"

namespace stagedoor::tests {
namespace {

class temporary_folder {
public:
    temporary_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "stagedoor-store-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()));
        path_ = name;
    }
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string file(const char* name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

class sqlite_stores final : public stores {
public:
    sqlite_stores() : database_{*store::sqlite_store::open(folder_.file("test.db"))} {}
    ~sqlite_stores() override { database_->stop(); }

    user::user_store& users() override { return users_; }
    session::session_ledger& ledger() override { return ledger_; }
    approval::approval_store& approvals() override { return approvals_; }
    approval::outbox& outbox() override { return outbox_; }
    admin::audit_store& audit() override { return audit_; }
    admin::token_store& tokens() override { return tokens_; }
    admin::answer_store& answers() override { return answers_; }
    upkeep::purge_store& purge() override { return purge_; }
    std::unique_ptr<upkeep::purge_store> purge_of_another_process() override {
        return std::make_unique<store::sqlite_purge_store>(*database_);
    }
    events::event_records& events() override { return events_; }
    void run_sql(const std::string& text) override {
        auto shell = sql::database::open(folder_.file("test.db"));
        REQUIRE(shell.has_value());
        const auto ran = (*shell)->run_script(text);
        INFO((*shell)->last_message());
        REQUIRE(ran.has_value());
    }

private:
    temporary_folder folder_;
    std::unique_ptr<store::sqlite_store> database_;
    store::sqlite_user_store users_{*database_};
    store::sqlite_session_ledger ledger_{*database_};
    store::sqlite_approval_store approvals_{*database_};
    store::sqlite_outbox outbox_{*database_};
    store::sqlite_audit_store audit_{*database_};
    store::sqlite_token_store tokens_{*database_};
    store::sqlite_answer_store answers_{*database_};
    store::sqlite_purge_store purge_{*database_};
    store::sqlite_event_records events_{*database_};
};

}  // namespace

std::unique_ptr<stores> make_stores() {
    init_crypto();
    return std::make_unique<sqlite_stores>();
}

}  // namespace stagedoor::tests
