# shellcheck shell=bash
# What ./run and ./test do first: messages, Debian packages, tool versions, building.
# Sourced, with `root` (the top of the project) and `program` (who speaks in messages) set.
: "${root:?}" "${program:?}"

readonly build_dir_default=$root/build/release

say() { printf '%s\n' "$*"; }

# One line, to stderr, and the end. What was started ends in the caller's EXIT trap.
fail() {
    printf '%s: %s\n' "$program" "$*" >&2
    exit 1
}

# --- commands that take long -------------------------------------------------------------------------------------

attended=

# attend <command…>: runs it to its end in a session of its own, and is interruptible meanwhile: a shell that waits for
# a foreground command would heed SIGTERM only after it. Whoever calls this has end_attended in its EXIT trap.
attend() {
    local status=0
    # A shell starts such commands with SIGINT and SIGQUIT ignored; should we be killed, the kernel ends them.
    setsid env --default-signal=INT,QUIT setpriv --pdeathsig TERM "$@" </dev/null &
    attended=$!
    wait "$attended" || status=$?
    attended=
    return "$status"
}

end_attended() {
    [[ -n $attended ]] || return 0
    kill -TERM -- "-$attended" 2>/dev/null || kill -TERM "$attended" 2>/dev/null || true
    wait "$attended" 2>/dev/null || true
    attended=
}

# --- Debian packages ---------------------------------------------------------------------------------------------

system_name() {
    local name='this system'
    # shellcheck source=/dev/null
    [[ -r /etc/os-release ]] && name=$(. /etc/os-release && printf '%s' "${PRETTY_NAME:-$ID}")
    printf '%s' "$name"
}

is_debian_12() {
    # shellcheck source=/dev/null
    [[ -r /etc/os-release ]] && (. /etc/os-release && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]])
}

apt_get() {
    local sudo=()
    ((EUID == 0)) || sudo=(sudo)
    # In the foreground, for sudo may have to ask, and dpkg is not to be cut off in the middle.
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@" \
        </dev/null 2>&1 9>&-  # what packages start is not to hold ./run's lock
}

# missing_packages <for>…: those of packages.txt that are neither installed nor replaced by a command that will do.
missing_packages() {
    local package command
    awk -v roles=" $* " '
        NR == FNR { if ($1 == "installed") have[$2]; next }
        /^[a-z]/ && index(roles, " " $1 " ") && !($2 in have) && !seen[$2]++ { print $2, $3 }
    ' <(dpkg-query -W -f='${db:Status-Status} ${Package}\n') "$root/scripts/packages.txt" |
        while read -r package command; do
            [[ -n $command ]] && command -v "$command" >/dev/null || printf '%s\n' "$package"
        done
}

# Turns apt's lines into one that counts, and into silence where nobody watches.
count_packages() {
    local line fetched=0 unpacked=0 ready=0
    while read -r line; do
        case $line in
            Get:*) fetched=$((fetched + 1)) ;;
            Unpacking*) unpacked=$((unpacked + 1)) ;;
            'Setting up'*) ready=$((ready + 1)) ;;
            *) continue ;;
        esac
        [[ ! -t 1 ]] || printf '\r  %d downloaded, %d unpacked, %d ready ' "$fetched" "$unpacked" "$ready"
    done
    [[ ! -t 1 ]] || printf '\n'
}

