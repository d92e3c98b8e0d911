#!/bin/sh
# The init service of docker-compose.yml: makes the secrets once, each where only its users can read it.
#   /secrets/redis   users.acl, hashes only          /secrets/keys   the session keys, for both services
#   /secrets/auth, /secrets/notify   a config file with that service's own Redis password
set -eu
umask 077

services=10001:10001  # the user of both images

if [ ! -e /secrets/redis/users.acl ]; then
    random_hex() { od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n'; }
    sha256() { printf '%s' "$1" | sha256sum | cut -d ' ' -f 1; }
    auth=$(random_hex)
    notify=$(random_hex)
    echo "redis-url = redis://auth:$auth@redis:6379" >/secrets/auth/service.conf
    echo "redis-url = redis://notify:$notify@redis:6379" >/secrets/notify/service.conf
    sed -e '/^#/d' -e 's/@DEFAULT@/on nopass resetkeys resetchannels -@all +ping/' \
        -e "s/@AUTH_SHA256@/$(sha256 "$auth")/" -e "s/@NOTIFY_SHA256@/$(sha256 "$notify")/" \
        /templates/redis.acl >/secrets/redis/users.acl.part
    mv /secrets/redis/users.acl.part /secrets/redis/users.acl
fi

if [ ! -e /secrets/keys/session-keys ]; then
    # One key: an id and 32 bytes in base64url. See common/session/key_ring.hpp.
    echo "1 $(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')" >/secrets/keys/session-keys.part
    mv /secrets/keys/session-keys.part /secrets/keys/session-keys
fi

chown -R "$services" /secrets/auth /secrets/notify /secrets/keys
chown -R redis:redis /secrets/redis
