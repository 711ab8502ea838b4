"""The official Python SDK against the sandbox, over real HTTP; it speaks https alone, hence the TLS door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from b24pysdk import BitrixWebhook, Client
from b24pysdk.errors import BitrixAPIError

from tests.sandbox.tls_proxy import TlsProxy
from tests.sandbox_process import RunningSandbox


@pytest.fixture
def client(portal: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    parts = urlsplit(portal.url)
    assert parts.port is not None
    with TlsProxy(tmp_path, parts.port) as door:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(door.certificate))
        code = parts.path.removeprefix("/rest/").strip("/")
        yield Client(BitrixWebhook(domain=f"localhost:{door.port}", webhook_token=code))


def test_the_sdk_adds_and_reads_an_item(client: Client) -> None:
    fields = {"title": "От SDK: 100% & +1", "originId": "42", "originatorId": "sdk"}
    added = client.crm.item.add(entity_type_id=4, fields=fields).response.result["item"]
    assert added["title"] == fields["title"]
    got = client.crm.item.get(bitrix_id=added["id"], entity_type_id=4).response.result["item"]
    assert got == added


def test_the_sdk_lists_by_outside_key(client: Client) -> None:
    for number in range(3):
        fields = {"originId": str(number), "originatorId": "sdk"}
        assert client.crm.item.add(entity_type_id=2, fields=fields).response.result["item"]
    answer = client.crm.item.list(
        entity_type_id=2, select=["id", "originId"], filter={"originatorId": "sdk", "@originId": ["0", "2"]}
    ).response
    assert [each["originId"] for each in answer.result["items"]] == ["0", "2"]
    assert answer.total == 2


def test_the_sdk_sends_a_batch(client: Client) -> None:
    title = "a=b&c=%26+d $result[x][id]"
    requests = {
        f"r{number}": client.crm.item.add(entity_type_id=1, fields={"title": f"{title} {number}"})
        for number in range(3)
    }
    answer = client.call_batch(requests).response
    titles = [each["item"]["title"] for each in answer.result.result.values()]
    assert titles == [f"{title} {number}" for number in range(3)]


def test_the_sdk_knows_the_errors(client: Client) -> None:
    with pytest.raises(BitrixAPIError) as caught:
        print(client.crm.item.add(entity_type_id=2, fields={"currencyId": "XXX"}).response)
    assert caught.value.error.upper() == "CRM_FIELD_ERROR_VALUE_NOT_VALID"
