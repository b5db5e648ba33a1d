"""Reads the environment into one frozen Settings, or says everything that is wrong with it at once.

Blank values count as unset. Nothing here connects to anything: addresses and account numbers are checked for their
shape only. The one file it may write is DATA_DIR/secret_key, made when no Twilio account is configured.
"""

import hashlib
import hmac
import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

SECRET_KEY_CHARACTERS_MIN = 32
SECRET_KEY_DISTINCT_MIN = 10
METRICS_TOKEN_CHARACTERS_MIN = 16
KEEP_WORDS_DAYS_MIN = 7
KEEP_SAFETY_DAYS = 2192
# Linux allows 107 bytes for a socket's path and macOS 103; Redis writes next to it under a longer name while it starts.
SOCKET_PATH_BYTES_MAX = 90
SOCKET_PATH_PLAIN = r"[^\s=]+"
"""Redis tells of a connection as ``name=value name=value``, its socket among them, and clients take that apart."""
TWILIO_API = "https://api.twilio.com"
SIMULATED_CLINIC = "whatsapp:+6560000000"

WELL_KNOWN = ("changeme", "change-me", "change_me", "secret", "password", "example", "frontdesk", "12345678", "qwerty")
ON = frozenset({"1", "on", "true", "yes"})
OFF = frozenset({"0", "off", "false", "no"})


