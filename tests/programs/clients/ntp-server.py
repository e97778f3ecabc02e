#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""usage: ntp-server.py PORT: an NTP server on loopback whose clock is a day ahead

It says "ready" on standard output once it listens, and "asked" for each question.
"""
import socket
import struct
import sys
import time

# From 1900 to 1970, and a day, s.
EPOCH = 2208988800
AHEAD = 86400


def now():
    return int((time.time() + EPOCH + AHEAD) * 2**32)


server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    question, client = server.recvfrom(1024)
    arrived = now()
    # Version 4, server, stratum 2, no delay, no dispersion, 192.0.2.1 as its reference.
    head = struct.pack("!BBbbIII", 4 << 3 | 4, 2, 6, -20, 0, 0, 0xc0000201)
    times = struct.pack("!Q8sQQ", arrived, question[40:48], arrived, now())
    server.sendto(head + times, client)
    print("asked", flush=True)
