# SPDX-License-Identifier: MIT
"""The programs of test-life, in one process under eswrap; arguments: TCP port, UDP port.

Some threads open short flows, one keeps a long one, one sends datagrams, one looks names up. What
comes back must be what was sent, and a name's address must stay. Reads "pause", "go" and "end" from
standard input, and answers each with a line of JSON: what has happened until then.
"""
import collections
import errno
import json
import os
import random
import socket
import sys
import threading
import time

PATIENCE = 150  # s: nothing that the broker promises takes longer
SHORT = 3  # threads
NAMES = [f"n{i}.example" for i in range(24)]
# Each takes some memory, as it has to: so they come to an end.
RARE = [f"rare-{i}.example" for i in range(100)]

tcp_port, udp_port = int(sys.argv[1]), int(sys.argv[2])
go, ending = threading.Event(), threading.Event()
lock = threading.Lock()
counts, errors, wrong, addresses = collections.Counter(), collections.Counter(), [], {}
busy = set()


def note(kind, text=None):
    with lock:
        if text is None:
            counts[kind] += 1
        else:
            wrong.append(f"{kind}: {text}"[:300])


def fault_of(error):
    if isinstance(error, socket.gaierror):
        return f"EAI {error.errno}"
    if isinstance(error, TimeoutError) and error.errno is None:
        return "nothing for so long"
    return errno.errorcode.get(error.errno, str(error))


def look_up(name):
    found = {a[4][0] for a in socket.getaddrinfo(name, tcp_port, socket.AF_INET, socket.SOCK_STREAM)}
    address = found.pop()
    with lock:
        before = addresses.setdefault(name, address)
    if before != address or found:
        note("name", f"{name} was {before} and is {address} {found}")
    return address


def exchange(s, size):
    """Some bytes there and back. Return: they were the same."""
    sent = random.randbytes(size)
    sender = threading.Thread(target=lambda: quietly(s.sendall, sent))
    sender.start()
    got = b""
    try:
        while len(got) < size:
            part = s.recv(65536)
            if not part:
                raise ConnectionResetError(errno.ECONNRESET, "end of file")
            if not sent.startswith(part, len(got)):
                note("bytes", f"{size} sent; at {len(got)} came {part[:20]!r}")
                raise ConnectionAbortedError(errno.EBADMSG, "wrong bytes")
            got += part
    finally:
        if len(got) < size:
            quietly(s.shutdown, socket.SHUT_RDWR)
        sender.join()


def quietly(what, *arguments):
    try:
        what(*arguments)
    except OSError:
        pass


def connect():
    s = socket.socket()
    s.settimeout(PATIENCE)
    s.connect((look_up(random.choice(NAMES)), tcp_port))
    return s


def short_flow():
    with connect() as s:
        exchange(s, random.choice((1, 64, 1460, 5000)))


def long_flow():
    with connect() as s:
        end = time.monotonic() + random.uniform(1, 25)
        while time.monotonic() < end and go.is_set():
            exchange(s, random.choice((1, 700, 3000)))
            time.sleep(0.2)


def datagrams():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(3)
        s.connect((look_up(random.choice(NAMES)), udp_port))
        for _ in range(10):
            sent = random.randbytes(random.choice((1, 100, 1000)))
            s.send(sent)
            try:
                got = s.recv(2000)
            except TimeoutError:  # a datagram may be lost
                note("datagrams lost")
                return
            if got != sent:
                note("datagram", f"{len(sent)} bytes sent, {len(got)} others came")
            time.sleep(0.1)


def names():
    look_up(random.choice(NAMES))
    quietly(look_up, random.choice(RARE))
    time.sleep(0.3)


def run(kind, what):
    while not ending.is_set():
        if not go.wait(0.2):
            continue
        with lock:
            busy.add(threading.current_thread())
        began = time.monotonic()
        try:
            what()
            note(kind)
        except OSError as error:
            with lock:
                errors[f"{kind}: {fault_of(error)}"] += 1
            time.sleep(0.05)
        took = time.monotonic() - began
        if took > PATIENCE:
            note("patience", f"{kind} took {took:.0f} s")
        with lock:
            busy.discard(threading.current_thread())


def report():
    with lock:
        print(json.dumps({"counts": counts, "errors": errors, "wrong": wrong,
                          "addresses": addresses}), flush=True)


def main():
    work = [("short", short_flow)] * SHORT + [("long", long_flow), ("datagrams", datagrams),
                                              ("names", names)]
    threads = [threading.Thread(target=run, args=w, daemon=True) for w in work]
    for thread in threads:
        thread.start()
    for line in sys.stdin:
        word = line.strip()
        if word == "go":
            go.set()
        else:
            go.clear()
            while busy:
                time.sleep(0.05)
        report()
        if word == "end":
            break
    ending.set()
    os._exit(0)


main()
