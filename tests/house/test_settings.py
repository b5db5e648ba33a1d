"""A clinic is told everything that is wrong with its settings at once, and starts with nothing unsafe."""

import stat
from pathlib import Path

import pytest

from bot.settings import Unsafe, read

KEY = "9f2c71e0b8d64a35927be1f00c4d8a6358e7b21f"
TWILIO = {
    "PUBLIC_URL": "https://desk.clinic.example",
    "SECRET_KEY": KEY,
    "TWILIO_ACCOUNT_SID": "AC" + "0123456789abcdef" * 2,
    "TWILIO_AUTH_TOKEN": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "TWILIO_FROM": "whatsapp:+6531580000",
}


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(Unsafe) as refusal:
        read(environ)
    return list(refusal.value.problems)


def test_a_clinic_with_twilio_is_understood() -> None:
    settings = read(TWILIO)
    assert settings.public_url == "https://desk.clinic.example"
    assert settings.twilio_api_url == "https://api.twilio.com"
    assert settings.desk_port == 8001
    assert not settings.simulator


def test_a_bare_environment_gets_a_secret_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    first, second = read({"DATA_DIR": str(tmp_path)}), read({"DATA_DIR": str(tmp_path)})
    assert first == second
    assert len(first.secret_key) == 64
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_two_installations_never_share_their_simulated_account(tmp_path: Path) -> None:
    one, other = read({"DATA_DIR": str(tmp_path / "one")}), read({"DATA_DIR": str(tmp_path / "other")})
    assert one.twilio_account_sid != other.twilio_account_sid
    assert one.twilio_auth_tokens != other.twilio_auth_tokens
    assert one.twilio_account_sid not in one.twilio_auth_tokens[0]


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    read({"DATA_DIR": str(tmp_path)})
    (tmp_path / "secret_key").chmod(0o644)
    (problem,) = problems({"DATA_DIR": str(tmp_path)})
    assert "chmod 600" in problem


def test_a_refused_environment_leaves_nothing_behind(tmp_path: Path) -> None:
    problems({"DATA_DIR": str(tmp_path / "var"), "PORT": "0"})
    assert not (tmp_path / "var").exists()


def test_every_problem_is_named_at_once() -> None:
    named = problems({"TWILIO_ACCOUNT_SID": "AC1", "SIMULATOR": "on", "TWILIO_API_KEY_SID": "SK1", "DESK_PORT": "8000"})
    assert [problem.partition(" ")[0] for problem in named] == [
        "PORT",
        "PUBLIC_URL",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_API_KEY_SID",
        "SIMULATOR",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_API_KEY_SID",
        "TWILIO_FROM",
        "SECRET_KEY",
    ]


