"""A mail server for tests (aiosmtpd): tells every letter that it takes as a line of JSON, and sends none on.

usage: smtp_sink.py MODE FOLDER
  starttls  STARTTLS and a login (user `agent`, password `correct horse`) are required
  tls       encrypted from the first byte, no login
  plain     offers neither STARTTLS nor a login
Mailboxes `reject…` and `defer…` are refused for good and for now; a subject `drop` breaks the connection after the letter
was handed over, `busy` and `unwanted` refuse the letter itself.
"""

import asyncio
import json
import socket
import ssl
import subprocess
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

mode, folder = sys.argv[1:]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("reject"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("defer"):
            return "451 4.7.1 try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        content = envelope.content.decode("ascii")
        subject = next((line for line in content.splitlines() if line.startswith("Subject:")), "")
        letter = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "content": content,
                  "encrypted": session.ssl is not None or mode == "tls", "user": bool(session.authenticated)}
        print(json.dumps(letter), flush=True)
        if subject == "Subject: drop":
            server.transport.abort()
        if subject == "Subject: busy":
            return "451 4.3.0 busy"
        if subject == "Subject: unwanted":
            return "554 5.6.0 unwanted"
        return "250 OK"


def login(server, session, envelope, mechanism, data):
    good = mechanism == "PLAIN" and data.login == b"agent" and data.password == b"correct horse"
    return AuthResult(success=good, handled=False)


subprocess.run(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/key.pem", "-out",
     f"{folder}/certificate.pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
     "-addext", "basicConstraints=critical,CA:FALSE"],
    check=True, capture_output=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{folder}/certificate.pem", f"{folder}/key.pem")
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
settings = {
    "starttls": {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": login},
    "tls": {"ssl_context": context},
    "plain": {},
}[mode]
controller = Controller(Handler(), hostname="127.0.0.1", port=port, **settings)
controller.start()
print(json.dumps({"port": port}), flush=True)
asyncio.new_event_loop().run_forever()
