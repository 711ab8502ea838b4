"""Secrets planted where a project keeps its own, and the search for them in whatever comes out of it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from sqlalchemy import make_url

from syncer.log import Secret
from syncer.store.tokens import KEY, Tokens, sealing
from tests.sandbox_process import RunningSandbox
from tests.whole.installed import Done, syncer

SOURCE, STATE, WRONG = "Pl4ntedSource", "Pl4ntedState", "Wr0ngPassword"
ODD = 'it\'s "q" \\ /%:@&+=#?$(x)é'
"""What URLs, JSON, shells and logs each write in their own way. The core of a password is looked for."""

SPEC = """
version: 1
name: shop
portal:
  webhook: ${WEBHOOK}
  name: acme
  limits: {burst: 1000, requests_per_second: 1000, request_seconds: 5, settle_seconds: 0.2}
state: ${STATE}
originatorId: erp
sources:
  erp: {url: "${ERP}"}
entities:
  companies:
    type: company
    source: erp
    query: SELECT * FROM (VALUES (1, 'One'), (2, 'Two'), (3, 'Three')) AS customer(id, name)
    originId: "{{ row.id }}"
    fields: {title: "{{ row.name }}"}
  deals:
    type: deal
    source: erp
    query: SELECT * FROM (VALUES (1, 1), (2, 9)) AS purchase(id, customer)
    originId: "{{ row.id }}"
    fields: {title: "Deal {{ row.id }}", companyId: "{{ ref('companies', row.customer) }}"}
"""
OAUTH = """
  oauth:
    domain: ${DOMAIN}
    client_id: ${CLIENT_ID}
    client_secret: ${CLIENT_SECRET}
    refresh_token: ${REFRESH_TOKEN}
    server: http://${DOMAIN}
"""


@dataclass
class Planted:
    """A project whose webhook, source and state each hold a secret."""

    folder: Path
    portal: RunningSandbox
    source_url: str
    state_url: str
    application: dict[str, str] = field(default_factory=dict)
    """The environment of an application, where one is used in place of the webhook."""
    secrets: set[str] = field(default_factory=set)
    """Those of the application, with every token that it was given."""

    def __post_init__(self) -> None:
        (self.folder / "specs").mkdir()
        (self.folder / "tmp").mkdir()
        (self.folder / "specs" / "shop.yaml").write_text(SPEC, encoding="utf-8")

    @property
    def code(self) -> str:
        """The code of the portal's webhook."""
        return urlsplit(self.portal.url).path.split("/")[3]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "WEBHOOK": self.portal.url,
            "STATE": self.state_url,
            "ERP": self.source_url,
            "TMPDIR": str(self.folder / "tmp"),
        } | self.application

    def use_application(self) -> None:
        """Puts an application in the place of the webhook."""
        pair = self.portal.control("POST", "tokens", {})
        key = f"Pl4ntedKey{'k' * 32}"
        self.secrets = {pair["client_secret"], pair["refresh_token"], key}
        self.application = {
            "DOMAIN": self.portal.root.removeprefix("http://").rstrip("/"),
            "CLIENT_ID": pair["client_id"],
            "CLIENT_SECRET": pair["client_secret"],
            "REFRESH_TOKEN": pair["refresh_token"],
            KEY: key,
        }
        file = self.folder / "specs" / "shop.yaml"
        file.write_text(file.read_text("utf-8").replace("\n  webhook: ${WEBHOOK}\n", OAUTH), encoding="utf-8")

    def kept(self) -> dict[str, str]:
        """The application's tokens, as the state has them."""
        begun = Secret(self.application["REFRESH_TOKEN"])
        tokens = Tokens(self.state_url, "acme", start=begun, seal=sealing(self.application)).load()
        return tokens or {"access": "", "refresh": ""}

    def run(self, *arguments: str, **environment: str) -> Done:
        """Runs a command in the project, and looks for the secrets in all that it prints."""
        done = syncer(*arguments, cwd=self.folder, env=self.environment | environment)
        if self.application:
            self.secrets |= {self.kept()[name] for name in ("access", "refresh")} - {""}
        self.search(done.out, f"stdout of {arguments}")
        self.search(done.err, f"stderr of {arguments}")
        return done

    def search(self, text: str, where: str) -> None:
        for secret in (self.code, SOURCE, STATE, WRONG, *self.secrets):
            assert secret not in text, f"{secret} in the {where}: {text}"

    def search_files(self) -> list[Path]:
        """Looks through every file of the project, and what SQLite files hold; the files."""
        files = [Path(folder, name) for folder, _, names in os.walk(self.folder) for name in names]
        for file in files:
            self.search(file.read_bytes().decode("latin-1"), str(file))
            if file.read_bytes().startswith(b"SQLite format 3"):
                with closing(sqlite3.connect(file)) as database:
                    self.search("\n".join(database.iterdump()), str(file))
        return files

    def search_server(self, url: str) -> set[str]:
        """Looks through every row of every table of a PostgreSQL database; the tables that have rows."""
        place = make_url(url)
        with psycopg.connect(host=str(place.query["host"]), user="postgres", dbname=place.database) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            rows = {name: connection.execute(f'SELECT t::text FROM "{name}" AS t').fetchall() for (name,) in tables}
        for name, found in rows.items():
            self.search(repr(found), f"table {name}")
        return {name for name, found in rows.items() if found}


def with_password(url: str, user: str, password: str) -> str:
    """The URL with another user and a password, percent-encoded."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{user}:{quote(password, safe='')}@{rest.partition('@')[2]}"


def planted_passwords() -> tuple[str, str]:
    """The source's and the state's."""
    return f"{ODD}{SOURCE}{ODD}", f"{ODD}{STATE}{ODD}"
