# SPDX-License-Identifier: MIT
"""Sends what a program can send, in every way but the module's; argument: an address."""
import socket
import struct
import sys

there = sys.argv[1]
socket.setdefaulttimeout(0.2)


def attempt(what):
    try:
        what()
    except OSError:
        pass


def stream(family, address):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.connect((address, 80))


def datagram(family, address, port, data=b"x"):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.sendto(data, (address, port))
    s.sendto(data, (address, port))


def raw(protocol, data):
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
    s.sendto(data, (there, 0))


def frames():
    for _, name in socket.if_nameindex():
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        s.bind((name, 0))
        attempt(lambda: s.send(b"\xff" * 12 + b"\x08\x00" + b"\x45" + bytes(59)))


def question(kind):
    name = b"\x04leak\x07example\x03org\x00"
    return struct.pack(">HHHHHH", kind, 0x100, 1, 0, 0, 0) + name + struct.pack(">HH", kind, 1)


attempt(lambda: stream(socket.AF_INET, there))
attempt(lambda: stream(socket.AF_INET6, "2001:db8:1::7"))
attempt(lambda: datagram(socket.AF_INET, there, 123))
attempt(lambda: datagram(socket.AF_INET, there, 123, bytes(9000)))
attempt(lambda: datagram(socket.AF_INET6, "2001:db8:1::7", 123))
attempt(lambda: datagram(socket.AF_INET, "255.255.255.255", 67))
attempt(lambda: datagram(socket.AF_INET, "224.0.0.251", 5353))
attempt(lambda: datagram(socket.AF_INET6, "ff02::fb", 5353))
attempt(lambda: raw(socket.IPPROTO_ICMP, b"\x08\x00\xf7\xff" + bytes(4)))
attempt(lambda: raw(132, bytes(32)))
attempt(frames)
# A, NS, SOA, PTR, MX, TXT, AAAA, SRV, NAPTR, DS, SVCB, HTTPS, AXFR, ANY
for kind in (1, 2, 6, 12, 15, 16, 28, 33, 35, 43, 64, 65, 252, 255):
    attempt(lambda: datagram(socket.AF_INET, there, 53, question(kind)))
print("done")
