"""Addresses: their secret parts never show, and relative SQLite files start at the root."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from syncer.log import redact
from syncer.spec import DatabaseUrl, WebhookUrl
from syncer.spec.addresses import from_root

ROOT = Path("/project")


@pytest.mark.parametrize(
    ("url", "secrets", "shown"),
    [
        ("postgresql://u:pa55word@h/d", ["pa55word"], "postgresql://u:***@h/d"),
        ("postgresql://u:p%40ss%2Fword@h/d", ["p%40ss%2Fword", "p@ss/word"], "postgresql://u:***@h/d"),
        ("postgresql://u:un@encoded@h/d", ["un@encoded"], "postgresql://u:***@h/d"),
        ("mysql+pymysql://h/d?password=opt10n&x=1", ["opt10n"], "mysql+pymysql://h/d?password=***&x=1"),
        ("mssql+pyodbc://?odbc_connect=Pwd%3Dabcdef", ["Pwd%3Dabcdef", "Pwd=abcdef"], "mssql+pyodbc://?odbc_connect=***"),
        ("redis://:onlypass@h", ["onlypass"], "redis://:***@h"),
        ("postgresql://u:abc@h/d", [":abc@"], "postgresql://u:***@h/d"),
    ],
)  # fmt: skip
def test_passwords_are_hidden(url: str, secrets: list[str], shown: str) -> None:
    address = DatabaseUrl(url)
    assert (str(address), repr(address), address.reveal()) == (shown, shown, url)
    for secret in (*secrets, url):
        assert redact(f"before {secret} after") == "before *** after"


def test_a_url_without_a_secret_is_not_redacted() -> None:
    address = DatabaseUrl("sqlite:////srv/zq7x:wk93@pv5t/x.db")
    assert str(address) == address.reveal() == redact(address.reveal())


def test_an_address_is_not_serialised() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(DatabaseUrl("sqlite:///x.db"))


@pytest.mark.parametrize(
    ("url", "resolved"),
    [
        ("sqlite:///state/x.db", "sqlite:////project/state/x.db"),
        ("sqlite+pysqlite:///x.db?mode=ro", "sqlite+pysqlite:////project/x.db?mode=ro"),
        ("sqlite:///file:data/x.db?mode=ro&uri=true", "sqlite:///file:/project/data/x.db?mode=ro&uri=true"),
        ("sqlite:////abs/x.db", "sqlite:////abs/x.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://h/d", "postgresql://h/d"),
        ("${STATE}", "${STATE}"),
    ],
)
def test_relative_sqlite_files_start_at_the_root(url: str, resolved: str) -> None:
    assert from_root(url, ROOT) == resolved


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Acme.bitrix24.com/rest/1/c0dec0dec0de/", "acme.bitrix24.com"),
        ("https://acme.bitrix24.com:443/rest/1/c0dec0dec0de", "acme.bitrix24.com"),
        ("https://crm.acme.com:8443/rest/1/c0dec0dec0de/", "crm.acme.com:8443"),
        ("http://127.0.0.1/rest/1/c0dec0dec0de/", "127.0.0.1:80"),
        ("http://[::1]:8080/rest/1/c0dec0dec0de/", "[::1]:8080"),
    ],
)
def test_a_webhook_shows_its_host_alone(url: str, host: str) -> None:
    webhook = WebhookUrl(url)
    assert (str(webhook), repr(webhook), webhook.host) == ("***", "***", host)
    assert webhook.reveal().endswith("/c0dec0dec0de/")
    assert "c0dec0dec0de" not in redact(f"GET {url}crm.item.add and {webhook.code}")
