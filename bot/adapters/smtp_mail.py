"""Letters to staff, by SMTP. TLS is a must, except to a server on this machine itself.

``smtps://user:password@host`` begins with TLS (port 465), ``smtp://`` asks for it (STARTTLS, port 587).
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from bot.core.finding import Finding
from bot.ports.alerts import Letter, MailAway, MailRefused

SECONDS_MAX = 8
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class SmtpMail:
    """The Mail port. Every letter has a connection of its own: they are few."""

    def __init__(self, url: str, sender: str, context: ssl.SSLContext | None = None) -> None:
        self._url = urlsplit(url)
        self._sender = sender
        self._context = context or ssl.create_default_context()

    def send(self, letter: Letter) -> int:
        """Send a letter; how many were refused while others were told. Raises MailAway or MailRefused."""
        with self._server() as server:
            return len(server.send_message(self._written(letter), self._sender, letter.to))

    def greets(self) -> None:
        """Sign in and leave again. Raises MailAway or MailRefused."""
        with self._server() as server:
            server.noop()

    def _written(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"] = message["To"] = self._sender
        # Nobody reads from it who else is told: the others are named to the server alone.
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(datetime.fromtimestamp(letter.at, UTC))
        message["Message-ID"] = f"<{letter.id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """A server that we are signed in to. Its own words are dropped: they may name whom we write to."""
        try:
            with self._connected() as server:
                if self._url.username:
                    server.login(unquote(self._url.username), unquote(self._url.password or ""))
                yield server
        except smtplib.SMTPAuthenticationError:
            raise MailRefused("the mail server refuses the name or the password") from None
        except smtplib.SMTPSenderRefused:
            raise MailRefused("the mail server refuses our sender: look at ALERT_FROM") from None
        except smtplib.SMTPRecipientsRefused:
            raise MailRefused("the mail server refuses everybody we write to") from None
        except smtplib.SMTPNotSupportedError:
            raise MailRefused("the mail server offers no TLS, or no sign-in") from None
        except ssl.SSLError:
            raise MailRefused("the mail server's certificate is not trusted") from None
        except smtplib.SMTPResponseException as error:
            raise MailAway(f"the mail server answers {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailAway(f"the mail server cannot be reached ({type(error).__name__})") from None

    def _connected(self) -> smtplib.SMTP:
        host = self._url.hostname or ""
        if self._url.scheme == "smtps":
            return smtplib.SMTP_SSL(host, self._url.port or 465, timeout=SECONDS_MAX, context=self._context)
        server = smtplib.SMTP(host, self._url.port or 587, timeout=SECONDS_MAX)
        try:
            if host not in _LOOPBACK:
                server.starttls(context=self._context)
        except BaseException:
            server.close()
            raise
        return server


def look_at_mail(mail: SmtpMail) -> Iterator[Finding]:
    """Whether alerts could leave now."""
    try:
        mail.greets()
    except MailAway as away:
        do = "Put right SMTP_URL and ALERT_FROM, or the mail server. Until then screens and devices alone tell staff."
        yield Finding("fault", "Mail", f"Alerts cannot leave: {away}.", "SMTP_URL", do)
    else:
        yield Finding("ok", "Mail", "the mail server lets us in")
