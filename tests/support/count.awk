# SPDX-License-Identifier: MIT
# Counts the claims in what Automake's tests have said: "PASSED FAILED". -v status is what make ended with.
/^PASS: / { passed++ }
# A claim that was skipped has not been seen to hold.
/^(FAIL|XPASS|SKIP): / { failed++; has_failed[$2] = 1 }
# A suite whose claim failed ends with a status of its own, which is no second failure.
/^ERROR: / && !(/ - exited with status/ && $2 in has_failed) { failed++ }
# Parts that count for themselves.
/^[0-9]+ passed, [0-9]+ failed$/ { passed = $1; failed = $3 }
END {
	# What fails for another reason than a claim must not look like success.
	if (!failed && (status != 0 || !passed))
		failed = 1
	print passed + 0, failed + 0
}
