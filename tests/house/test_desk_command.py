"""Who needs a person, as somebody without a browser reads it."""

from pathlib import Path

import pytest

from bot import __main__ as commands
from bot.desk import reception, replying
from tests.desk.test_turns import Patient
from tests.universe import RAVI
from tests.web.desk_pages import ANA, open_front


def test_the_list_and_a_thread_name_colleagues_and_count_like_people(
    tmp_path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_front(sqlite_url) as front:
        ana, mei_ling, ravi = front.ids[ANA], Patient(front.desk), Patient(front.desk, RAVI)
        mei_ling.says("human")
        reception.take_over(front.desk, mei_ling.conversation, ana)
        replying.reply(front.desk, mei_ling.conversation, ana, "Hello, this is Ana")
        one = _said(capsys, monkeypatch, tmp_path, sqlite_url, "list")
        ravi.says("human")
    two = _said(capsys, monkeypatch, tmp_path, sqlite_url, "list")
    read = _said(capsys, monkeypatch, tmp_path, sqlite_url, "read", mei_ling.conversation)
    assert f"{mei_ling.conversation[:10]}  with Ana  " in one
    assert one.endswith("1 conversation needs a person.\n")
    assert two.endswith("2 conversations need a person.\n")
    assert "Ana: Hello, this is Ana" in read
    assert ana not in one + two + read


def _said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path, url: str, *arguments: str
) -> str:
    for name, value in (("DATA_DIR", str(folder)), ("DATABASE_URL", url)):
        monkeypatch.setenv(name, value)
    for name in ("PUBLIC_URL", "TWILIO_ACCOUNT_SID", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    assert commands.main(["desk", *arguments]) == 0
    return capsys.readouterr().out
