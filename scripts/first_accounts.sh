# shellcheck shell=bash
# The accounts that ./run makes on a new database: an admin, and a stage manager who waits for approval. Their passwords
# are kept in DATA/credentials, so that they can be shown again. Sourced after processes.sh.
: "${data:=}"

readonly admin_email=admin@example.com
readonly manager_email=stage.manager@example.com

admin_password=
manager_password=

# Each line of the file: <e-mail> <password>
read_credentials() {
    local email password
    while read -r email password; do
        case $email in
            "$admin_email") admin_password=$password ;;
            "$manager_email") manager_password=$password ;;
        esac
    done <"$1"
    [[ $admin_password && $manager_password ]] || fail "$1 has lost a line; with a new --data everything starts afresh"
}

# Before the services start. `credentials.new` stands for accounts that may not be there yet: if we are stopped in the
# middle, the next start goes on with the same passwords. A database that has gone takes its accounts with it.
prepare_first_accounts() {
    if [[ ! -e $data/stagedoor.db && ! -e $data/credentials.new ]]; then
        rm -f -- "$data/credentials"
        printf '%s\n' "$admin_email $(random_password)" "$manager_email $(random_password)" |
            write_file "$data/credentials.new"
    fi
    if [[ -e $data/credentials.new ]]; then
        read_credentials "$data/credentials.new"
    elif [[ -e $data/credentials ]]; then
        read_credentials "$data/credentials"
    fi
}

# make_first_accounts <auth-service> <its address>: when all runs. One that is there already is fine.
make_first_accounts() {
    [[ -e $data/credentials.new ]] || return 0
    local answer
    answer=$("$1" create-admin --database-url "sqlite:$data/stagedoor.db" --email "$admin_email" --password-stdin \
        2>&1 <<<"$admin_password") || [[ $answer == *email_taken* ]] ||
        fail "the first admin could not be made: ${answer##*$'\n'}"
    answer=$(printf '{"email":"%s","password":"%s","displayName":"Sam Manager"}' "$manager_email" "$manager_password" |
        curl --silent --show-error --noproxy '*' --max-time 10 --header 'Content-Type: application/json' \
            --header "Origin: $2" --data-binary @- --write-out ' %{http_code}' "$2/api/auth/register" 2>&1) || true
    [[ ${answer##* } == 201 || $answer == *email_taken* ]] ||
        fail "the first stage manager could not be registered: $answer"
    mv -f "$data/credentials.new" "$data/credentials" || fail "cannot write in $data"
}
