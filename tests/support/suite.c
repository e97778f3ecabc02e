// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "support/suite.h"

/* When a test counts as hanging, seconds. Check's own 4 s are less than a busy machine may take. */
#define HANGING "60"

/* Check looks at it when a case is made, which main() does first of all. */
__attribute__((constructor)) static void set_deadline(void)
{
	setenv("CK_DEFAULT_TIMEOUT", HANGING, 0);
}

int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
