"""Addresses of a portal and of databases: what they must look like, and which parts of them are secret."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

from syncer.log import HIDDEN, Secret

STATES = ("sqlite", "postgresql")

_WEBHOOK_PATH = re.compile(r"/rest/([0-9]+)/([A-Za-z0-9_-]+)/?")
_WEBHOOK_CODE = re.compile(r"/rest/[0-9]+/([^/?#\s]+)")
_URL = re.compile(r"[A-Za-z][\w+.-]*://.*", re.DOTALL)
_DATABASE = re.compile(
    r"(?P<scheme>[A-Za-z][\w+.-]*)://(?:(?P<user>[^:/@?]*)(?::(?P<password>[^@]*))?@)?(?P<rest>.*)", re.DOTALL
)
_SECRET_OPTION = re.compile(r"passw|pwd|secret|token|credential|odbc_connect|key$", re.IGNORECASE)


class DatabaseUrl(Secret):
    """A SQLAlchemy URL: it prints as it was written, without its password.

    `reveal()` gives the URL to connect to. It is taught to `redact` when it has a password, or when a part of
    it was read from the environment.
    """

    __slots__ = ("_shown",)

    def __init__(self, text: str, *, written: str | None = None, private: bool = False) -> None:
        parts = [part for part in secret_parts(text) if "${" not in part]
        if parts or private:
            super().__init__(text, *parts)
        else:
            self._text = text
        self._shown = masked(written if written is not None else text)

    def __str__(self) -> str:
        return self._shown

    __repr__ = __str__

    __hash__ = Secret.__hash__


def secret_parts(url: str) -> tuple[str, ...]:
    """The passwords in a database URL, as written and decoded; empty when it has none."""
    match = _DATABASE.fullmatch(url)
    if match is None:
        return ()
    raw = [match["password"] or ""]
    if match["password"] is not None:  # it may hold an `@` that was not encoded
        before, _, _ = url.partition("://")[2].partition("?")[0].rpartition("@")
        raw.append(before.partition(":")[2])
    raw.extend(value for name, value in parse_qsl(_query(url)) if _SECRET_OPTION.search(name))
    raw.extend(
        value
        for name, _, value in (option.partition("=") for option in _query(url).split("&"))
        if _SECRET_OPTION.search(name)
    )
    decoded = [form for text in raw for form in (text, unquote(text), unquote_plus(text))]
    framed = [f":{text}@" for text in raw if text]  # short ones are too short to be hidden on their own
    return tuple(dict.fromkeys(part for part in decoded + framed if part))


def learn_secrets(text: str) -> None:
    """Teaches `redact` the secrets of the URL in a text that is none of ours yet, such as an argument."""
    url = _URL.search(text)
    if url is not None:
        code = _WEBHOOK_CODE.search(url[0])
        Secret(code[1] if code else "", *secret_parts(url[0]))


def _query(url: str) -> str:
    return url.partition("?")[2]


def masked(url: str) -> str:
    """The URL with its passwords hidden; also one that is the default of a variable, `${STATE:-URL}`."""
    found = _URL.search(url)
    for part in sorted(secret_parts(found[0]) if found else (), key=len, reverse=True):
        if part.startswith(":") and part.endswith("@"):
            url = url.replace(part, f":{HIDDEN}@")
        else:
            url = url.replace(f"={part}", f"={HIDDEN}")
    return url


def scheme(url: str) -> str | None:
    """The database's kind (`postgresql` of `postgresql+psycopg://…`); None if it is no URL."""
    match = _DATABASE.fullmatch(url)
    return None if match is None else match["scheme"].partition("+")[0].lower()


def from_root(url: str, root: Path) -> str:
    """The URL, its SQLite path starting at the project's root when it is relative."""
    if scheme(url) != "sqlite":
        return url
    start, _, rest = url.partition("://")
    if not rest.startswith("/"):
        return url
    path, mark, options = rest[1:].partition("?")
    prefix = "file:" if path.startswith("file:") else ""
    path = path.removeprefix(prefix)
    if not path or path.startswith(("/", ":memory:")):
        return url
    return f"{start}:///{prefix}{root / path}{mark}{options}"


class WebhookUrl(Secret):
    """An inbound webhook, ending in `/`, that prints as `***`.

    `host` is public, and has its port when that is not 443.
    """

    __slots__ = ("host",)

    def __init__(self, text: str) -> None:
        parsed = urlsplit(text)
        match = _WEBHOOK_PATH.fullmatch(parsed.path)
        code = match.group(2) if match else ""
        super().__init__(text if text.endswith("/") else text + "/", text.removesuffix("/"), code)
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        name = f"[{parsed.hostname}]" if ":" in (parsed.hostname or "") else parsed.hostname or ""
        self.host = name if port == 443 else f"{name}:{port}"

    @property
    def code(self) -> str:
        return self._text.rstrip("/").rpartition("/")[2]


def webhook_fault(text: str) -> str:
    """What is wrong with a webhook URL, without repeating any of it; empty when it is right."""
    try:
        parsed = urlsplit(text)
        host, _ = parsed.hostname, parsed.port
    except ValueError:
        return "its host or port cannot be read"
    if parsed.scheme not in ("https", "http") or not host or not _host_like(host):
        return "it does not start with https://HOST/"
    if parsed.username is not None or parsed.query or parsed.fragment or re.search(r"\s", text):
        return "it has more than scheme, host and path"
    if _WEBHOOK_PATH.fullmatch(parsed.path) is None:
        return "its path is not /rest/USER/CODE/, with USER a number"
    return ""


OAUTH_SERVERS = ("https://oauth.bitrix.info", "https://oauth.bitrix24.tech")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::(?P<port>[0-9]{{1,5}}))?")


def domain_fault(text: str) -> bool:
    """Whether a text is more, or less, than a host and a port."""
    found = _DOMAIN.fullmatch(text)
    return found is None or not 0 < int(found["port"] or 443) < 65536


def oauth_server_fault(text: str) -> bool:
    """Whether an OAuth server is none of the documented ones, and not on this machine."""
    if text.rstrip("/") in OAUTH_SERVERS:
        return False
    scheme, _, host = text.rstrip("/").partition("://")
    return scheme not in ("http", "https") or domain_fault(host) or not _loopback(host.partition(":")[0])


def plain_http(text: str) -> bool:
    """Whether a URL sends its code in the clear over a network."""
    parsed = urlsplit(text)
    return parsed.scheme == "http" and not _loopback(parsed.hostname or "")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _host_like(host: str) -> bool:
    return not re.search(r"[\s\\%<>\"'`]", host)
