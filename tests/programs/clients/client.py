#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""usage: client.py WAY HOST PORT: write http://HOST:PORT/pattern to standard output"""
import asyncio
import http.client
import sys
import urllib.request


def with_urllib(host, port):
    with urllib.request.urlopen(f"http://{host}:{port}/pattern") as response:
        return response.read()


def with_http_client(host, port):
    """Two requests on one connection; the second body counts."""
    connection = http.client.HTTPConnection(host, port)
    for _ in range(2):
        connection.request("GET", "/pattern")
        body = connection.getresponse().read()
    connection.close()
    return body


async def raw(host, port):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET /pattern\r\n")
    body = await reader.read()
    writer.close()
    return body


async def four_at_once(host, port):
    bodies = await asyncio.gather(*(raw(host, port) for _ in range(4)))
    assert len(set(bodies)) == 1, [len(body) for body in bodies]
    return bodies[0]


def with_asyncio(host, port):
    return asyncio.run(four_at_once(host, port))


WAYS = {"urllib": with_urllib, "http.client": with_http_client, "asyncio": with_asyncio}
sys.stdout.buffer.write(WAYS[sys.argv[1]](sys.argv[2], int(sys.argv[3])))
