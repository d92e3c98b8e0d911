# shellcheck shell=bash
# The processes that ./run has started: starting, waiting until they are ready, watching, ending. Sourced after setup.sh.
# Needs `data`, the data directory.
: "${data:=}"

readonly ready_seconds=30
readonly stop_seconds=10  # a service drains within 5 s

names=()
pids=()

# start <name> <command…>: in a session of its own, so that Ctrl-C reaches only ./run, which ends all in order. Should
# ./run itself be killed, the kernel ends them. They inherit the lock on the data, which so lasts as long as any of them.
start() {
    local name=$1 log=$data/log/$1.log
    shift
    [[ ! -e $log ]] || mv -f "$log" "$log.1"
    : >"$log" || fail "cannot write $log"
    setsid env --default-signal=INT,QUIT setpriv --pdeathsig TERM "$@" </dev/null >>"$log" 2>&1 &
    names+=("$name")
    pids+=($!)
}

alive() { kill -0 "$1" 2>/dev/null; }

# fail_with_log <name> <message>: the end of that log, then one line.
fail_with_log() {
    local log=$data/log/$1.log
    if [[ -s $log ]]; then
        printf -- '--- the last lines of %s\n' "$log" >&2
        tail -n 12 "$log" >&2
        printf -- '---\n' >&2
    fi
    fail "$2"
}

# Says which child has ended, and ends. $1: its index, $2: its exit status.
fail_ended() {
    local how="exit code $2"
    (($2 <= 128)) || how="signal $(kill -l $(($2 - 128)))"
    fail_with_log "${names[$1]}" "${names[$1]} ended by itself ($how)"
}

fail_if_one_ended() {
    local i status
    for i in "${!pids[@]}"; do
        alive "${pids[i]}" && continue
        status=0
        wait "${pids[i]}" || status=$?
        fail_ended "$i" "$status"
    done
}

# await <name> <command…>: until the command succeeds; fails when a child ends before, or time is up.
await() {
    local name=$1 end=$((SECONDS + ready_seconds))
    shift
    until "$@"; do
        fail_if_one_ended
        ((SECONDS < end)) || fail_with_log "$name" "$name was not ready within $ready_seconds seconds"
        sleep 0.05
    done
}

# Returns never: the first child to end ends everything.
watch_children() {
    local ended='' status=0 i
    wait -n -p ended "${pids[@]}" || status=$?
    for i in "${!pids[@]}"; do
        [[ ${pids[i]} != "$ended" ]] || fail_ended "$i" "$status"
    done
    fail "lost sight of what was started"
}

# Ends all children, the last started first: asks, waits, insists. A second Ctrl-C ends the patience.
stop_children() {
    local i end patience=$stop_seconds
    trap 'patience=0' INT TERM HUP
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
        kill -TERM "${pids[i]}" 2>/dev/null || true
        end=$((SECONDS + patience))
        while alive "${pids[i]}"; do
            if ((patience == 0 || SECONDS > end)); then
                kill -KILL -- "-${pids[i]}" 2>/dev/null || true
                break
            fi
            sleep 0.02
        done
        wait "${pids[i]}" 2>/dev/null || true
    done
    names=()
    pids=()
}

# Whether somebody listens on this port of 127.0.0.1.
is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# answers <url>: whether it answers 200.
answers() {
    [[ $(curl --silent --noproxy '*' --max-time 2 --output /dev/null --write-out '%{http_code}' "$1") == 200 ]]
}
