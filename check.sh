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

# Two suites at a time, since they mostly wait; more would keep each other from being in time, and so
# would machines that boot, among the long ones.
jobs=$(nproc)
[ "$jobs" -le 2 ] || jobs=2
[ "$target" != check-all ] || jobs=1

# What fails is shown as it fails. The status goes by a file: a pipe only has its last command's.
echo "running the tests (make $target)"
rm -f "$BUILD_DIR/check.status"
{
	status=0
	make -s -C "$BUILD_DIR" -j"$jobs" "$target" 2>&1 || status=$?
	echo "$status" >"$BUILD_DIR/check.status"
} | tee "$BUILD_DIR/check.log" | grep --line-buffered -E '^(FAIL|XPASS|ERROR|SKIP):' || true
read -r status <"$BUILD_DIR/check.status"

awk -v status="$status" -v build="$BUILD_DIR" '
	/^(=+|# (TOTAL|PASS|SKIP|XFAIL|FAIL|XPASS|ERROR): .*|Testsuite summary.*)$/ {
		summary = summary $0 "\n"
	}
	/^# PASS:/ { passed += $3 }
	# A claim that was skipped has not been seen to hold.
	/^# (FAIL|XPASS|ERROR|SKIP):/ { failed += $3 }
	# A suite whose claim failed ends with a status of its own, which is no second failure.
	/^FAIL: / { has_failed[$2] = 1 }
	/^ERROR: .* - exited with status/ && $2 in has_failed { failed-- }
	END {
		# A make that fails for another reason than a claim must not look like success.
		if (failed == 0 && (status != 0 || passed == 0)) {
			print "make ended with status " status "; all it said is in " build "/check.log"
			failed = 1
		} else if (failed) {
			print "what the tests said is in " build "/test-suite.log"
		}
		printf "%s%d passed, %d failed\n", summary, passed, failed
		exit failed != 0
	}' "$BUILD_DIR/check.log"
