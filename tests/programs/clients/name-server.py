#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A DNS server on port 53 of an address, over UDP and TCP; arguments: the address, and a file.

Whatever is asked has the address 192.0.2.80. Each name that it was asked for is a line of the file.
"""
import socket
import struct
import sys
import threading

address, path = sys.argv[1:]
log = open(path, "w", buffering=1)


def answer(packet):
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    print(".".join(labels), file=log)
    return (packet[:2] + b"\x81\x80" + struct.pack("!HHHH", 1, 1, 0, 0) + packet[12:at + 5] +
            struct.pack("!HHHIH", 0xc00c, 1, 1, 60, 4) + socket.inet_aton("192.0.2.80"))


def whole(client, size):
    data = b""
    while len(data) < size:
        piece = client.recv(size - len(data))
        if not piece:
            return None
        data += piece
    return data


def serve(client):
    while head := whole(client, 2):
        reply = answer(whole(client, *struct.unpack("!H", head)))
        client.sendall(struct.pack("!H", len(reply)) + reply)
    client.close()


def listen():
    while True:
        threading.Thread(target=serve, args=[streams.accept()[0]], daemon=True).start()


streams = socket.create_server((address, 53))
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind((address, 53))
threading.Thread(target=listen, daemon=True).start()
print("ready", flush=True)
while True:
    question, asker = datagrams.recvfrom(4096)
    datagrams.sendto(answer(question), asker)
