"""TLS in front of a plain HTTP server, for tests: makes an authority and a certificate for `localhost`, and hands over what it hears.

usage: tls_front.py FOLDER PORT
Writes `authority.pem` and, of somebody else, `stranger.pem` into FOLDER, and prints its own port as a line.
"""

import socket
import ssl
import subprocess
import sys
import threading

folder, behind = sys.argv[1], int(sys.argv[2])


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)


for name in ("authority", "stranger"):
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2",
            "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
with open(f"{folder}/server.ext", "w") as extensions:
    extensions.write("subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n")
openssl("x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-out",
        "server.pem", "-days", "2", "-extfile", "server.ext")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")


def pump(source, sink):
    try:
        while part := source.recv(65536):
            sink.sendall(part)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(plain):
    try:
        with context.wrap_socket(plain, server_side=True) as front, socket.create_connection(("127.0.0.1", behind)) as back:
            back_way = threading.Thread(target=pump, args=(back, front), daemon=True)
            back_way.start()
            pump(front, back)
            back_way.join()
    except OSError:
        # A client that does not trust us hangs up in the middle of the handshake.
        pass


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
