// SPDX-License-Identifier: MIT
/* The network namespace: ioctls, a filter, and handing its descriptors over. */
#include "eswrap-tunnel/space.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "eswrap/wire.h"

#define MTU 65520 /* as lo: whole writes go through in one packet */
/* As many resets as there are connections fit into the device at once. */
#define QUEUE 8192
/* A small window: bytes that the engine has taken look sent. */
#define WINDOW 32768

static bool put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

static int map_users(uid_t uid, gid_t gid)
{
	char text[64];

	if (!put_file("/proc/self/setgroups", "deny"))
		return -errno;
	snprintf(text, sizeof(text), "%u %u 1", uid, uid);
	if (!put_file("/proc/self/uid_map", text))
		return -errno;
	snprintf(text, sizeof(text), "%u %u 1", gid, gid);
	return put_file("/proc/self/gid_map", text) ? 0 : -errno;
}

int space_enter(const char **what)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	*what = "a network namespace";
	if (unshare(CLONE_NEWNET) == 0)
		return 0;
	if (errno != EPERM)
		return -errno;
	*what = "a user namespace";
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return -errno;
	return map_users(uid, gid);
}

static int open_device(void)
{
	struct ifreq request = { .ifr_name = SPACE_DEVICE, .ifr_flags = IFF_TUN | IFF_NO_PI };
	int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), error;

	if (tun < 0)
		return -errno;
	if (ioctl(tun, TUNSETIFF, &request) == 0)
		return tun;
	error = errno;
	close(tun);
	return -error;
}

static int set_up(int control, const char *device, short flags)
{
	struct ifreq request = { .ifr_flags = flags };

	strcpy(request.ifr_name, device);
	return ioctl(control, SIOCSIFFLAGS, &request) == 0 ? 0 : -errno;
}

static int address_device(int control)
{
	const struct sockaddr_in own = { .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(SPACE_OWN) };
	struct ifreq request = { .ifr_name = SPACE_DEVICE };

	request.ifr_mtu = MTU;
	if (ioctl(control, SIOCSIFMTU, &request) < 0)
		return -errno;
	/* Only root may; for others 500 packets have to do. */
	request.ifr_qlen = QUEUE;
	ioctl(control, SIOCSIFTXQLEN, &request);
	memset(&request.ifr_ifru, 0, sizeof(request.ifr_ifru));
	memcpy(&request.ifr_addr, &own, sizeof(own));
	return ioctl(control, SIOCSIFADDR, &request) == 0 ? 0 : -errno;
}

static int add_default_route(int control)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };
	char device[] = SPACE_DEVICE;
	struct rtentry route = { .rt_flags = RTF_UP, .rt_dev = device };

	memcpy(&route.rt_dst, &any, sizeof(any));
	memcpy(&route.rt_genmask, &any, sizeof(any));
	return ioctl(control, SIOCADDRT, &route) == 0 ? 0 : -errno;
}

static int configure(const char **what)
{
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

	if (control < 0)
		return -errno;
	/* The module speaks IPv4 only, and the device must not say hello to routers. */
	put_file("/proc/sys/net/ipv6/conf/" SPACE_DEVICE "/disable_ipv6", "1");
	/* Packets of any source come out of the device. */
	put_file("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
	put_file("/proc/sys/net/ipv4/conf/" SPACE_DEVICE "/rp_filter", "0");
	/* What a program has written is to wait there and not here: and not megabytes of it. */
	put_file("/proc/sys/net/ipv4/tcp_wmem", "4096 16384 65536");
	*what = "the loopback device";
	result = set_up(control, "lo", IFF_UP);
	*what = result < 0 ? *what : "the tunnel device's address";
	result = result < 0 ? result : address_device(control);
	*what = result < 0 ? *what : "the tunnel device";
	result = result < 0 ? result
			    : set_up(control, SPACE_DEVICE, IFF_UP | IFF_NOARP | IFF_POINTOPOINT);
	*what = result < 0 ? *what : "a default route";
	result = result < 0 ? result : add_default_route(control);
	close(control);
	return result;
}

static int listen_on(uint32_t address, uint16_t port)
{
	const struct sockaddr_in in = { .sin_family = AF_INET,
					.sin_port = htons(port),
					.sin_addr.s_addr = htonl(address) };
	int window = WINDOW, error;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
	if (bind(fd, (const struct sockaddr *)&in, sizeof(in)) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	error = errno;
	close(fd);
	return -error;
}

/* One that a program has bound already, or that we may not bind, is left alone. */
static void serve_names(struct space *space, const char *server)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(ESWRAP_PORT_NAMES) };
	int fd, listener;

	if (inet_pton(AF_INET, server, &in.sin_addr) != 1 ||
	    ntohl(in.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET ||
	    space->name_count == SPACE_NAMES_MAX)
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	listener = listen_on(ntohl(in.sin_addr.s_addr), ESWRAP_PORT_NAMES);
	if (fd >= 0 && listener >= 0 && bind(fd, (struct sockaddr *)&in, sizeof(in)) == 0) {
		space->names[space->name_count] = fd;
		space->name_streams[space->name_count++] = listener;
		return;
	}
	if (fd >= 0)
		close(fd);
	if (listener >= 0)
		close(listener);
}

/* The servers that programs will ask: resolv.conf(5). */
static void serve_all_names(struct space *space)
{
	FILE *file = fopen("/etc/resolv.conf", "re");
	char line[256], server[64];
	bool any = false;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "nameserver %63s", server) != 1)
			continue;
		any = true;
		serve_names(space, server);
	}
	if (file)
		fclose(file);
	if (!any)
		serve_names(space, "127.0.0.1");
}

