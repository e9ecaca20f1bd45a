"""Receivers of notices: a mail server (aiosmtpd) and a web server, both on loopback.

servers.py FOLDER CERTIFICATE KEY OPTIONS

OPTIONS is JSON: {"smtp_port": 0, "user": "...", "password": "...", "secret": "..."}. Prints the ports
as one line of JSON, writes what it receives to FOLDER, and ends with its standard input.
"""
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import pathlib
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

folder = pathlib.Path(sys.argv[1])
options = json.loads(sys.argv[4])
lock = threading.Lock()
counts = {}


def keep(kind, what):
    """Writes what was received, whole or not at all."""
    with lock:
        n = counts[kind] = counts.get(kind, 0) + 1
        part = folder / f"{kind}-{n:03}.part"
        part.write_text(json.dumps(what), encoding="utf-8")
        part.rename(folder / f"{kind}-{n:03}.json")


class Mail:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        raw = envelope.original_content
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        text = lambda kind: mail.get_body((kind,)).get_content()
        keep("mail", {
            "subject": mail["subject"], "from": mail["from"], "to": mail["to"],
            "id": mail["message-id"], "date": mail["date"], "auto": mail["auto-submitted"],
            "plain": text("plain"), "html": text("html"), "raw": raw.decode("ascii"),
            "envelope": [envelope.mail_from, envelope.rcpt_tos],
            "encrypted": server.transport.get_extra_info("ssl_object") is not None, "signed_in": bool(session.authenticated),
            "defects": [str(d) for part in mail.walk() for d in part.defects],
        })
        return "250 kept as number 7"


def signs_in(server, session, envelope, mechanism, data):
    given = (data.login.decode(), data.password.decode())
    fits = given == (options.get("user"), options.get("password"))
    # Not handled: aiosmtpd says no itself.
    return AuthResult(success=fits, handled=fits)


class Web(http.server.BaseHTTPRequestHandler):
    def answer(self, status, words):
        body = words.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        mark = "sha256=" + hmac.new(options["secret"].encode(), body, hashlib.sha256).hexdigest()
        keep("post", {
            "path": self.path, "type": self.headers["Content-Type"], "body": json.loads(body),
            "signed": self.headers.get("X-Kuramori-Signature") == mark,
            "mark": self.headers.get("X-Kuramori-Signature"),
        })
        self.answer(404 if self.path.startswith("/gone") else 200, f"no {self.path} here")

    def do_GET(self):
        keep("ping", {"path": self.path, "method": self.command})
        self.answer(503 if self.path.startswith("/down") else 200, "heard")

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
# With no name given it asks DNS for one at each connection, for longer than it waits to be ready.
common = dict(hostname="127.0.0.1", server_hostname="localhost", decode_data=False)
sign_in = dict(authenticator=signs_in, auth_required=True)


class AnyPort(Controller):
    """aiosmtpd looks for itself at the port it was given, which 0 is none of."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


starttls = AnyPort(Mail(), port=options.get("smtp_port", 0), tls_context=context,
                   require_starttls=True, **sign_in, **common)
implicit = AnyPort(Mail(), port=0, ssl_context=context, auth_require_tls=False, **sign_in, **common)
plain = AnyPort(Mail(), port=0, **common)
for server in (starttls, implicit, plain):
    server.start()
web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
threading.Thread(target=web.serve_forever, daemon=True).start()
print(json.dumps({"starttls": starttls.port, "tls": implicit.port, "plain": plain.port,
                  "web": web.server_port}), flush=True)
sys.stdin.read()
