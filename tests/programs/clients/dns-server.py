#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A DNS server on a loopback port that it picks: an answer for each question, over UDP.

A: 192.0.2.80. TXT: the question's name in 200 bytes. AAAA and the rest: nothing. It says the port
on standard output, and there also each question that it answers.
"""
import socket
import struct

A, TXT = 1, 16


def name_end(packet, at):
    while packet[at]:
        at += 1 + packet[at]
    return at + 1


def name_text(packet, at):
    labels = []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels)


def answer(packet):
    identity, flags = struct.unpack_from("!HH", packet)
    end = name_end(packet, 12) + 4
    kind, = struct.unpack_from("!H", packet, end - 4)
    data = {A: socket.inet_aton("192.0.2.80"),
            TXT: b"\xc8" + name_text(packet, 12).encode().ljust(200, b".")}.get(kind, b"")
    # A response to what was asked, with recursion and without an error.
    reply = struct.pack("!HHHHHH", identity, 0x8080 | flags & 0x0100, 1, 1 if data else 0, 0, 0)
    reply += packet[12:end]
    if data:
        reply += struct.pack("!HHHIH", 0xc00c, kind, 1, 60, len(data)) + data
    print("question", name_text(packet, 12), kind, flush=True)
    return reply


server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
print("port", server.getsockname()[1], flush=True)
while True:
    question, client = server.recvfrom(4096)
    server.sendto(answer(question), client)
