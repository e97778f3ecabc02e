# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For the tests of what our texts tell people to type, sourced by them: a place of its own, and TAP.
# Sets $build, $work (an empty directory, gone at the end) and PATH; kills $started, process ids.

# A network of its own: the texts' ports are well-known ones. And a /run.
if [ "${ESWRAP_IN_NAMESPACE-}" != yes ]; then
	export ESWRAP_IN_NAMESPACE=yes
	# Root stays who he is, and can be somebody else.
	[ "$(id -u)" = 0 ] || exec unshare --user --map-root-user --net --mount "$0" "$@"
	exec unshare --net --mount "$0" "$@"
fi
ip link set lo up
mount -t tmpfs none /run
cd "${top_builddir:?is set by make check}" || exit 1
: "${top_srcdir:?is set by make check}"
build=$PWD
work=$(mktemp -d)
started=
leave() {
	# shellcheck disable=SC2086 # a list of numbers
	[ -z "$started" ] || kill $started 2>/dev/null
	wait
	rm -rf "$work"
}
trap leave EXIT
unset LD_PRELOAD ESWRAP_SOCKET ESWRAP_ROUTE ESWRAP_FALLBACK MAKEFLAGS MFLAGS
# The ledger of a broker that root starts is the machine's: this one keeps its own.
export XDG_RUNTIME_DIR=$work STATE_DIRECTORY=$work/state
PATH=$build/tools/eswrap:$build/tools/eswrapctl:$build/tools/eswrapd:$build/tools/eswrap-fake:/usr/sbin:$PATH
umask 077

number=0
# claim NAME COMMAND...: one line of TAP; what the command said where it does not hold
claim() {
	local name=$1
	shift
	number=$((number + 1))
	if "$@" >"$work/said" 2>&1; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		tail -n 30 "$work/said" "$work"/*.log "$work"/eswrap/*.log 2>/dev/null | sed 's/^/# /'
	fi
}

until_true() {
	for _ in $(seq 300); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	"$@"
}