@pytest.mark.parametrize("name", ["PUBLIC_URL", "SECRET_KEY", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"])
def test_with_twilio_nothing_is_made_up(name: str) -> None:
    (problem,) = problems({**TWILIO, name: " "})
    assert problem.startswith(f"{name} is missing")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "http://desk.clinic.example"),
        ("PUBLIC_URL", "desk.clinic.example"),
        ("PUBLIC_URL", "https://desk.clinic.example/#rc=3"),
        ("PUBLIC_URL", "https://ana:word@desk.clinic.example"),
        ("PUBLIC_URL", "https://desk.clinic.example:http"),
        ("PUBLIC_URL", "https://[desk"),
        ("TWILIO_API_URL", "http://api.twilio.example"),
        ("TWILIO_FROM", "+6531580000"),
        ("TWILIO_FROM", "whatsapp:+0531580000"),
        ("TWILIO_ACCOUNT_SID", "SK" + "0" * 32),
        ("TWILIO_AUTH_TOKEN", " , "),
        ("TWILIO_API_KEY_SECRET", "a secret without its key"),
        ("METRICS_TOKEN", "short"),
        ("KEEP_FILES_DAYS", "0"),
        ("KEEP_FILES_DAYS", "a year"),
        ("KEEP_WORDS_DAYS", "3"),
        ("KEEP_SAFETY_DAYS", "for ever"),
        ("SMTP_URL", "smtp://mail.clinic.example:587"),
        ("ALERT_FROM", "desk@clinic.example"),
        ("METRICS_TOKEN", "with a blank in its middle"),
        ("SIMULATOR", "on"),
        ("SIMULATOR", "perhaps"),
        ("HOST", "a host"),
        ("PORT", "65536"),
        ("PORT", "８０００"),
        ("DESK_PORT", "8000"),
        ("DATA_DIR", __file__),
        ("FLOWS_DIR", __file__),
        ("DATABASE_URL", "mysql://clinic"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("REDIS_URL", "localhost:6379"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(name: str, value: str) -> None:
    (problem,) = problems({**TWILIO, name: value})
    assert name in problem


@pytest.mark.parametrize(
    "weak",
    [
        "9f2c71e0b8d64a35",
        "changeme-" * 6,
        "my-secret-key-for-the-clinic-2026-03-02",
        "0123456789abcdef" * 3,
        "a" * 64,
        "abababababababababababababababababab1",
    ],
)
def test_a_weak_secret_key_is_refused(weak: str) -> None:
    (problem,) = problems({**TWILIO, "SECRET_KEY": weak})
    assert problem.startswith("SECRET_KEY")
    assert weak not in problem


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_loopback_needs_no_https(address: str) -> None:
    assert read({**TWILIO, "PUBLIC_URL": address}).public_url == address


def test_half_a_twilio_configuration_does_not_fall_back_to_the_simulator() -> None:
    (problem,) = problems({"TWILIO_AUTH_TOKEN": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"})
    assert "TWILIO_ACCOUNT_SID" in problem


def test_several_tokens_are_taken_while_rotating() -> None:
    assert read({**TWILIO, "TWILIO_AUTH_TOKEN": "new, old"}).twilio_auth_tokens == ("new", "old")


def test_a_deep_data_folder_still_gets_a_redis_socket_short_enough(tmp_path: Path) -> None:
    settings = read({**TWILIO, "DATA_DIR": str(tmp_path / ("deep" * 30))})
    assert len(str(settings.redis_socket)) < 100
    assert settings.redis_socket == read({**TWILIO, "DATA_DIR": str(tmp_path / ("deep" * 30))}).redis_socket


def test_a_folder_that_cannot_be_looked_at_is_told_and_shows_no_stack(tmp_path: Path) -> None:
    (problem,) = problems({**TWILIO, "DATA_DIR": str(tmp_path / ("long" * 100))})
    assert problem.startswith("DATA_DIR cannot be used: File name too long")


@pytest.mark.parametrize("password", ["w/rd", "w#rd", "w?rd"])
def test_a_password_of_redis_that_breaks_its_url_is_told_without_it(password: str) -> None:
    (problem,) = problems({**TWILIO, "REDIS_URL": f"redis://:{password}@127.0.0.1:6379/0"})
    assert "%2F" in problem
    assert password not in problem


def test_another_redis_leaves_ours_unstarted() -> None:
    assert read({**TWILIO, "REDIS_URL": "redis://redis:6379/0"}).redis_socket is None


MAIL = {"SMTP_URL": "smtps://ana:w0rd@mail.clinic.example:465", "ALERT_FROM": "desk@clinic.example"}


def test_a_mail_server_and_its_sender_are_taken_together() -> None:
    settings = read({**TWILIO, **MAIL})
    assert (settings.smtp_url, settings.alert_from) == (MAIL["SMTP_URL"], MAIL["ALERT_FROM"])
    assert "w0rd" not in repr(settings)


@pytest.mark.parametrize("url", ["http://mail", "smtp://", "smtp://mail/box", "smtp://a b@mail", "smtp://mail:port"])
def test_a_mail_server_that_cannot_be_one_is_refused(url: str) -> None:
    (problem,) = problems({**TWILIO, **MAIL, "SMTP_URL": url})
    assert problem.startswith("SMTP_URL")


@pytest.mark.parametrize("sender", ["desk", "desk@clinic@example", "Desk <desk@clinic.example>", "a@b,c@d"])
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    (problem,) = problems({**TWILIO, **MAIL, "ALERT_FROM": sender})
    assert problem.startswith("ALERT_FROM")


def test_printing_the_settings_tells_no_secret() -> None:
    settings = read(
        {**TWILIO, "DATABASE_URL": "postgresql+psycopg://ana:w0rd@db/clinic", "METRICS_TOKEN": "m3trics-of-the-clinic"}
    )
    assert not any(word in repr(settings) for word in (KEY, TWILIO["TWILIO_AUTH_TOKEN"], "w0rd", "m3trics"))
