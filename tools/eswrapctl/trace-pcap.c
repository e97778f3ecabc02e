// SPDX-License-Identifier: MIT
/*
 * The module's sockets as a capture file that Wireshark and tcpdump open.
 *
 * Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html, link type 101 (RAW): each
 * packet begins with its IPv4 header.
 */
#include "eswrapctl/trace-pcap.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

#include "eswifi/eswifi.h"
#include "eswrapctl/ctl.h"

#define PCAP_MAGIC    0xa1b2c3d4
#define PCAP_MAJOR    2
#define PCAP_MINOR    4
#define LINKTYPE_RAW  101
#define PACKET_MAX    65535
#define FIRST_SENT    1000 /* sequence numbers, of a stream that was open before */
#define FIRST_GOT     5000
#define TIME_TO_LIVE  64
#define WINDOW	      65535
#define IP_VERSION    4
#define WORDS(header) (sizeof(header) / 4)

struct pcap_header {
	guint32 magic;
	guint16 major, minor;
	guint32 zone, accuracy, packet_max, link_type;
};

struct pcap_packet {
	guint32 seconds, microseconds, kept, length;
};

/* A socket's two sequence numbers. */
struct stream {
	guint32 sent, got;
};

struct capture {
	FILE *to;
	struct stream streams[ESWIFI_SOCKETS];
};

/**
 * struct packet - one to be written
 * @data:	NULL: @size bytes are not known
 */
struct packet {
	gint64 time;
	bool udp, ours;
	struct in_addr local, remote;
	guint16 local_port, remote_port;
	guint32 sequence, acknowledged;
	guint8 flags;
	const guint8 *data;
	gsize size;
};

struct capture *capture_new(FILE *to)
{
	const struct pcap_header header = {
		.magic = PCAP_MAGIC,
		.major = PCAP_MAJOR,
		.minor = PCAP_MINOR,
		.packet_max = PACKET_MAX,
		.link_type = LINKTYPE_RAW,
	};
	struct capture *capture = g_new0(struct capture, 1);
	guint i;

	capture->to = to;
	fwrite(&header, sizeof(header), 1, to);
	fflush(to);
	for (i = 0; i < ESWIFI_SOCKETS; i++)
		capture->streams[i] = (struct stream){ FIRST_SENT, FIRST_GOT };
	return capture;
}

void capture_free(struct capture *capture)
{
	if (!capture)
		return;
	fclose(capture->to);
	g_free(capture);
}

/* Of the Internet protocols, over what is added up in pieces [RFC 1071]. */
static guint32 add_up(guint32 sum, const void *data, gsize size)
{
	const guint8 *bytes = data;
	gsize i;

	for (i = 0; i < size; i++)
		sum += i % 2 ? bytes[i] : (guint32)bytes[i] << 8;
	return sum;
}

static guint16 checksum(guint32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((guint16)~sum);
}

static gsize transport_size(const struct packet *packet)
{
	return packet->udp ? sizeof(struct udphdr) : sizeof(struct tcphdr);
}

/* Return: the sum of what the IPv4 header adds to the checksum of what is inside. */
static guint32 make_ip(const struct packet *packet, struct iphdr *ip)
{
	gsize inside = transport_size(packet) + packet->size;
	guint32 sum;

	*ip = (struct iphdr){
		.version = IP_VERSION,
		.ihl = WORDS(*ip),
		.tot_len = htons((guint16)(sizeof(*ip) + inside)),
		.ttl = TIME_TO_LIVE,
		.protocol = packet->udp ? IPPROTO_UDP : IPPROTO_TCP,
		.saddr = packet->ours ? packet->local.s_addr : packet->remote.s_addr,
		.daddr = packet->ours ? packet->remote.s_addr : packet->local.s_addr,
	};
	ip->check = checksum(add_up(0, ip, sizeof(*ip)));
	sum = add_up(0, &ip->saddr, sizeof(ip->saddr));
	sum = add_up(sum, &ip->daddr, sizeof(ip->daddr));
	return sum + ip->protocol + (guint32)inside;
}

static void make_tcp(const struct packet *packet, guint32 sum, struct tcphdr *tcp)
{
	*tcp = (struct tcphdr){
		.source = htons(packet->ours ? packet->local_port : packet->remote_port),
		.dest = htons(packet->ours ? packet->remote_port : packet->local_port),
		.seq = htonl(packet->sequence),
		.ack_seq = htonl(packet->acknowledged),
		.doff = WORDS(*tcp),
		.window = htons(WINDOW),
	};
	tcp->th_flags = packet->flags;
	sum = add_up(sum, tcp, sizeof(*tcp));
	tcp->check = checksum(packet->data ? add_up(sum, packet->data, packet->size) : sum);
}

