# SPDX-License-Identifier: MIT
"""Brings a connection to a stage, says so, and then how it ended.

Arguments: the stage, a host and a port. Prints "ready" when the stage is reached, and last "error NAME",
"end" or "got" with what it has got. At "connect", "look-up" and "unread" it goes on when SIGUSR1 comes.
"""
import errno
import signal
import socket
import sys

stage, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
PIECE = bytes(4096)
WHOLE = 300000


def say(text):
    print(text, flush=True)


def talk():
    if stage == "look-up":
        return b"an address" if socket.getaddrinfo(host, port) else b""
    s = socket.create_connection((host, port))
    if stage == "idle":
        s.sendall(b"x")
        s.recv(1)
        say("ready")
        return s.recv(1)
    if stage == "download":
        s.recv(1)
        say("ready")
        while s.recv(65536):
            pass
        return b""
    if stage == "upload":
        s.sendall(PIECE)
        say("ready")
        while True:
            s.sendall(PIECE)
    if stage == "half-closed":
        s.sendall(b"x")
        s.shutdown(socket.SHUT_WR)
        say("ready")
        return s.recv(1)
    if stage == "unread":
        got = len(s.recv(1000))
        say("ready")
        signal.sigwait({signal.SIGUSR1})
        while True:
            data = s.recv(1000)
            got += len(data)
            if not data:
                break
        return b"all of it" if got == WHOLE else b""
    return b"connected"


signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
try:
    if stage in ("connect", "look-up"):
        say("ready")
        signal.sigwait({signal.SIGUSR1})
    got = talk()
    say("got " + got.decode() if got else "end")
except socket.gaierror as error:
    say("error " + {v: k for k, v in vars(socket).items() if k.startswith("EAI_")}[error.errno])
except OSError as error:
    say("error " + errno.errorcode.get(error.errno, str(error)))
