"""An SQLite state on a CI machine is lost with it: told, before anything is asked of a real portal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgres import Postgres
from tests.whole.installed import Done, syncer

WARNING = "warning: the state is an SQLite file on a CI machine"
UNREACHABLE = "https://portal.invalid/rest/1/c0dec0dec0de/"

SPEC = """
version: 1
name: shop
portal: {webhook: "${WEBHOOK}"}
state: ${STATE:-sqlite:///state.db}
originatorId: erp
sources: {erp: {url: "sqlite:///erp.db"}}
entities:
  companies:
    {type: company, source: erp, query: SELECT 1 AS id, originId: "{{ row.id }}", fields: {title: "{{ row.id }}"}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "shop.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "erp.db").touch()
    return tmp_path


def refused(folder: Path, webhook: str, *arguments: str, **environment: str) -> Done:
    """A plan that ends after the warning and before the portal is asked: it has no such entity."""
    arguments = ("plan", "specs", "--only", "nothing", *arguments)
    done = syncer(*arguments, cwd=folder, env={"WEBHOOK": webhook} | environment)
    assert done.code == 64, done
    return done


def test_it_is_told_before_the_portal_is_asked(folder: Path) -> None:
    direct = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"), "")
    done = syncer("plan", "specs", cwd=folder, env=direct | {"WEBHOOK": UNREACHABLE, "CI": "true"})
    assert done.code == 1
    assert 0 <= done.err.find(WARNING) < done.err.find("error: No connection to portal.invalid")
    assert "SYNCER_STATE" in done.err
    assert WARNING not in done.out


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000", "[::1]", "localhost:8000"])
def test_not_for_a_portal_on_this_machine(folder: Path, host: str) -> None:
    scheme = "http" if "8000" in host else "https"
    assert WARNING not in refused(folder, f"{scheme}://{host}/rest/1/c0dec0dec0de/", CI="true").err


def test_not_for_the_embedded_portal(folder: Path) -> None:
    assert WARNING not in refused(folder, UNREACHABLE, "--portal", "sandbox:portal.db", CI="true").err


def test_not_for_a_state_on_a_server(folder: Path, postgres: Postgres) -> None:
    server, file = postgres.fresh_database(), "sqlite:///other.db"
    assert WARNING not in refused(folder, UNREACHABLE, CI="true", STATE=server).err
    assert WARNING not in refused(folder, UNREACHABLE, "--state", server, CI="true").err
    assert WARNING in refused(folder, UNREACHABLE, "--state", file, CI="true", STATE=server).err
    assert WARNING in refused(folder, UNREACHABLE, CI="true", STATE=server, SYNCER_STATE=file).err


def test_not_at_home(folder: Path) -> None:
    assert WARNING not in refused(folder, UNREACHABLE).err
    assert WARNING not in refused(folder, UNREACHABLE, CI="").err