static void make_udp(const struct packet *packet, struct udphdr *udp)
{
	/* Its checksum may be left out. */
	*udp = (struct udphdr){
		.source = htons(packet->ours ? packet->local_port : packet->remote_port),
		.dest = htons(packet->ours ? packet->remote_port : packet->local_port),
		.len = htons((guint16)(sizeof(*udp) + packet->size)),
	};
}

static void write_packet(struct capture *capture, const struct packet *packet)
{
	gsize headers = sizeof(struct iphdr) + transport_size(packet);
	const struct pcap_packet header = {
		.seconds = (guint32)(packet->time / G_USEC_PER_SEC),
		.microseconds = (guint32)(packet->time % G_USEC_PER_SEC),
		.kept = (guint32)(headers + (packet->data ? packet->size : 0)),
		.length = (guint32)(headers + packet->size),
	};
	struct iphdr ip;
	struct tcphdr tcp;
	struct udphdr udp;
	guint32 sum = make_ip(packet, &ip);

	fwrite(&header, sizeof(header), 1, capture->to);
	fwrite(&ip, sizeof(ip), 1, capture->to);
	if (packet->udp) {
		make_udp(packet, &udp);
		fwrite(&udp, sizeof(udp), 1, capture->to);
	} else {
		make_tcp(packet, sum, &tcp);
		fwrite(&tcp, sizeof(tcp), 1, capture->to);
	}
	if (packet->data)
		fwrite(packet->data, packet->size, 1, capture->to);
}

/* One packet of a stream, from us or from the far end. SYN and FIN count like a byte. */
static void add_segment(struct capture *capture, struct stream *stream, struct packet packet,
			bool ours, guint8 flags)
{
	guint32 *number = ours ? &stream->sent : &stream->got;

	packet.ours = ours;
	packet.flags = flags;
	packet.sequence = *number;
	packet.acknowledged = flags & TH_ACK ? ours ? stream->got : stream->sent : 0;
	write_packet(capture, &packet);
	*number += (guint32)packet.size + (flags & (TH_SYN | TH_FIN) ? 1 : 0);
}

static void add_stream_event(struct capture *capture, struct stream *stream, const char *kind,
			     const struct packet *packet, bool lost)
{
	if (strcmp(kind, "opened") == 0) {
		*stream = (struct stream){ 0, 0 };
		add_segment(capture, stream, *packet, true, TH_SYN);
		add_segment(capture, stream, *packet, false, TH_SYN | TH_ACK);
		add_segment(capture, stream, *packet, true, TH_ACK);
	} else if (strcmp(kind, "closed") == 0) {
		add_segment(capture, stream, *packet, true, lost ? TH_RST : TH_FIN | TH_ACK);
	} else if (strcmp(kind, "ended") == 0) {
		add_segment(capture, stream, *packet, false, TH_FIN | TH_ACK);
	} else if (packet->size) {
		add_segment(capture, stream, *packet, strcmp(kind, "sent") == 0, TH_PUSH | TH_ACK);
	}
}

static guint16 port_of(GVariant *event, const char *key)
{
	guint16 port = 0;

	g_variant_lookup(event, key, "q", &port);
	return port;
}

bool capture_add(struct capture *capture, GVariant *event)
{
	g_autoptr(GVariant) data = g_variant_lookup_value(event, "data", G_VARIANT_TYPE("ay"));
	const char *kind = ctl_text(event, "kind");
	guint socket = (guint)ctl_number(event, "socket");
	gboolean lost = FALSE;
	struct packet packet = {
		.udp = ctl_number(event, "protocol") == ESWIFI_UDP,
		.local_port = port_of(event, "local-port"),
		.remote_port = port_of(event, "port"),
		.size = (gsize)ctl_number(event, "size"),
	};

	if (!g_variant_lookup(event, "address", "s", NULL) || socket >= ESWIFI_SOCKETS)
		return true;
	inet_pton(AF_INET, ctl_text(event, "local"), &packet.local);
	inet_pton(AF_INET, ctl_text(event, "address"), &packet.remote);
	g_variant_lookup(event, "time", "x", &packet.time);
	g_variant_lookup(event, "failed", "b", &lost);
	if (data)
		packet.data = g_variant_get_fixed_array(data, &packet.size, 1);
	packet.ours = strcmp(kind, "sent") == 0;
	if (!packet.udp)
		add_stream_event(capture, &capture->streams[socket], kind, &packet, lost);
	else if (packet.size)
		write_packet(capture, &packet);
	return fflush(capture->to) == 0;
}