class Unsafe(Exception):
    """The environment cannot be used. `problems` holds one sentence for each thing to put right."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def _setting(name: str, sentence: str, *, secret: bool = False) -> Any:
    return field(metadata={"name": name, "sentence": sentence}, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that Frontdesk is told from outside. Paths are absolute, URLs have no trailing slash."""

    public_url: str = _setting(
        "PUBLIC_URL",
        "Where Twilio and browsers reach the clinic; https, except on loopback. Default: `HOST` and `PORT`.",
    )
    host: str = _setting("HOST", "Address to listen on. Default: `127.0.0.1`.")
    port: int = _setting("PORT", "Port of the webhook, which also leads browsers to the pages. Default: `8000`.")
    desk_port: int = _setting(
        "DESK_PORT", "Port of the pages, a process of their own that cannot delay a webhook. Default: `PORT` + 1."
    )
    data_dir: Path = _setting("DATA_DIR", "Where everything is kept that must survive a restart. Default: `./var`.")
    flows_dir: Path = _setting(
        "FLOWS_DIR", "Where what the bot says is edited, and published from. Default: `./flows`."
    )
    secret_key: str = _setting(
        "SECRET_KEY",
        "Signs sessions and links; 32 random characters or more. Without Twilio it is made once, in `DATA_DIR`.",
        secret=True,
    )
    database_url: str = _setting(
        "DATABASE_URL",
        "`postgresql+psycopg://…` or `sqlite:////…`. Default: `frontdesk.sqlite` in `DATA_DIR`.",
        secret=True,
    )
    redis_url: str = _setting(
        "REDIS_URL", "`redis://…`, `rediss://…` or `unix://…`. Default: a Redis of our own in `DATA_DIR`.", secret=True
    )
    twilio_account_sid: str = _setting(
        "TWILIO_ACCOUNT_SID", "The Twilio account, `AC` and 32 hex digits. Unset: no Twilio, only the simulator."
    )
    twilio_auth_tokens: tuple[str, ...] = _setting(
        "TWILIO_AUTH_TOKEN",
        "Proves that a webhook comes from Twilio; several, comma-separated, while rotating (the first one sends).",
        secret=True,
    )
    twilio_api_key_sid: str | None = _setting(
        "TWILIO_API_KEY_SID", "API key to send with instead of the token, `SK` and 32 hex digits. Optional."
    )
    twilio_api_key_secret: str | None = _setting(
        "TWILIO_API_KEY_SECRET", "The secret of that API key. Optional.", secret=True
    )
    twilio_from: str = _setting("TWILIO_FROM", "The clinic's WhatsApp address, `whatsapp:+` and its number.")
    twilio_api_url: str = _setting(
        "TWILIO_API_URL",
        "Stands in for every Twilio host in trials; https, except on loopback. Default: `https://api.twilio.com`.",
    )
    metrics_token: str | None = _setting(
        "METRICS_TOKEN",
        "What Prometheus must show to read `/metrics`, 16 characters or more. Unset: only a trial on loopback may.",
        secret=True,
    )
    messages_per_second: float = _setting(
        "MESSAGES_PER_SECOND",
        "What the WhatsApp sender may send; the sandbox takes one in three seconds: `0.33`. Default: `80`.",
    )
    keep_files_days: int = _setting(
        "KEEP_FILES_DAYS", "How long patients' photos, letters and voice notes are kept, in days. Unset: for good."
    )
    keep_words_days: int = _setting(
        "KEEP_WORDS_DAYS",
        "How long what patients write and are written is kept, in days; open matters stay. Unset: for good.",
    )
    keep_safety_days: int = _setting(
        "KEEP_SAFETY_DAYS",
        "How long a conversation with a safety text stays whole, in days. Default: `2192`, six years.",
    )
    smtp_url: str | None = _setting(
        "SMTP_URL",
        "Mail server for alerts: `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`. Unset: no e-mail.",
        secret=True,
    )
    alert_from: str | None = _setting("ALERT_FROM", "Who alerts come from, an e-mail address. Needed with `SMTP_URL`.")
    simulator: bool = _setting(
        "SIMULATOR",
        "`on` opens a phone in the browser instead of Twilio. `make run` turns it on when no account is set.",
    )

    @property
    def redis_socket(self) -> Path | None:
        """The socket our own Redis listens on, or None when REDIS_URL names another server."""
        own = _own_redis_socket(self.data_dir)
        return own if self.redis_url == _unix_url(own) else None

    @property
    def on_loopback(self) -> bool:
        """Whether nobody but this machine itself is meant to reach it."""
        return _is_loopback(urlsplit(self.public_url).hostname or "")

    @property
    def local_url(self) -> str:
        """Where this machine itself reaches the webhook process, whatever PUBLIC_URL says."""
        return _local_url(self.host, self.port)

    @property
    def local_desk_url(self) -> str:
        """Where this machine itself reaches the pages' process."""
        return _local_url(self.host, self.desk_port)

    @property
    def desk_url(self) -> str:
        """Where browsers reach the desk: on this machine its own port, elsewhere the public address."""
        return self.local_desk_url if self.public_url == self.local_url else self.public_url


def described() -> list[tuple[str, str]]:
    """Every setting's name and its sentence, in the order of Settings."""
    return [(one.metadata["name"], one.metadata["sentence"]) for one in fields(Settings)]


def read(environ: Mapping[str, str]) -> Settings:
    """Settings from `environ`. Raises Unsafe with all problems together.

    Without a Twilio account the account number and the token are derived from the secret key, so that every process
    of one installation agrees on them and nobody else can know them.
    """
    form = _Form(environ)
    values = _places(form)
    values |= _stores(form, values["data_dir"])
    twilio = form.text("TWILIO_ACCOUNT_SID") is not None
    values |= _twilio(form) if twilio else _no_twilio(form, _local_url(values["host"], values["desk_port"]))
    values["keep_files_days"] = form.days("KEEP_FILES_DAYS")
    values |= _keeping(form)
    values |= _mail(form)
    values["messages_per_second"] = form.rate("MESSAGES_PER_SECOND", "80")
    values["secret_key"] = _secret_key(form, values["data_dir"], required=twilio)
    if form.problems:
        raise Unsafe(form.problems)
    if not twilio:
        values |= _simulated_account(values["secret_key"])
    return Settings(**values)


