# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What try.sh and check.sh have in common. To be sourced in the top directory.

# Where things are built.
: "${BUILD_DIR:=build}"
log=$BUILD_DIR/prepare.log

# quietly WHAT COMMAND...: run it; where it fails, show what it said and leave
quietly() {
	what=$1
	shift
	mkdir -p "$BUILD_DIR"
	"$@" >"$log" 2>&1 && return 0
	tail -n 60 "$log" >&2
	echo "$0: $what failed; all of it is in $log" >&2
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		env "$@"
	else
		sudo env "$@"
	fi
}

# What systemd would start at the next boot.
enabled_units() {
	systemctl --root=/ list-unit-files --state=enabled --no-legend 2>/dev/null | cut -d' ' -f1 | sort
}

# What this system calls itself.
: "${OS_RELEASE:=/etc/os-release}"
os() {
	# shellcheck source=/dev/null
	(. "$OS_RELEASE" && eval "echo \"\${$1-}\"") 2>/dev/null || true
}

# Releases of Debian and its kin whose libraries are older than what configure.ac asks for.
refuse_old_releases() {
	case $(os VERSION_CODENAME) in
	stretch | buster | bullseye | bionic | focal | jammy)
		echo "$0: $(os PRETTY_NAME) is too old for eswrap: it needs Debian 12, Ubuntu 24.04 or newer" >&2
		exit 1
		;;
	esac
}

# missing_of PROGRAM...: those that there are not
missing_of() {
	for program; do
		command -v "$program" >/dev/null || printf ' %s' "$program"
	done
}

# The libraries that configure.ac asks for and pkg-config does not know, one a line; all where there is
# no pkg-config.
missing_libraries() {
	sed -n 's/^ESWRAP_NEED(\[[A-Z_]*\], \[\([^]]*\)\].*/\1/p' configure.ac |
		while read -r libraries; do
			pkg-config --exists "$libraries" 2>/dev/null || echo "$libraries"
		done | sort -u
}

# install_line LIBRARIES: how this system installs all that the build needs, as far as we know it
install_line() {
	modules=$(echo "$1" | tr ' ' '\n' | grep '^[a-z].*[a-z]' | sort -u)
	case " $(os ID) $(os ID_LIKE) " in
	*' fedora '* | *' rhel '*) tool='dnf install' ;;
	*' suse '* | *' opensuse '*) tool='zypper install' ;;
	*' arch '*)
		echo "sudo pacman -S --needed base-devel libserialport glib2 json-glib openssl" \
			"libseccomp libgpiod ncurses libbsd curl python"
		return
		;;
	*) return ;;
	esac
	printf 'sudo %s autoconf automake libtool pkgconf gcc make openssl curl python3' "$tool"
	for module in $modules; do
		printf " 'pkgconfig(%s)'" "$module"
	done
	echo
}

# Where there is no apt: names what is missing, and leaves when the build cannot do without it. What only
# tests call is named, too; their claims will not hold.
need_elsewhere() {
	case " $(os ID) $(os ID_LIKE) " in
	*' alpine '*)
		echo "$0: eswrap's library is preloaded by GNU's dynamic loader; $(os PRETTY_NAME) has another" >&2
		exit 1
		;;
	esac
	programs=$(missing_of autoreconf automake libtoolize pkg-config cc make openssl curl python3)
	libraries=$(missing_libraries)
	if [ -n "$programs$libraries" ]; then
		echo "$0: $(os PRETTY_NAME) has no apt-get. Please install:" >&2
		[ -z "$programs" ] || echo "  these programs:$programs" >&2
		[ -z "$libraries" ] || echo "$libraries" |
			sed 's/^/  this library, with its headers (as pkg-config calls it): /' >&2
		line=$(install_line "$libraries")
		[ -z "$line" ] || echo "which should be: $line" >&2
		exit 1
	fi
	[ "${1-}" = tests ] || return 0
	# shellcheck disable=SC2086 # a list of names
	programs=$(missing_of $TEST_PROGRAMS)
	[ -z "$programs" ] || echo "what the tests of these programs claim will not hold, as they are missing:$programs"
}

