// Every bound on what the outside can drive: sizes, counts and times, each with its reason.
// What an operator may change is an option (common/config) whose default is named here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "common/core/rate.hpp"

namespace stagedoor::limits {

using namespace std::chrono_literals;

// --- HTTP edge ---
// Large enough for four session cookies (K11) beside what browsers and proxies add; RFC 9110 asks for a bound only.
inline constexpr std::size_t http_header_bytes = 16 * 1024;
// The longest useful target is a list with a search text and a cursor.
inline constexpr std::size_t http_target_bytes = 4 * 1024;
// The largest body of today is a profile; leaves room for texts in any script.
inline constexpr std::size_t http_body_bytes = 64 * 1024;
// A request has to arrive whole within this time; slow senders hold no connection for longer.
inline constexpr auto http_request_time = 10s;
// A kept-alive connection without a request is closed after this time; longer than gateways' reuse (nginx: 60 s).
inline constexpr auto http_idle_time = 75s;
// A peer that takes longer to read one answer is gone.
inline constexpr auto http_write_time = 10s;
// Connections of one process: leaves file descriptors for the database, Redis and logs under a limit of 20,000.
inline constexpr std::size_t http_connections = 16'000;

// --- what people type ---
inline constexpr std::size_t email_bytes = 254;          // RFC 5321 section 4.5.3.1.3 less the angle brackets
inline constexpr std::size_t password_min_chars = 8;     // ASVS 5.0 6.2.1
inline constexpr std::size_t password_max_chars = 256;   // ASVS 5.0 6.2.9 asks for at least 64
inline constexpr std::size_t display_name_chars = 100;   // a name, also a long one, and not a novel
inline constexpr std::size_t reason_chars = 500;         // a paragraph
inline constexpr std::size_t phone_chars = 40;           // E.164 has 15 digits; leaves room for how people write them
inline constexpr std::size_t company_chars = 200;
inline constexpr std::size_t bio_chars = 2'000;
inline constexpr std::size_t search_chars = 100;
inline constexpr std::size_t user_agent_bytes = 256;     // enough to name browser and system
inline constexpr std::size_t json_depth = 8;             // our deepest body has 2

// --- lists ---
inline constexpr std::size_t page_default = 50;
inline constexpr std::size_t page_max = 200;

// People that one search looks at: some 15 ms of a reader. Whoever has more of them goes on by the cursor.
inline constexpr std::size_t search_examined = 50'000;

// --- admins' tools ---
inline constexpr std::size_t bulk_ids = 10'000;
inline constexpr std::size_t bulk_batch = 250;  // people decided in one transaction: some 5 ms of the writer, then others come
inline constexpr std::size_t bulk_calls = 4;    // under way in a process; beyond it: overloaded
// 10,000 ids, quotes and commas, white space of a pretty printer, and a reason. Only for callers who may do it.
inline constexpr std::size_t bulk_body_bytes = 640 * 1024;
inline constexpr std::size_t audit_examined = 50'000;  // rows that one look at the audit log goes through
inline constexpr std::size_t api_token_name_chars = 100;
inline constexpr auto api_token_life_default = std::chrono::days{90};
inline constexpr auto api_token_life_max = std::chrono::days{366};  // the schema says so too
inline constexpr auto api_token_use_interval = 60s;                 // its last use is written at most so often
inline constexpr std::size_t api_tokens_known = 1'024;  // a node remembers as good: no limit on bad ones keeps them out
// Refused calls are audited as sums: of so many kinds (who, what, why) at a time, each written once, and again with the
// sum when the window is over; the rest is one more kind. So a flood is a number, not rows: 6,500 a day at most.
inline constexpr auto denial_window = 20min;
inline constexpr std::size_t denial_kinds = 45;
inline constexpr std::size_t denials_kept = 100'000;  // then the oldest of them go; no other audit row ever does
// Idempotency-Key: how long an answer is given again, how many are kept, how much room they take in all.
inline constexpr std::size_t idempotency_key_chars = 128;
inline constexpr auto kept_answer_time = 24h;
inline constexpr std::size_t kept_answers = 10'000;
inline constexpr std::size_t kept_answer_bytes = 64 * 1024 * 1024;
inline constexpr auto kept_answer_lease = 30s;  // an answer that has not come by then never will: its process died

// --- cookies (K11) ---
inline constexpr std::size_t session_cookies_tried = 4;

// --- sessions ---
inline constexpr auto session_idle_default = 24h;
inline constexpr auto session_absolute_default = std::chrono::days{14};
inline constexpr auto rotation_grace = 60s;    // G of K3
inline constexpr auto touch_interval = 60s;    // K6
inline constexpr auto acknowledge_after = 10s; // K5
inline constexpr auto tombstone_ttl = 10min;   // K6
// Living sessions of one user; beyond it the oldest goes. Far more than a person's browsers, few enough to be listed.
inline constexpr std::size_t sessions_per_user_default = 32;
inline constexpr std::size_t sessions_per_user_max = 256;  // one MGET of all their records

inline constexpr std::size_t session_cache_default = std::size_t{64} << 20;  // about 100,000 sessions

// --- Redis ---
inline constexpr auto redis_connect_time = 1s;
// A reply later than this means that the link is lost: outages have to be answered within 1 s.
inline constexpr auto redis_reply_time = 500ms;
// A reply behind messages that keep coming is waited for so long: 50,000 letters at once take a loaded node seconds.
inline constexpr auto redis_backlog_time = 5s;
// What one request may spend on Redis before the ledger is asked instead (K10): with the time below for the database
// it is answered within 1 s, whatever is away.
inline constexpr auto redis_answer_time = 250ms;
inline constexpr auto redis_probe_interval = 250ms;   // N4
inline constexpr auto redis_backoff_min = 50ms;
inline constexpr auto redis_backoff_max = 250ms;  // a Redis that came back is used again within a second
// C3. A stale answer is possible for no longer than the lease, and only when a connection has gone half open. Longer
// than redis_probe_interval and a reply's time, so that a Redis which answers keeps it.
inline constexpr auto cache_lease = 500ms;
inline constexpr auto cache_ping_interval = 100ms;
inline constexpr std::size_t redis_pending_requests = 16'384;         // a shard's; beyond it: overloaded
inline constexpr std::size_t redis_pending_bytes = 8 * 1024 * 1024;
inline constexpr std::size_t redis_read_chunk = 64 * 1024;            // hiredis 0.14 is not fed more at a time
inline constexpr std::size_t redis_reply_bytes = 16 * 1024 * 1024;    // many times 64 letters of the largest size
inline constexpr std::size_t stream_entries = 64;                     // MAXLEN of a user's stream (R2)
inline constexpr std::size_t admin_stream_entries = 1'000;            // R3
// Longer than any row that was relayed waits to be marked, so that none comes twice; bounded in number as well.
inline constexpr auto admin_seen_time = std::chrono::days{8};
inline constexpr std::size_t admin_seen_ids = 100'000;

// --- relay ---
inline constexpr std::size_t relay_batch = 256;    // rows read at once by the scan
inline constexpr std::size_t relay_call = 32;      // events in one call of a script: half a millisecond of Redis' time
inline constexpr std::size_t relay_round = 768;    // submitted rows sent at once: fits into redis_pending_bytes
inline constexpr std::size_t relay_marks = 1'024;  // rows marked by one job: some 3 ms of the writer
inline constexpr std::size_t relay_catch_up = 64;  // streams that are mended together, with stream_entries events each
inline constexpr auto relay_poll = 1s;             // S5: the full scan
// Whoever believes Redis does so for this long at most after a look that found nothing missing (R6). What was committed
// and could not be relayed is told no sooner: by then nobody believes a Redis that lacks it.
inline constexpr auto redis_trust_lease = 500ms;
inline constexpr std::size_t replay_ends = 1'024;    // of one step of a replay: some milliseconds of Redis' time
inline constexpr std::size_t replay_keys = 1'024;    // looked at by one SCAN
inline constexpr std::size_t relay_attempts = 5;     // R5: then a row that Redis refuses, not an outage, is parked
inline constexpr auto redis_trust_renewal = 250ms;  // one late renewal costs no trust
inline constexpr auto database_watch = 10ms;    // S5: PRAGMA data_version

// --- database ---
// R4: how far an older copy of Redis may be behind and still be caught up without dropping its session records.
inline constexpr auto outbox_retention_default = std::chrono::days{7};
inline constexpr std::size_t outbox_kept_changes = stream_entries;  // of each user, for ever: a wiped stream needs them
inline constexpr auto ledger_kept_after_expiry = 24h;  // no clock of Redis or of the database is so wrong
inline constexpr std::size_t purge_rows = 128;       // deleted by one job: a millisecond or two of the writer
inline constexpr std::size_t purge_stretch = 2'048;  // rows of the outbox looked at by one read: some milliseconds
inline constexpr auto purge_pause = 20ms;            // after each step: 5,000 rows a second go, more than come
inline constexpr auto purge_first = 2s;              // after the start
inline constexpr auto purge_interval = 10min;
inline constexpr std::size_t database_readers = 2;
inline constexpr std::size_t database_queue = 1'024;   // jobs waiting for a reader or the writer; beyond it: overloaded
inline constexpr auto database_busy_time = 250ms;      // how long a foreign writer may hold the lock before we say so
// A job that has waited longer for its turn is refused: whoever asked gets an answer within this and the time above.
inline constexpr auto database_queue_time = 250ms;
// Sessions that one shard checks in the ledger at a time (K10). Readers do some 20,000 a second: when so many wait, the
// database is not well, and more would wait in vain. Leaves room in the queue for all else.
inline constexpr std::size_t ledger_checks = 256;
// Users whose version was told from the ledger before Redis was known to have it (K8): a minute of a busy outage.
inline constexpr std::size_t told_versions = 65'536;
inline constexpr auto told_version_time = 1min;
// Sessions that the ledger has called over before Redis was known to have heard of it (K10): more than readers find
// within the half second that each of them has to wait.
inline constexpr std::size_t unheard_ends = 65'536;
// A no that would have to wait for longer than this after the request came is not told: the promised second less what a
// busy machine takes.
inline constexpr auto refusal_time = 900ms;

// --- passwords ---
inline constexpr std::size_t password_hash_memory = 19 * 1024 * 1024;  // bytes; OWASP's floor for Argon2id, with:
inline constexpr std::uint64_t password_hash_passes = 2;
inline constexpr std::size_t password_queue = 32;     // waiting sign-ins per hashing thread: less than 0.5 s of work
// What has waited longer for a hashing thread is refused, and what would is not taken: with what a sign-in spends
// before (rate_limit_time, and the database's times above) it is answered within 1 s, also on a starved machine.
inline constexpr auto password_queue_time = 500ms;
// Hashing gives way to everybody and takes what they leave. Where they leave less than about a fifth of a core for this
// long (15 ms on a whole one), batch threads of this niceness do it: they get a quarter of a core that others fill, and rest
// a quarter of this time after each hash. So a sign-in that waited its longest is still answered within 1 s.
inline constexpr auto password_relief_time = 100ms;
inline constexpr int password_relief_niceness = 5;

// --- rate limits --- (the whole count may come at once; then they come back one by one)
// A tenth of what two cores can hash: no network takes the pool from all others, an office at nine o'clock is fine.
inline constexpr rate sign_in_rate{1'200, 1min};
// Failed ones: a network full of people mistypes this often, a guesser gets 14,400 a day over all accounts.
inline constexpr rate network_rate{100, 10min};
// Failed ones: nobody mistypes this often; 960 a day for all guessers together (NIST SP 800-63B asks for a bound of 100
// in a row, and breached passwords are refused).
inline constexpr rate account_rate{10, 15min};
inline constexpr rate device_rate{10, 15min};
// Attempts on a device, right ones as well: nobody signs in and out more often, and no account is to hash all day.
inline constexpr rate device_sign_in_rate{60, 15min};
// Attempts, not accounts: also bounds how many e-mails one can ask about (409 email_taken).
inline constexpr rate registration_rate{300, 1h};
// Those that no token of ours is. 256 random bits are not guessed; this spares the database and the log.
inline constexpr rate bad_token_rate{100, 10min};
// Redis' share of the second within which sign-ins are answered; later, the node's own counts decide, and for a while.
inline constexpr auto rate_limit_time = 150ms;
inline constexpr auto rate_limit_rest = 1s;
inline constexpr std::size_t local_rate_limits = 16'384;  // subjects a node counts while Redis is away: about 3 MB
inline constexpr std::size_t device_accounts = 8;         // that one browser's device cookie knows: 136 characters
inline constexpr auto device_cookie_life = std::chrono::days{180};  // begins again at each sign-in; browsers allow 400

// --- WebSocket ---
// Users whose streams one shard compares at a time (N4), four times a second: 50,000 within the default heartbeat.
inline constexpr std::size_t head_looks_at_once = 512;
inline constexpr std::size_t ws_message_bytes = 4 * 1024;        // clients have little to say: an acknowledgement
inline constexpr std::size_t ws_messages_per_minute = 120;
inline constexpr std::size_t ws_outbox_bytes = 256 * 1024;       // a slow reader's queue; beyond it: 4413
inline constexpr std::size_t ws_outbox_frames = 1'024;
inline constexpr std::size_t ws_sockets_per_user = 64;           // tabs and devices of one person
inline constexpr std::size_t ws_sockets = 16'000;
// Of one client network: an office or a mobile carrier behind one address fits, and keeps no node from everybody else.
inline constexpr std::size_t ws_sockets_per_network = 8'000;
inline constexpr auto ws_heartbeat_default = 25s;                // below gateways' idle timeouts (nginx, ELB: 60 s)
inline constexpr auto ws_pong_time = 10s;
inline constexpr auto ws_close_time = 300ms;                     // N7
inline constexpr std::size_t sse_ignored_bytes = 16 * 1024;      // of what comes behind a request: another one
inline constexpr std::size_t ws_reason_bytes = 123;              // RFC 6455 section 5.5

// --- receipts (N9) ---
// How old a word in Redis about a socket may be, and so how often Redis is bothered: many events are one word.
inline constexpr auto receipt_interval = 100ms;
inline constexpr std::size_t receipt_batch = 256;           // sockets in one write: a millisecond of Redis' time
// Sockets of one user that are remembered, open ones and those that were: four nodes full of them.
inline constexpr std::size_t receipt_lines = 4 * ws_sockets_per_user;
inline constexpr auto receipt_ttl = std::chrono::days{8};   // as long as an event's other traces (admin_seen_time)
inline constexpr auto receipt_renewal = std::chrono::days{1};  // of the lines of sockets that have nothing to tell
inline constexpr std::size_t receipt_backlog = 16'384;      // closed sockets that Redis was not told of: 1 MB a shard
inline constexpr auto receipt_holder_ttl = 3s;              // a node that died is noticed within this time
inline constexpr auto receipt_holder_renewal = 1s;          // one late sign of life, or two, cost nothing

// --- shutdown ---
inline constexpr auto drain_default = 5s;

}  // namespace stagedoor::limits
