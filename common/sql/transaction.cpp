#include "common/sql/transaction.hpp"

namespace stagedoor::sql {
namespace {

// SQLite rolls back by itself after some errors; then there is nothing left to undo, and saying so is no failure.
void undo(database& db) {
    if (db.in_transaction()) static_cast<void>(db.execute("ROLLBACK"));
}

result<void> without_count(result<std::int64_t> done) {
    if (!done) return done.error();
    return {};
}

}  // namespace

result<transaction> transaction::begin(database& db, intent what) {
    const auto begun = db.execute(what == intent::write ? "BEGIN IMMEDIATE" : "BEGIN");
    if (!begun) return begun.error();
    return transaction{db};
}

transaction::~transaction() {
    if (db_) undo(*db_);
}

result<void> transaction::commit() {
    database& db = *std::exchange(db_, nullptr);
    auto committed = without_count(db.execute("COMMIT"));
    if (!committed) undo(db);
    return committed;
}

result<savepoint> savepoint::open(database& db) {
    const auto opened = db.execute("SAVEPOINT part");
    if (!opened) return opened.error();
    return savepoint{db};
}

savepoint::~savepoint() {
    // Where this fails, the transaction around it cannot be committed either.
    if (db_ && db_->in_transaction()) static_cast<void>(undo());
}

result<void> savepoint::release() {
    auto released = without_count(db_->execute("RELEASE part"));
    if (released) db_ = nullptr;
    return released;
}

result<void> savepoint::undo() {
    database& db = *std::exchange(db_, nullptr);
    const auto undone = db.execute("ROLLBACK TO part");
    if (!undone) return undone.error();
    return without_count(db.execute("RELEASE part"));
}

}  // namespace stagedoor::sql
