/* SPDX-License-Identifier: MIT */
/* How the end of a connect looks to a program. */
#ifndef ESWRAPD_OUTCOME_H
#define ESWRAPD_OUTCOME_H

/**
 * outcome_errno() - the errno of a connect that has failed
 * @result:	what eswifi_open() ended with, negative
 * @text:	the module's own words
 */
int outcome_errno(int result, const char *text);

#endif
