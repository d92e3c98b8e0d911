#include "auth-service/src/limits/device_cookie.hpp"

#include <sodium.h>

#include <algorithm>

#include "common/core/cookie.hpp"
#include "common/core/limits.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor::rate_limit {
namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::size_t head_bytes = 1 + 1 + 16 + 4;
constexpr std::size_t proof_bytes = std::tuple_size_v<session::token_proof>;
constexpr std::size_t mark_bytes = 8;
constexpr std::string_view account_context = "stagedoor device account 1:";
constexpr std::string_view proof_context = "stagedoor device cookie 1:";

using bytes = std::vector<std::uint8_t>;

bytes join(std::string_view context, std::span<const std::uint8_t> rest) {
    bytes all(context.begin(), context.end());
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
}

std::int64_t to_seconds(instant t) { return to_unix_ms(t) / 1000; }

}  // namespace

device_cookie::device_cookie(const session::key_ring& keys, bool secure, unsigned port)
    : keys_{keys},
      name_{secure ? "__Host-stagedoor-device" : "stagedoor-device-" + std::to_string(port)},
      // Strict: only our own pages sign people in.
      attributes_{secure ? "; Path=/; HttpOnly; SameSite=Strict; Secure" : "; Path=/; HttpOnly; SameSite=Strict"} {}

device_cookie::account_mark device_cookie::mark(std::uint8_t key_id, std::string_view email) const {
    const std::span text{reinterpret_cast<const std::uint8_t*>(email.data()), email.size()};
    // The key is there: it is the signing one, or has just proved a cookie.
    const auto full = keys_.prove(key_id, join(account_context, text)).value_or(session::token_proof{});
    account_mark cut;
    std::copy_n(full.begin(), cut.size(), cut.begin());
    return cut;
}

std::optional<device_cookie::content> device_cookie::parse(std::string_view value, instant now) const {
    const auto size = value.size() * 3 / 4;
    if (size < head_bytes + mark_bytes + proof_bytes) return std::nullopt;
    const auto marks = size - head_bytes - proof_bytes;
    if (marks % mark_bytes != 0 || marks / mark_bytes > limits::device_accounts) return std::nullopt;
    bytes all(size);
    if (!from_base64url(value, all) || all[0] != format_version) return std::nullopt;

    const std::span proved{all.data(), size - proof_bytes};
    const auto proof = keys_.prove(all[1], join(proof_context, proved));
    if (!proof || !equal_in_constant_time(*proof, std::span{all}.last(proof_bytes))) return std::nullopt;

    content found;
    found.key_id = all[1];
    std::copy_n(all.begin() + 2, found.device.size(), found.device.begin());
    for (std::size_t i = head_bytes - 4; i < head_bytes; ++i) found.issued = found.issued << 8 | all[i];
    const auto life = std::chrono::duration_cast<std::chrono::seconds>(limits::device_cookie_life).count();
    if (to_seconds(now) >= found.issued + life) return std::nullopt;
    for (auto at = proved.begin() + head_bytes; at != proved.end(); at += mark_bytes) {
        std::copy_n(at, mark_bytes, found.accounts.emplace_back().begin());
    }
    return found;
}

std::optional<device_cookie::content> device_cookie::find(std::string_view cookie_header, instant now) const {
    for (const auto value : find_cookies(cookie_header, name_)) {
        auto found = parse(value, now);
        if (found) return found;
    }
    return std::nullopt;
}

std::optional<device_id> device_cookie::recognise(std::string_view cookie_header, std::string_view email,
                                                  instant now) const {
    const auto found = find(cookie_header, now);
    if (!found || std::ranges::find(found->accounts, mark(found->key_id, email)) == found->accounts.end()) {
        return std::nullopt;
    }
    return found->device;
}

std::string device_cookie::remember(std::string_view cookie_header, std::string_view email, instant now) const {
    auto known = find(cookie_header, now).value_or(content{});
    if (known.accounts.empty()) randombytes_buf(known.device.data(), known.device.size());
    if (known.key_id != keys_.signing_key_id()) known.accounts.clear();
    known.key_id = keys_.signing_key_id();
    known.issued = static_cast<std::uint32_t>(to_seconds(now));

    const auto account = mark(known.key_id, email);
    std::erase(known.accounts, account);
    known.accounts.insert(known.accounts.begin(), account);
    if (known.accounts.size() > limits::device_accounts) known.accounts.resize(limits::device_accounts);

    const auto life = std::chrono::duration_cast<std::chrono::seconds>(limits::device_cookie_life).count();
    return name_ + "=" + format(known) + "; Max-Age=" + std::to_string(life) + attributes_;
}

std::string device_cookie::format(const content& what) const {
    bytes all{format_version, what.key_id};
    all.insert(all.end(), what.device.begin(), what.device.end());
    for (int shift = 24; shift >= 0; shift -= 8) all.push_back(static_cast<std::uint8_t>(what.issued >> shift));
    for (const auto& account : what.accounts) all.insert(all.end(), account.begin(), account.end());
    const auto proof = keys_.prove(what.key_id, join(proof_context, all)).value_or(session::token_proof{});
    all.insert(all.end(), proof.begin(), proof.end());
    return to_base64url(all);
}

}  // namespace stagedoor::rate_limit
