# SPDX-License-Identifier: MIT
# Macros of this tree's own.

# ESWRAP_NEED(VARIABLE, MODULES, DEBIAN-PACKAGE)
# PKG_CHECK_MODULES that goes on when something is missing, so that ESWRAP_NEEDED can name all of it
# at once, and by the names that apt knows.
AC_DEFUN([ESWRAP_NEED], [
PKG_CHECK_MODULES([$1], [$2], [], [
	AC_MSG_RESULT([no])
	eswrap_missing="$eswrap_missing $3"
	eswrap_missing_modules="$eswrap_missing_modules
  $2"
])])

# ESWRAP_NEEDED
# Stop here if anything that ESWRAP_NEED asked for was missing.
AC_DEFUN([ESWRAP_NEEDED], [
AS_IF([test -n "$eswrap_missing"], [AC_MSG_ERROR([these libraries are missing or too old:$eswrap_missing_modules
On Debian and its kin: sudo apt install$eswrap_missing
Elsewhere: the development packages of the libraries above.])])
])

# ESWRAP_TRY_FLAG(VARIABLE, FLAG, [WHERE = CFLAGS], [CONDITION])
# Add FLAG to VARIABLE when compiler and linker take it without a warning and CONDITION, a piece of
# preprocessor text, holds with it.
AC_DEFUN([ESWRAP_TRY_FLAG], [
AC_MSG_CHECKING([whether $2 can be used])
eswrap_saved_flags=$m4_default([$3], [CFLAGS])
m4_default([$3], [CFLAGS])="$2 $m4_default([$3], [CFLAGS])"
eswrap_saved_werror=$ac_c_werror_flag
eswrap_saved_cflags=$CFLAGS
CFLAGS="$CFLAGS -Werror"
ac_c_werror_flag=yes
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>
$4]], [[char line[80]; return fgets(line, sizeof(line), stdin) == NULL;]])],
	[eswrap_flag=yes], [eswrap_flag=no])
ac_c_werror_flag=$eswrap_saved_werror
CFLAGS=$eswrap_saved_cflags
m4_default([$3], [CFLAGS])=$eswrap_saved_flags
AC_MSG_RESULT([$eswrap_flag])
AS_IF([test "$eswrap_flag" = yes], [$1="$$1 $2"])
])

# ESWRAP_CET_MARK
# The linker marks a program as fit for shadow stacks and indirect branch tracking when every object
# is, and the C library's start files of Debian 12 are not marked. They are fit for shadow stacks, and
# branch tracking exists for no program on Linux, so the mark is asked for by name. libeswrap.so, which
# other people's programs load, is linked without those files and gets its mark from its objects.
AC_DEFUN([ESWRAP_CET_MARK], [
AS_CASE([$HARDENING_CFLAGS], [*-fcf-protection*], [
	ESWRAP_TRY_FLAG([PROGRAM_LDFLAGS], [-Wl,-z,ibt -Wl,-z,shstk], [LDFLAGS])])
])

# ESWRAP_HARDENING
# What Debian's own builds use, whoever builds: HARDENING_CPPFLAGS, HARDENING_CFLAGS, HARDENING_LDFLAGS,
# and PROGRAM_LDFLAGS for what is installed and is no library.
# What the person who configures says in CFLAGS, CPPFLAGS and LDFLAGS comes later and wins.
AC_DEFUN([ESWRAP_HARDENING], [
AC_ARG_ENABLE([hardening],
	[AS_HELP_STRING([--disable-hardening], [leave out the flags that make faults harder to exploit])])
HARDENING_CPPFLAGS=
HARDENING_CFLAGS=
HARDENING_LDFLAGS=
PROGRAM_LDFLAGS=
AS_IF([test "x$enable_hardening" != xno], [
	# Needs an optimising compiler, and is in the way of the sanitisers.
	AS_IF([test -z "$SANITIZE_CFLAGS"], [
		ESWRAP_TRY_FLAG([HARDENING_CPPFLAGS], [-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3], [CPPFLAGS], [
#include <features.h>
#if !defined(__USE_FORTIFY_LEVEL) || __USE_FORTIFY_LEVEL < 3
#error the level is lower
#endif])
		AS_IF([test -z "$HARDENING_CPPFLAGS"], [
			ESWRAP_TRY_FLAG([HARDENING_CPPFLAGS], [-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2], [CPPFLAGS], [
#include <features.h>
#if !defined(__USE_FORTIFY_LEVEL) || __USE_FORTIFY_LEVEL < 2
#error the level is lower
#endif])])])
	ESWRAP_TRY_FLAG([HARDENING_CFLAGS], [-fstack-protector-strong])
	ESWRAP_TRY_FLAG([HARDENING_CFLAGS], [-fstack-clash-protection])
	# Each processor has one of the two.
	ESWRAP_TRY_FLAG([HARDENING_CFLAGS], [-fcf-protection])
	ESWRAP_TRY_FLAG([HARDENING_CFLAGS], [-mbranch-protection=standard])
	ESWRAP_TRY_FLAG([HARDENING_LDFLAGS], [-Wl,-z,relro], [LDFLAGS])
	ESWRAP_TRY_FLAG([HARDENING_LDFLAGS], [-Wl,-z,now], [LDFLAGS])
	ESWRAP_CET_MARK
	AC_MSG_CHECKING([whether programs are position-independent by themselves])
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[#if !defined(__PIE__) || __PIE__ < 2
#error they are not
#endif]])], [AC_MSG_RESULT([yes])], [
		AC_MSG_RESULT([no])
		HARDENING_CFLAGS="$HARDENING_CFLAGS -fPIE"
		PROGRAM_LDFLAGS="$PROGRAM_LDFLAGS -pie"])
])
AC_SUBST([HARDENING_CPPFLAGS])
AC_SUBST([HARDENING_CFLAGS])
AC_SUBST([HARDENING_LDFLAGS])
AC_SUBST([PROGRAM_LDFLAGS])
])
