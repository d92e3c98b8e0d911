// When a password's hash is made again: the form is libsodium's.
#include "auth-service/src/user/password_hasher.hpp"

#include <catch2/catch.hpp>

using stagedoor::user::hash_password;
using stagedoor::user::password_hasher;

TEST_CASE("a hash is outdated when it was made with weaker parameters, and only then") {
    CHECK_FALSE(password_hasher::is_outdated(hash_password("a long password")));
    CHECK_FALSE(password_hasher::is_outdated("$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA"));
    CHECK(password_hasher::is_outdated("$argon2id$v=19$m=8192,t=2,p=1$c2FsdA$aGFzaA"));
    CHECK(password_hasher::is_outdated("$argon2id$v=19$m=19456,t=1,p=1$c2FsdA$aGFzaA"));
    CHECK(password_hasher::is_outdated("$argon2i$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA"));
    CHECK(password_hasher::is_outdated(""));
}
