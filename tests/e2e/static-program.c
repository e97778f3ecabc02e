// SPDX-License-Identifier: MIT
/* A program that no library can be preloaded into; that it runs at all must be seen. */
#include <stdio.h>

int main(void)
{
	puts("ran");
	return 0;
}
