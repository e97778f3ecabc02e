# SPDX-License-Identifier: MIT
"""The far server of test-machine: GET /N has the first N bytes of the file, PUT answers a body's sum."""
import hashlib
import http.server
import sys

with open(sys.argv[1], "rb") as held:
    HELD = held.read()


class Handler(http.server.BaseHTTPRequestHandler):
    def reply(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        wanted = self.path.strip("/")
        self.reply(HELD[: int(wanted)] if wanted else HELD)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(hashlib.sha256(body).hexdigest().encode())

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