int space_furnish(struct space *space, const char **what)
{
	unsigned int i;
	int result;

	*what = "/dev/net/tun";
	space->tun = open_device();
	if (space->tun < 0)
		return space->tun;
	result = configure(what);
	if (result < 0)
		return result;
	*what = "a listener";
	space->listener = listen_on(SPACE_OWN, 0);
	if (space->listener < 0)
		return space->listener;
	*what = "a socket of sock_diag";
	space->diag = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (space->diag < 0)
		return -errno;
	*what = "a listed port";
	for (i = 0; i < space->count; i++) {
		space->ports[i] = listen_on(INADDR_LOOPBACK, space->port[i]);
		if (space->ports[i] < 0)
			return space->ports[i];
	}
	serve_all_names(space);
	return 0;
}

/*
 * Against accidents: programs for another machine than this one are not looked at (the 32-bit
 * socketcall() has its arguments in memory), nor is io_uring.
 */
#if defined(__x86_64__)
#define OWN_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define OWN_MACHINE AUDIT_ARCH_ARM
#endif

int space_restrict(const char **what)
{
#ifdef OWN_MACHINE
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_MACHINE, 0, 10),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 8),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 6, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_PACKET, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_ALG, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	*what = "a filter of socket families";
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return -errno;
#endif
	return 0;
}

#define FDS_MAX (3 + SPACE_PORTS_MAX + 2 * SPACE_NAMES_MAX)

/* All descriptors, in one order. */
static unsigned int list_fds(struct space *space, int *fds[FDS_MAX])
{
	unsigned int count = 0, i;

	fds[count++] = &space->tun;
	fds[count++] = &space->listener;
	fds[count++] = &space->diag;
	for (i = 0; i < space->count; i++)
		fds[count++] = &space->ports[i];
	for (i = 0; i < space->name_count; i++) {
		fds[count++] = &space->names[i];
		fds[count++] = &space->name_streams[i];
	}
	return count;
}

bool space_send(int to, struct space *space)
{
	_Alignas(struct cmsghdr) char ancillary[CMSG_SPACE(FDS_MAX * sizeof(int))] = "";
	uint8_t names = (uint8_t)space->name_count;
	struct iovec part = { &names, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = ancillary };
	struct cmsghdr *header;
	int *fds[FDS_MAX];
	unsigned int count = list_fds(space, fds), i;

	message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (i = 0; i < count; i++)
		memcpy(CMSG_DATA(header) + i * sizeof(int), fds[i], sizeof(int));
	return sendmsg(to, &message, MSG_NOSIGNAL) == 1;
}

bool space_take(int from, struct space *space)
{
	_Alignas(struct cmsghdr) char ancillary[CMSG_SPACE(FDS_MAX * sizeof(int))];
	uint8_t names;
	struct iovec part = { &names, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = ancillary,
				  .msg_controllen = sizeof(ancillary) };
	struct cmsghdr *header;
	int *fds[FDS_MAX];
	unsigned int count, i;

	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1 || names > SPACE_NAMES_MAX)
		return false;
	space->name_count = names;
	count = list_fds(space, fds);
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_len != CMSG_LEN(count * sizeof(int)))
		return false;
	for (i = 0; i < count; i++)
		memcpy(fds[i], CMSG_DATA(header) + i * sizeof(int), sizeof(int));
	return true;
}
