#!/bin/sh
# SPDX-License-Identifier: MIT
# A demonstration that needs no hardware: builds in build/, programs a throw-away certificate into
# the simulated module and lets plain curl and Python talk through it to a TLS server that asks for
# that certificate. Nothing but build/ is left. The last line is "try: ok".
# Environment: ESWRAP_BUILD, a directory where it is built already.
set -eu
cd "$(dirname "$0")"
. tests/support/prepare.sh
unset LD_PRELOAD ESWRAP_SOCKET ESWRAP_ROUTE ESWRAP_FALLBACK
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY

# Longest wait for anything, in tenths of a second.
PATIENCE=300

say() {
	printf '\n\033[1m%s\033[0m\n' "$*"
}

die() {
	echo "try.sh: $*" >&2
	exit 1
}

# Every process of ours has the name of the temporary folder in its command line.
ours() {
	for file in /proc/[0-9]*/cmdline; do
		case $(tr '\0' ' ' 2>/dev/null <"$file") in
		*"$work"*) echo "${file#/proc/}" | cut -d / -f 1 ;;
		esac
	done 2>/dev/null
}

# until_true COMMAND...: for what does not announce itself
until_true() {
	tenths=0
	until "$@"; do
		tenths=$((tenths + 1))
		[ "$tenths" -le "$PATIENCE" ] || return 1
		sleep 0.1
	done
}

none_left() {
	[ -z "$(ours)" ]
}