# ensure_packages <for>…: installs what is missing; asks for neither root nor a network when nothing is.
ensure_packages() {
    local missing log=$root/build/packages.log why
    if ! command -v apt-get >/dev/null; then
        say "There is no apt-get on $(system_name): what scripts/packages.txt lists has to be there already."
        return
    fi
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    ((EUID == 0)) || command -v sudo >/dev/null ||
        fail "these Debian packages are missing: ${missing[*]}; install them, or run this as root or where sudo is"

    say "Installing ${#missing[@]} Debian packages and what they need: ${missing[*]}"
    mkdir -p "$root/build" || fail "cannot write in $root"
    apt_get update >"$log" || true  # lists from before may do; if not, the next step says so
    if ! apt_get install -y --no-install-recommends "${missing[@]}" | tee -a "$log" | count_packages; then
        # Without a network each package is "not found" too: the reason is what could not be fetched.
        why=$(grep -m 1 -E '^[EW]: Failed to fetch' "$log" || grep '^E: ' "$log" | tail -n 1 || echo 'E: it did not say why')
        is_debian_12 || why+=" (Stagedoor is made for Debian 12, this is $(system_name))"
        fail "apt-get could not install the packages: ${why#[EW]: }; all it said is in $log"
    fi
}

# --- tools -------------------------------------------------------------------------------------------------------

# need_tool <command> <oldest version> <version found>
need_tool() {
    command -v "$1" >/dev/null || fail "$1 is missing (Debian 12 has it; see scripts/packages.txt)"
    [[ $(printf '%s\n%s\n' "$2" "$3" | sort -V | head -n 1) == "$2" ]] ||
        fail "$1 is ${3:-of unknown version}, at least $2 is needed (Stagedoor is made for Debian 12, this is $(system_name))"
}

# first_version <command…>: the first thing in its output that looks like a version.
first_version() {
    { "$@" 2>/dev/null || true; } | awk 'match($0, /[0-9]+(\.[0-9]+)+/) && !n++ { print substr($0, RSTART, RLENGTH) }'
}

check_build_tools() {
    need_tool g++ 12.2 "$(first_version g++ -dumpfullversion)"
    need_tool cmake 3.25 "$(first_version cmake --version)"
    need_tool ninja 1.10 "$(first_version ninja --version)"
}

check_run_tools() {
    need_tool redis-server 6.2 "$(first_version redis-server --version)"
    need_tool redis-cli 6.2 "$(first_version redis-cli --version)"
    need_tool curl 7.0 "$(first_version curl --version)"
}

check_test_tools() {
    need_tool node 18.0 "$(first_version node --version)"
    need_tool npm 9.0 "$(first_version npm --version)"
}

# --- building ----------------------------------------------------------------------------------------------------

cached() { sed -n "s/^$1:[^=]*=//p" "$build_dir_default/CMakeCache.txt" 2>/dev/null || true; }

# configure <ON|OFF|as-it-is>: whether the tests are built too. "as-it-is" keeps what an earlier ./test has chosen, so that
# ./run and ./test share one tree and neither compiles anything again that the other has compiled.
configure() {
    local tests=$1 log=$root/build/configure.log options=()
    if [[ $(cached CMAKE_HOME_DIRECTORY) != "$root" ]]; then
        options+=(--fresh)  # first time, or the project was moved
        command -v ccache >/dev/null && options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
        [[ $tests == as-it-is ]] && tests=OFF
    elif [[ -f $build_dir_default/build.ninja && ($tests == as-it-is || $tests == "$(cached STAGEDOOR_TESTS)") ]]; then
        return  # ninja itself configures again when a CMakeLists.txt has changed
    fi
    [[ $tests == as-it-is ]] || options+=("-DSTAGEDOOR_TESTS=$tests")
    mkdir -p "$root/build" || fail "cannot write in $root"
    attend cmake -S "$root" --preset release "${options[@]}" >"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        fail "cmake could not configure the build; all it said is in $log"
    }
}

# build <ON|OFF|as-it-is> [target…]
build() {
    local tests=$1 targets=("${@:2}")
    configure "$tests"
    # CCACHE_BASEDIR: ccache then finds a file again that was compiled in another checkout.
    NINJA_STATUS='[%f/%t] ' CCACHE_BASEDIR=$root attend \
        env -C "$build_dir_default" ninja -j "$("$root/scripts/build_jobs")" "${targets[@]}" ||
        fail "the build failed; what the compiler said is above"
}