# need PACKAGE...: install those that are missing. No daemon of theirs is to be left running: the two
# variables keep systemd and init scripts from starting it now, and it is disabled for later. Where
# systemd was not there before, nothing boots with it.
need() {
	missing=
	if ! command -v apt-get >/dev/null; then
		case "$*" in
		*mosquitto*) need_elsewhere tests ;;
		*) need_elsewhere ;;
		esac
		return
	fi
	refuse_old_releases
	for package; do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=
		[ "$status" = installed ] || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		echo "$0: needs these packages, and sudo to install them:$missing" >&2
		exit 1
	fi
	echo "installing:$missing"
	quietly 'apt-get update' as_root DEBIAN_FRONTEND=noninteractive \
		apt-get -q -o DPkg::Lock::Timeout=300 update
	had_systemd=$(command -v systemctl || true)
	enabled=$(enabled_units)
	# shellcheck disable=SC2086 # a list of names
	quietly 'apt-get install' as_root DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 \
		RUNLEVEL=1 apt-get -q -y -o DPkg::Lock::Timeout=300 \
		install --no-install-recommends $missing
	[ -n "$had_systemd" ] || return 0
	new=$(enabled_units | grep -vxF "$enabled" | tr '\n' ' ' || true)
	[ -n "$new" ] || return 0
	# shellcheck disable=SC2086 # a list of names
	quietly 'systemctl disable' as_root systemctl --root=/ disable $new
	echo "not to be started with the machine: $new"
}

# The tree that configure is in. A checkout has none, and autoreconf writes into its tree: it gets
# one of links, so that nothing but build/ is made.
source_tree() {
	if [ -x configure ]; then
		pwd
		return
	fi
	mkdir -p "$BUILD_DIR/source"
	for entry in * .clang-format; do
		case $entry in
		build*) ;;
		*) cp -rs --remove-destination "$PWD/$entry" "$BUILD_DIR/source/" ;;
		esac
	done
	# Links to files that are gone.
	find "$BUILD_DIR/source" -xtype l -delete
	echo "$PWD/$BUILD_DIR/source"
}

# build [CONFIGURE-OPTION...]: bring $BUILD_DIR up to date
build() {
	tree=$(source_tree)
	[ -x "$tree/configure" ] || quietly autoreconf autoreconf -fi "$tree"
	configured=$("$BUILD_DIR/config.status" --config 2>/dev/null) || configured=none
	for option; do
		case $configured in
		*"$option"*) ;;
		*) configured=none ;;
		esac
	done
	if [ "$configured" = none ]; then
		(cd "$BUILD_DIR" && log=prepare.log && quietly configure "$tree/configure" -q "$@")
	fi
	quietly make make -s -C "$BUILD_DIR" -j"$(nproc)"
}

# shellcheck disable=SC2034 # for those who source this
BUILD_PACKAGES="autoconf automake libtool pkg-config gcc libc6-dev make libserialport-dev
	libglib2.0-dev libjson-glib-dev libssl-dev libseccomp-dev libgpiod-dev
	libncurses-dev libbsd-dev"

# Debian names some packages by release; where it is none of these, what there is has to do.
# shellcheck disable=SC2034
case $(os VERSION_CODENAME) in
bookworm) formatter=clang-format-14 python_suite=libpython3.11-testsuite ;;
trixie) formatter='' python_suite=libpython3.13-testsuite ;;
*) formatter='' python_suite='' ;;
esac

# shellcheck disable=SC2034
TEST_PACKAGES="
	bind9-dnsutils
	binutils
	check
	chrony
	$formatter
	busybox-static
	curl
	fish
	g++
	gcc-aarch64-linux-gnu
	gcc-arm-linux-gnueabihf
	gdb
	git
	golang-go
	hyperfine
	iproute2
	libboost-dev
	libc6-dev-arm64-cross
	libc6-dev-armhf-cross
	libevent-dev
	libumockdev-dev
	liburing-dev
	mandoc
	mosquitto
	mosquitto-clients
	musl-tools
	netbase
	netcat-openbsd
	nginx-light
	nodejs
	ntpsec-ntpdig
	openssh-client
	openssh-server
	openssl
	perl
	procps
	prometheus
	proxychains4
	python3
	qemu-user-static
	redis-tools
	socat
	strace
	systemd
	tcpdump
	tmux
	torsocks
	umockdev
	wget
	zsh
"

# What the suites call, for systems whose packages have other names.
# shellcheck disable=SC2034
TEST_PROGRAMS="dig objdump chronyd fish g++ go gdb git hyperfine ip mandoc mosquitto mosquitto_pub musl-gcc nc
	nginx node ntpdig perl promtool proxychains4 ps qemu-aarch64-static redis-cli socat ssh sshd strace
	systemd-analyze tcpdump tmux torsocks wget zsh"

# What only make check-all needs.
# shellcheck disable=SC2034
SLOW_TEST_PACKAGES="default-jdk-headless libc-ares-dev $python_suite postgresql debhelper dpkg-dev
	dh-sequence-installsysusers fakeroot mmdebstrap systemd-container
	clang libclang-rt-dev cpio qemu-system-x86"
