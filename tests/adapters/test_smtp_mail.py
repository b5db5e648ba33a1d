"""Letters to staff leave through a real mail server: encrypted unless it is this machine's own, and naming nobody."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from bot.adapters.smtp_mail import SmtpMail, look_at_mail
from bot.ports.alerts import Letter, MailAway, MailRefused
from tests.smtp_server import certificate, mail_server

FROM = "frontdesk@clinic.example"
LETTER = Letter("a1b2", ("ana@clinic.example", "lee@clinic.example"), "Red flag", "Look at once.\n", 1772413200)
ELSEWHERE = "127.0.0.2"
"""Not this machine by any name it goes by."""


def test_a_letter_arrives_and_none_of_those_told_sees_the_others() -> None:
    with mail_server() as box:
        assert SmtpMail(f"smtp://127.0.0.1:{box.port}", FROM).send(LETTER) == 0
    ((to, letter),) = box.letters
    assert to == LETTER.to
    assert "ana" not in letter.as_string()
    assert letter["Message-ID"] == "<a1b2@clinic.example>"
    assert letter["Date"] == "Mon, 02 Mar 2026 01:00:00 +0000"
    assert letter.get_payload() == "Look at once.\n"


def test_whoever_is_refused_keeps_nobody_else_from_being_told() -> None:
    with mail_server() as box:
        box.refuses = {"ana@clinic.example"}
        assert SmtpMail(f"smtp://127.0.0.1:{box.port}", FROM).send(LETTER) == 1
    assert [to for to, _ in box.letters] == [("lee@clinic.example",)]


def test_name_and_password_are_used_when_there_are_any() -> None:
    with mail_server() as box:
        box.password = "w@rd"
        SmtpMail(f"smtp://ana:w%40rd@127.0.0.1:{box.port}", FROM).send(LETTER)
        assert box.signed_in == ["ana"]
        with pytest.raises(MailRefused, match="password"):
            SmtpMail(f"smtp://ana:wrong@127.0.0.1:{box.port}", FROM).send(LETTER)


def test_without_tls_nothing_leaves_this_machine() -> None:
    with mail_server(host=ELSEWHERE) as box:
        box.password = "w0rd"
        with pytest.raises(MailRefused, match="TLS"):
            SmtpMail(f"smtp://ana:w0rd@{ELSEWHERE}:{box.port}", FROM).send(LETTER)
    assert (box.letters, box.signed_in) == ([], [])


def test_with_tls_a_letter_leaves_and_only_to_whom_one_trusts(tmp_path: Path) -> None:
    file = certificate(tmp_path, ELSEWHERE)
    offered = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    offered.load_cert_chain(file)
    with mail_server(offered, ELSEWHERE) as box:
        url = f"smtp://ana:w0rd@{ELSEWHERE}:{box.port}"
        box.password = "w0rd"
        with pytest.raises(MailRefused, match="certificate"):
            SmtpMail(url, FROM).send(LETTER)
        assert box.signed_in == []
        SmtpMail(url, FROM, ssl.create_default_context(cafile=str(file))).send(LETTER)
    assert (len(box.letters), box.in_clear) == (1, False)


@pytest.mark.parametrize("code", [421, 451, 554])
def test_what_a_server_says_in_trouble_is_a_number_and_names_nobody(code: int) -> None:
    with mail_server() as box:
        box.answers = [code]
        with pytest.raises(MailAway, match=str(code)) as away:
            SmtpMail(f"smtp://127.0.0.1:{box.port}", FROM).send(LETTER)
    assert "ana" not in str(away.value)


def test_everybody_refused_and_nobody_there_are_told_apart() -> None:
    with mail_server() as box:
        box.refuses = set(LETTER.to)
        with pytest.raises(MailRefused, match="everybody"):
            SmtpMail(f"smtp://127.0.0.1:{box.port}", FROM).send(LETTER)
    with pytest.raises(MailAway, match="cannot be reached"):
        SmtpMail(f"smtp://127.0.0.1:{box.port}", FROM).send(LETTER)


def test_the_doctor_says_whether_alerts_could_leave() -> None:
    with mail_server() as box:
        mail = SmtpMail(f"smtp://127.0.0.1:{box.port}", FROM)
        assert [one.level for one in look_at_mail(mail)] == ["ok"]
    (finding,) = look_at_mail(mail)
    assert (finding.level, finding.where) == ("fault", "SMTP_URL")
