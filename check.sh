#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds in build/ with warnings as errors and runs the tests; with --all also the suites that take
# long (make check-all). Ends with Automake's summary and a line that counts the claims; the exit
# status is 0 when every one of them holds.
set -eu
cd "$(dirname "$0")"
. tests/support/prepare.sh

case "${1-}" in
'') target=check slow= ;;
--all) target=check-all slow=$SLOW_TEST_PACKAGES ;;
*)
	echo "usage: ./check.sh [--all]" >&2
	exit 2
	;;
esac

# shellcheck disable=SC2086 # lists of names
need $BUILD_PACKAGES $TEST_PACKAGES $slow
build --enable-werror

# What fails is shown as it fails. The status goes by a file: a pipe only has its last command's.
echo "running the tests (make $target)"
rm -f build/check.status
{
	status=0
	make -s -C build "$target" 2>&1 || status=$?
	echo "$status" >build/check.status
} | tee build/check.log | grep --line-buffered -E '^(FAIL|XPASS|ERROR|SKIP):' || true
read -r status <build/check.status

awk -v status="$status" '
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
			print "make ended with status " status "; all it said is in build/check.log"
			failed = 1
		} else if (failed) {
			print "what the tests said is in build/test-suite.log"
		}
		printf "%s%d passed, %d failed\n", summary, passed, failed
		exit failed != 0
	}' build/check.log