leave() {
	status=$?
	trap - EXIT
	for pid in $started; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	# A private broker leaves by itself with its last client.
	if ! until_true none_left; then
		echo "try.sh: these processes did not leave: $(ours | tr '\n' ' ')" >&2
		status=1
	fi
	[ "$status" = 0 ] || tail -n 30 "$work"/*.log "$work"/eswrap/*.log >&2 2>/dev/null || true
	rm -rf "$work"
	[ "$status" != 0 ] || echo 'try: ok'
	exit "$status"
}

# start NAME COMMAND...: in the background, its output into NAME.log
start() {
	name=$1
	shift
	"$@" >"$work/$name.log" 2>&1 </dev/null &
	started="$! $started"
}

# said NAME PATTERN: has it written such a line?
said() {
	kill -0 "${started%% *}" 2>/dev/null || die "$1 has ended"
	grep -q "$2" "$work/$1.log"
}

# said_of NAME PATTERN: the same of one that need not be the last one started
said_of() {
	grep -q "$2" "$work/$1.log"
}

root() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/$1.key" -out "$work/$1.pem" \
		-days 730 -subj "/O=eswrap try/CN=$1" 2>/dev/null
}

# leaf NAME SUBJECT: certificate and key, signed by our root
leaf() {
	openssl req -newkey rsa:2048 -nodes -keyout "$work/$1.key" -out "$work/$1.csr" \
		-subj "$2" 2>/dev/null
	openssl x509 -req -in "$work/$1.csr" -CA "$work/root.pem" -CAkey "$work/root.key" \
		-CAcreateserial -days 730 -out "$work/$1.pem" 2>/dev/null
}

if [ -z "${ESWRAP_BUILD-}" ]; then
	say 'Building'
	# shellcheck disable=SC2086 # a list of names
	need $BUILD_PACKAGES openssl curl python3
	# shellcheck disable=SC2119 # no options
	build
	ESWRAP_BUILD=$PWD/$BUILD_DIR
fi
eswrap=$ESWRAP_BUILD/tools/eswrap/eswrap
eswrapctl=$ESWRAP_BUILD/tools/eswrapctl/eswrapctl
fake=$ESWRAP_BUILD/tools/eswrap-fake/eswrap-fake

work=$(mktemp -d)
started=
trap leave EXIT
trap 'exit 1' HUP INT TERM
# Private brokers have their sockets here.
XDG_RUNTIME_DIR=$work
XDG_STATE_HOME=$work
export XDG_RUNTIME_DIR XDG_STATE_HOME

say 'A certificate authority, a server and a client certificate; all will be thrown away'
root root
root other-root
leaf server '/O=eswrap try/CN=server.example'
leaf client '/O=eswrap try/CN=gateway-7'
openssl x509 -noout -subject -in "$work/client.pem"

say 'A TLS server that requires a client certificate'
start server openssl s_server -www -accept 127.0.0.1:0 -cert "$work/server.pem" \
	-key "$work/server.key" -CAfile "$work/root.pem" -Verify 1 -verify_return_error
until_true said server '^ACCEPT ' || die 'the server does not listen'
port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$work/server.log")
echo "listens on 127.0.0.1:$port"

say 'The simulated module, on a line of 921600 bit/s'
start module "$fake" --listen "$work/module.sock" --baud 921600 --flash "$work/flash.bin" \
	--resolve-all 127.0.0.1 --access-point 'plant-7:correct horse:wpa2'
until_true said module '^eswrap-fake: ready' || die 'the simulated module does not listen'

umask 077
echo 'correct horse' >"$work/wifi.psk"
cat >"$work/eswrap.conf" <<END
[module]
device = unix:$work/module.sock
baud = 921600
firmware = note

[wifi]
ssid = plant-7
passphrase-file = wifi.psk
security = wpa2

[credentials gateway]
set = 0
ca = root.pem
certificate = client.pem
key = client.key

[credentials wrong-ca]
set = 1
ca = other-root.pem
certificate = client.pem
key = client.key

[route wrong-ca]
host = wrong-ca.example
through = tls
credentials = wrong-ca

[route server]
host = *.example
through = tls
credentials = gateway

[default]
through = refuse

[broker]
state-dir = $work
END
sed -n '/^\[credentials gateway/,/^$/p; /^\[route server/,/^$/p' "$work/eswrap.conf"

# A private broker leaves with its last program; this one keeps it until the end.
start holder "$eswrap" -c "$work/eswrap.conf" sleep 1000

module_is_ready() {
	kill -0 "${started%% *}" 2>/dev/null || die 'the broker does not start'
	"$eswrap" -c "$work/eswrap.conf" "$eswrapctl" status >"$work/status"
	grep -q '^module  *ready' "$work/status"
}

say '$ eswrap -c eswrap.conf eswrapctl status'
until_true module_is_ready || die 'the module does not get ready'
cat "$work/status"

say '$ eswrap -c eswrap.conf eswrapctl credentials program 0'
"$eswrap" -c "$work/eswrap.conf" "$eswrapctl" credentials program 0 --yes
"$eswrap" -c "$work/eswrap.conf" "$eswrapctl" credentials program 1 --yes --other-issuer \
	>/dev/null

say "\$ eswrap -c eswrap.conf curl http://server.example:$port/"
"$eswrap" -c "$work/eswrap.conf" curl -sS "http://server.example:$port/" >"$work/page"
# Without the list of ciphers, and the certificate only as far as its subject.
sed -n '1,/^Secure Renegotiation/p; /^New, /,/^  *Cipher/p; /^Client certificate/,/Subject:/p' \
	"$work/page"
echo '...'
sed -n '/^Client certificate/,$s/^ *Subject: *//p' "$work/page" >"$work/subject"
grep -q gateway-7 "$work/subject" || die 'that is not our client certificate'

say "\$ eswrap -c eswrap.conf python3 -c \"...urlopen('http://server.example:$port/')...\""
"$eswrap" -c "$work/eswrap.conf" /usr/bin/python3 -c '
import sys, urllib.request
for line in urllib.request.urlopen(sys.argv[1]).read().decode().splitlines():
    if "Subject:" in line:
        print(line)' "http://server.example:$port/" >"$work/subject"
cat "$work/subject"
grep -q gateway-7 "$work/subject" || die "Python's connection did not show our certificate"

say "\$ eswrap -c eswrap.conf curl http://wrong-ca.example:$port/"
echo '(its route verifies the server with the other root, and must fail)'
status=0
"$eswrap" -c "$work/eswrap.conf" curl -sS "http://wrong-ca.example:$port/" 2>&1 || status=$?
[ "$status" = 7 ] || die "curl ended with status $status and not 7, \"failed to connect\""
# For the right reason. This module gives none; but the server hears why it is left.
until_true said_of server 'alert unknown ca' || die 'the connection failed for another reason than its certificate'
grep -h 'connect to wrong-ca.example' "$work"/eswrap/*.log | head -n 1
echo 'The server heard from the module that it does not know the authority of its certificate.'
echo
