"""A peer for ci/image.sh: an https server of its own authority that refuses every key, and a name
server that knows one host. Both on loopback.

    image-peer.py DIRECTORY HOST

writes the authority's certificate to DIRECTORY/ca.pem and the server's port to DIRECTORY/port.
"""

import socket
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

NAME_SERVER = ("127.0.0.153", 53)


def certificates(directory, host):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *new_key, "-subj", "/CN=ci", "-days", "2", "-keyout", "ca.key",
            "-out", "ca.pem")
    openssl("req", *new_key, "-subj", f"/CN={host}", "-keyout", "host.key", "-out", "host.csr")
    (directory / "names").write_text(f"subjectAltName=DNS:{host}\n")
    openssl("x509", "-req", "-in", "host.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
            "-CAcreateserial", "-extfile", "names", "-out", "host.pem")


class Refuse(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"detail": "Invalid API key."}'
        self.send_response(401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def answer_names(server, host):
    known = b"".join(bytes([len(part)]) + part.encode() for part in host.split(".")) + b"\0"
    while True:
        query, client = server.recvfrom(512)
        end = query.index(b"\0", 12) + 1
        name, kind = query[12:end], query[end:end + 2]
        if name.lower() != known:
            answer = query[:2] + b"\x81\x83" + query[4:6] + b"\0" * 6 + query[12:end + 4]
        elif kind == b"\0\1":
            record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton("127.0.0.1")
            answer = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:end + 4] + record
        else:
            answer = query[:2] + b"\x81\x80\0\1\0\0\0\0\0\0" + query[12:end + 4]
        server.sendto(answer, client)


def main():
    directory, host = Path(sys.argv[1]), sys.argv[2]
    directory.mkdir(parents=True)
    certificates(directory, host)
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(NAME_SERVER)
    threading.Thread(target=answer_names, args=(names, host), daemon=True).start()
    server = HTTPServer(("127.0.0.1", 0), Refuse)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "host.pem", directory / "host.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    (directory / "port").write_text(str(server.server_port))
    server.serve_forever()


main()
