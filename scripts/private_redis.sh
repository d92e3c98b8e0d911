# shellcheck shell=bash
# The Redis of ./run: a unix socket and no port, an append-only file, one user per service. Sourced after processes.sh.
: "${root:?}" "${data:=}"

readonly socket_path_limit=107  # sun_path holds 108 bytes, with the NUL

redis_socket=
socket_folder=
auth_redis_url=
notify_redis_url=

# Where the socket goes: beside the data, unless that path is too long for a socket or means something else in a URL.
choose_redis_socket() {
    redis_socket=$data/redis.sock
    if ((${#redis_socket} > socket_path_limit)) || [[ ! $redis_socket =~ ^[A-Za-z0-9/._-]+$ ]]; then
        socket_folder=$(mktemp -d /tmp/stagedoor.XXXXXXXX) || fail "cannot make a directory for Redis' socket in /tmp"
        redis_socket=$socket_folder/redis.sock
    fi
}

remove_redis_socket() {
    [[ -z $socket_folder ]] || rm -rf -- "$socket_folder"
}

# Passwords live as long as the processes do: nothing has to keep them.
write_redis_users() {
    local auth notify
    auth=$(random_hex)
    notify=$(random_hex)
    sed -e '/^#/d' -e "s/@DEFAULT@/on nopass ~* \&* +@all/" \
        -e "s/@AUTH_SHA256@/$(sha256 "$auth")/" -e "s/@NOTIFY_SHA256@/$(sha256 "$notify")/" \
        "$root/scripts/redis.acl" | write_file "$data/redis/users.acl"
    # shellcheck disable=SC2034  # ./run passes both on
    auth_redis_url=unix://auth:$auth@$redis_socket
    # shellcheck disable=SC2034
    notify_redis_url=unix://notify:$notify@$redis_socket
}

# One line of Redis' configuration whose value may hold any character but a line end.
redis_setting() {
    local value=${2//\\/\\\\}
    printf '%s "%s"\n' "$1" "${value//\"/\\\"}"
}

write_redis_configuration() {
    {
        echo 'port 0'
        redis_setting unixsocket "$redis_socket"
        echo 'unixsocketperm 700'
        redis_setting dir "$data/redis"
        redis_setting aclfile "$data/redis/users.acl"
        echo 'appendonly yes'
        echo 'appendfsync everysec'
        echo 'auto-aof-rewrite-min-size 256mb'  # as in compose/redis.conf
        echo 'save ""'
        echo 'maxmemory-policy noeviction'  # a lost key would be a lost session record
    } | write_file "$data/redis/redis.conf"
}

redis_says_pong() { [[ $(redis-cli -s "$redis_socket" ping 2>&1) == PONG ]]; }

start_redis() {
    choose_redis_socket
    mkdir -p "$data/redis" || fail "cannot write in $data"
    write_redis_users
    write_redis_configuration
    rm -f -- "$redis_socket"
    start redis redis-server "$data/redis/redis.conf"
    await redis redis_says_pong
}