def with_a_phone(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment as `make run` has it: without a Twilio account there would be nobody to talk to, and the phone in
    the browser is it."""
    if environ.get("TWILIO_ACCOUNT_SID", "").strip() or environ.get("SIMULATOR", "").strip():
        return environ
    return {**environ, "SIMULATOR": "on"}


class _Form:
    """The environment while it is being read: values come out checked, problems pile up in order."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def wrong(self, sentence: str) -> None:
        self.problems.append(sentence)

    def text(self, name: str) -> str | None:
        return self._environ.get(name, "").strip() or None

    def needed(self, name: str, why: str) -> str:
        value = self.text(name)
        if value is None:
            self.wrong(f"{name} is missing: {why}.")
        return value or ""

    def shaped(self, name: str, value: str, pattern: str, shape: str) -> str:
        if value and not re.fullmatch(pattern, value):
            self.wrong(f"{name} must be {shape}.")
        return value

    def port(self, name: str, default: int) -> int:
        value = self.text(name) or str(default)
        if not re.fullmatch(r"[0-9]{1,5}", value) or not 1 <= int(value) <= 65535:
            self.wrong(f"{name} must be a port from 1 to 65535.")
            return default
        return int(value)

    def rate(self, name: str, default: str) -> float:
        value = self.text(name) or default
        if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", value) or float(value) == 0:
            self.wrong(f"{name} must be a number such as 80 or 0.33.")
            return float(default)
        return float(value)

    def days(self, name: str) -> int:
        value = self.text(name) or "0"
        if not re.fullmatch(r"[0-9]{1,5}", value) or (self.text(name) and int(value) == 0):
            self.wrong(f"{name} must be a number of days.")
            return 0
        return int(value)

    def folder(self, name: str, default: str) -> Path:
        path = Path(self.text(name) or default).expanduser().absolute()
        try:
            if path.exists() and not path.is_dir():
                self.wrong(f"{name} must be a folder, and {path} is not one.")
        except OSError as error:
            # Mostly a folder above it that this user may not enter.
            self.wrong(f"{name} cannot be used: {error.strerror} ({path}).")
        return path

    def switch(self, name: str) -> bool:
        value = (self.text(name) or "off").lower()
        if value not in ON | OFF:
            self.wrong(f"{name} must be on or off.")
        return value in ON

    def token(self, name: str, characters_min: int) -> str | None:
        value = self.text(name)
        if value is not None and (len(value) < characters_min or not re.fullmatch(r"[!-~]+", value)):
            self.wrong(f"{name} must have {characters_min} characters or more, without blanks.")
        return value

    def web_address(self, name: str, value: str) -> str:
        """An http(s) URL that a path can be put behind; plain http on loopback alone."""
        try:
            address = urlsplit(value)
            host, _ = address.hostname, address.port
        except ValueError:
            host = None
        if not host or address.scheme not in {"http", "https"} or re.search(r"[\s\x00-\x1f]", value):
            self.wrong(f"{name} must be a URL such as https://desk.clinic.example.")
        elif address.username is not None or "?" in value or "#" in value:
            self.wrong(f"{name} must be a plain URL, without a user, a query or a fragment.")
        elif address.scheme == "http" and not _is_loopback(host):
            self.wrong(f"{name} must be https: only a loopback address may be http.")
        return value.rstrip("/")


def _places(form: _Form) -> dict[str, Any]:
    host = form.shaped("HOST", form.text("HOST") or "127.0.0.1", r"[0-9A-Za-z.:-]+", "an address or a host name")
    port = form.port("PORT", 8000)
    # The last port has no next one; the neighbour below is as good.
    desk_port = form.port("DESK_PORT", port + 1 if port < 65535 else port - 1)
    if port == desk_port:
        form.wrong("PORT and DESK_PORT must differ: the pages run in a process of their own.")
    return {
        "host": host,
        "port": port,
        "desk_port": desk_port,
        "public_url": form.web_address("PUBLIC_URL", form.text("PUBLIC_URL") or _local_url(host, port)),
        "data_dir": form.folder("DATA_DIR", "var"),
        "flows_dir": form.folder("FLOWS_DIR", "flows"),
        "metrics_token": form.token("METRICS_TOKEN", METRICS_TOKEN_CHARACTERS_MIN),
    }


def _stores(form: _Form, data_dir: Path) -> dict[str, Any]:
    database_url = form.text("DATABASE_URL") or f"sqlite:///{data_dir / 'frontdesk.sqlite'}"
    form.shaped(
        "DATABASE_URL",
        database_url,
        r"(postgresql\+psycopg://|sqlite:///)(?!:memory:).+",
        "postgresql+psycopg://… or sqlite:///… with a file",
    )
    redis_url = form.text("REDIS_URL") or _unix_url(_own_redis_socket(data_dir))
    form.shaped("REDIS_URL", redis_url, r"(rediss?://|unix:///).+", "redis://…, rediss://… or unix:///…")
    if not _is_in_parts(redis_url):
        form.wrong("REDIS_URL must be redis://:PASSWORD@HOST:PORT/0. In a password / is written %2F, # is written %23.")
    return {"database_url": database_url, "redis_url": redis_url}


def _is_in_parts(url: str) -> bool:
    """Whether a port is where one should be: a ``/`` in the password puts half of that there."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _twilio(form: _Form) -> dict[str, Any]:
    why = "a Twilio account is configured"
    form.needed("PUBLIC_URL", f"{why}, and its signatures cover the public address")
    tokens = form.shaped(
        "TWILIO_AUTH_TOKEN",
        form.needed("TWILIO_AUTH_TOKEN", why),
        r"[^\s,]+(\s*,\s*[^\s,]+)*",
        "one token, or several with commas between",
    )
    key_sid, key_secret = form.text("TWILIO_API_KEY_SID"), form.text("TWILIO_API_KEY_SECRET")
    if (key_sid is None) != (key_secret is None):
        form.wrong("TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET belong together: set both or neither.")
    if form.switch("SIMULATOR"):
        form.wrong("SIMULATOR is on beside a Twilio account: anybody could speak as a patient. Unset one of them.")
    return {
        "twilio_account_sid": _sid(form, "TWILIO_ACCOUNT_SID", "AC"),
        "twilio_auth_tokens": tuple(token.strip() for token in tokens.split(",")),
        "twilio_api_key_sid": _sid(form, "TWILIO_API_KEY_SID", "SK") or None,
        "twilio_api_key_secret": key_secret,
        "twilio_from": _clinic_address(form, form.needed("TWILIO_FROM", why)),
        "twilio_api_url": form.web_address("TWILIO_API_URL", form.text("TWILIO_API_URL") or TWILIO_API),
        "simulator": False,
    }


def _no_twilio(form: _Form, local_desk_url: str) -> dict[str, Any]:
    for name in ("TWILIO_AUTH_TOKEN", "TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET", "TWILIO_API_URL"):
        if form.text(name) is not None:
            form.wrong(f"{name} is set without TWILIO_ACCOUNT_SID: set the account, or unset it for the simulator.")
    return {
        "twilio_api_key_sid": None,
        "twilio_api_key_secret": None,
        "twilio_from": _clinic_address(form, form.text("TWILIO_FROM") or SIMULATED_CLINIC),
        "twilio_api_url": f"{local_desk_url}/simulator",
        "simulator": form.switch("SIMULATOR"),
    }


def _keeping(form: _Form) -> dict[str, Any]:
    words, safety = form.days("KEEP_WORDS_DAYS"), form.days("KEEP_SAFETY_DAYS")
    if 0 < words < KEEP_WORDS_DAYS_MIN:
        form.wrong(
            f"KEEP_WORDS_DAYS must be {KEEP_WORDS_DAYS_MIN} or more: shorter would forget what is still going on."
        )
    return {"keep_words_days": words, "keep_safety_days": safety or KEEP_SAFETY_DAYS}


def _mail(form: _Form) -> dict[str, Any]:
    url, sender = form.text("SMTP_URL"), form.text("ALERT_FROM")
    if (url is None) != (sender is None):
        form.wrong("SMTP_URL and ALERT_FROM belong together: set both or neither.")
    form.shaped(
        "SMTP_URL", url or "", r"smtps?://([^/@\s]+@)?[^/@:\s]+(:[0-9]{1,5})?/?", "smtp://… or smtps://… with a host"
    )
    form.shaped("ALERT_FROM", sender or "", r"[^\s@<>,]+@[^\s@<>,]+", "an e-mail address such as desk@clinic.example")
    return {"smtp_url": url, "alert_from": sender}


def _simulated_account(secret_key: str) -> dict[str, Any]:
    def derived(purpose: bytes) -> str:
        return hmac.new(secret_key.encode(), purpose, hashlib.sha256).hexdigest()[:32]

    return {
        "twilio_account_sid": f"AC{derived(b'simulated account')}",
        "twilio_auth_tokens": (derived(b"simulated token"),),
    }


def _sid(form: _Form, name: str, prefix: str) -> str:
    return form.shaped(name, form.text(name) or "", prefix + "[0-9a-fA-F]{32}", f"{prefix} and 32 hex digits")


def _clinic_address(form: _Form, value: str) -> str:
    return form.shaped(
        "TWILIO_FROM", value, r"whatsapp:\+[1-9][0-9]{6,14}", "whatsapp:+ and the number in international form"
    )


def _secret_key(form: _Form, data_dir: Path, *, required: bool) -> str:
    key = form.needed("SECRET_KEY", "a Twilio account is configured") if required else form.text("SECRET_KEY")
    if key:
        if weakness := _weakness(key):
            form.wrong(
                f"SECRET_KEY {weakness}. Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'"
            )
        return key
    # No secret is made for a configuration that is refused anyway.
    if required or form.problems:
        return ""
    try:
        return _own_secret_key(data_dir)
    except OSError as error:
        form.wrong(f"The secret key in DATA_DIR cannot be used: {error.strerror} ({error.filename}).")
    return ""


def _weakness(key: str) -> str | None:
    if len(key) < SECRET_KEY_CHARACTERS_MIN:
        return f"is shorter than {SECRET_KEY_CHARACTERS_MIN} characters"
    if any(word in key.lower() for word in WELL_KNOWN):
        return "contains a well-known word"
    # A text that occurs in its own double before the end is a shorter text repeated.
    if len(set(key)) < SECRET_KEY_DISTINCT_MIN or key in (key + key)[1:-1]:
        return "is too regular to be random"
    return None


def _own_secret_key(data_dir: Path) -> str:
    """The key in DATA_DIR/secret_key, made on the first call; of several processes at once, all get the same one."""
    path = data_dir / "secret_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"secret_key.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        try:
            # A link appears whole or not at all, and never replaces a key that somebody else made meanwhile.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    if path.stat().st_mode & 0o077:
        raise PermissionError(0, "others may read it, so run chmod 600 on it", str(path))
    return path.read_text().strip()


def _own_redis_socket(data_dir: Path) -> Path:
    """DATA_DIR/redis/redis.sock; where that is too long or not plain, a short path that every process derives alike."""
    socket = data_dir / "redis" / "redis.sock"
    if len(os.fsencode(socket)) <= SOCKET_PATH_BYTES_MAX and re.fullmatch(SOCKET_PATH_PLAIN, str(socket)):
        return socket
    mark = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(f"/tmp/frontdesk-{os.getuid()}-{mark}/redis.sock")


def _unix_url(socket: Path) -> str:
    return f"unix://{quote(str(socket))}"


def _local_url(host: str, port: int) -> str:
    """An address that listens everywhere (0.0.0.0 or ::) is reached on loopback."""
    if host in {"0.0.0.0", "::"}:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
