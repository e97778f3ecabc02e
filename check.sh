#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds in build/ with warnings as errors and runs the tests; with --all also the suites that take
# long (make check-all); with --sanitize in build-sanitize/ with AddressSanitizer and
# UndefinedBehaviorSanitizer in everything but the preloaded library; with --sanitize=thread in
# build-thread/ with ThreadSanitizer, those suites in which the broker or the test has threads. Ends
# with Automake's summary and a line that counts the claims; the exit status is 0 when every one of
# them holds.
set -eu
cd "$(dirname "$0")"
case "${1-}" in
--sanitize) BUILD_DIR=build-sanitize ;;
--sanitize=thread) BUILD_DIR=build-thread ;;
esac
. tests/support/prepare.sh

case "${1-}" in
'') target=check slow='' options='' ;;
--all) target=check-all slow=$SLOW_TEST_PACKAGES options='' ;;
--sanitize) target=check slow='' options='--enable-asan --enable-ubsan' ;;
--sanitize=thread) target=check-threads slow='' options=--enable-tsan ;;
*)
	echo "usage: ./check.sh [--all | --sanitize[=thread]]" >&2
	exit 2
	;;
esac

# shellcheck disable=SC2086 # lists of names
need $BUILD_PACKAGES $TEST_PACKAGES $slow
# shellcheck disable=SC2086
build --enable-werror $options

# Two suites at a time, since they mostly wait; more would keep each other from being in time.
jobs=$(nproc)
[ "$jobs" -le 2 ] || jobs=2

# What fails is shown as it fails. The status goes by a file: a pipe only has its last command's.
echo "running the tests (make $target)"
rm -f "$BUILD_DIR/check.status"
{
	status=0
	make -s -C "$BUILD_DIR" -j"$jobs" "$target" 2>&1 || status=$?
	echo "$status" >"$BUILD_DIR/check.status"
} | tee "$BUILD_DIR/check.log" | grep --line-buffered -E '^(FAIL|XPASS|ERROR|SKIP):' || true
read -r status <"$BUILD_DIR/check.status"

# check-all has a table of its own, behind its last empty line.
if [ "$target" = check-all ]; then
	awk '/^$/ { table = ""; next } { table = table $0 "\n" } END { printf "%s", table }' \
		"$BUILD_DIR/check.log" | grep -E '[0-9] (passed|failed) .*:|what it said' || true
else
	grep -E '^(=+|# (TOTAL|PASS|SKIP|XFAIL|FAIL|XPASS|ERROR): .*|Testsuite summary.*)$' \
		"$BUILD_DIR/check.log" || true
fi
count=$(awk -v status="$status" -f tests/support/count.awk "$BUILD_DIR/check.log")
failed=${count#* }
if [ "$status" != 0 ] || [ "$failed" != 0 ]; then
	echo "make ended with status $status; what the tests said is in $BUILD_DIR/check.log and" \
		"$BUILD_DIR/test-suite.log"
fi
echo "${count% *} passed, $failed failed"
[ "$failed" = 0 ]
