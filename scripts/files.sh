# shellcheck shell=bash
# Files and secrets of ./run. Sourced after setup.sh.

# write_file <path>: what comes on stdin, whole or not at all.
write_file() {
    # cat says why it could not; its words are not ours to repeat.
    { cat >"$1.part" && mv -f "$1.part" "$1"; } 2>/dev/null || fail "cannot write $1 (is the disk full?)"
}

random_hex() { od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n'; }

# 20 characters that people do not confuse, 99 bits: xxxxx-xxxxx-xxxxx-xxxxx. 1 KiB holds more than enough of them.
random_password() {
    head -c 1024 /dev/urandom | LC_ALL=C tr -dc 'a-km-z2-9' | sed -E 's/^(.{5})(.{5})(.{5})(.{5}).*$/\1-\2-\3-\4/'
}

# sha256 <text>: in hex. The text goes through a pipe: arguments can be read by others.
sha256() { printf '%s' "$1" | sha256sum | cut -d ' ' -f 1; }
