"""A mail server on loopback, as much of one as a letter needs (RFC 5321): real sockets, and TLS when it has a key."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.message import Message
from ipaddress import ip_address
from pathlib import Path
from typing import Any


@dataclass
class Mailbox:
    """What a server took: letters with who they were for. ``refuses`` are addresses it does not know; ``answers`` are
    given instead of its own to the next letters (``451``); ``password`` is asked for when it is set."""

    letters: list[tuple[tuple[str, ...], Message]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    answers: list[int] = field(default_factory=list)
    password: str = ""
    signed_in: list[str] = field(default_factory=list)
    in_clear: bool = True
    port: int = 0


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        box: Mailbox = self.server.box  # type: ignore[attr-defined]
        context: ssl.SSLContext | None = self.server.context  # type: ignore[attr-defined]
        to: list[str] = []
        self._says("220 mail.clinic.example")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            word, _, rest = line.partition(" ")
            match word.upper():
                case "EHLO" | "HELO":
                    secure = isinstance(self.connection, ssl.SSLSocket)
                    offers = ["250-mail.clinic.example", *(["250-STARTTLS"] if context and not secure else [])]
                    self._says(*offers, "250 AUTH PLAIN")
                case "STARTTLS" if context:
                    self._says("220 go on")
                    self.connection = context.wrap_socket(self.connection, server_side=True)
                    self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")  # type: ignore[assignment]
                    box.in_clear = False
                case "AUTH":
                    user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")[1:]
                    right = password == box.password
                    box.signed_in += [user] if right else []
                    self._says("235 welcome" if right else "535 no")
                case "RCPT":
                    address = rest.partition("<")[2].partition(">")[0]
                    known = address not in box.refuses
                    to += [address] if known else []
                    self._says("250 ok" if known else "550 no such mailbox: " + address)
                case "DATA":
                    self._says("354 go on")
                    self._takes(box, tuple(to))
                    to = []
                case "QUIT":
                    self._says("221 bye")
                    return
                case _:
                    self._says("250 ok")

    def finish(self) -> None:
        super().finish()
        # After STARTTLS this is another one than the server knows of.
        self.connection.close()

    def _takes(self, box: Mailbox, to: tuple[str, ...]) -> None:
        lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
        letter = message_from_string("".join(lines).replace("\r\n", "\n"))
        if box.answers:
            self._says(f"{box.answers.pop(0)} not now, {', '.join(to)}")
            return
        box.letters.append((to, letter))
        self._says("250 taken")

    def _says(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())
        self.wfile.flush()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust us hangs up in the middle."""


@contextmanager
def mail_server(context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Mailbox]:
    """A server for a while; ``context`` lets it offer STARTTLS."""
    box = Mailbox()
    with _Server((host, 0), _Talk) as server:
        server.box, server.context = box, context  # type: ignore[attr-defined]
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()


def certificate(folder: Path, host: str) -> Path:
    """A key and a certificate that says so itself for a number on loopback, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.clinic.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    file = folder / "mail.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file
