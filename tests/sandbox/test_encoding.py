"""Text arrives as it was sent, in whichever way it was sent."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import pytest

from tests.sandbox_process import RunningSandbox

TEXTS = [
    "$result[x][id]",
    "a=b&c=d;e",
    "100% +1 %26 %2B %zz",
    "[B]bold[/B] [0][] ]][",
    "😀 Ünïcode Привет 漢字 \u202e",
    "quotes \" ' \\ / \t",
    "0123",
    "+79990000000",
    " ends with blanks ",
    "я" * 32768,  # 64 KB
    "nul\x00inside",
]
IDS = [repr(text[:12]) for text in TEXTS]


def command(text: str) -> str:
    return f"crm.item.add?entityTypeId=4&fields[title]={quote(text, safe='')}"


@pytest.mark.parametrize("text", TEXTS, ids=IDS)
def test_json(shared: RunningSandbox, text: str) -> None:
    assert shared.call("crm.item.add", entityTypeId=4, fields={"title": text})["result"]["item"]["title"] == text


@pytest.mark.parametrize("text", TEXTS, ids=IDS)
def test_a_command_of_a_batch(shared: RunningSandbox, text: str) -> None:
    answer = shared.call("batch", cmd={"a": command(text)})
    item = answer["result"]["result"]["a"]["item"]
    assert item["title"] == text
    assert shared.call("crm.item.get", entityTypeId=4, id=item["id"])["result"]["item"]["title"] == text


@pytest.mark.parametrize("text", TEXTS, ids=IDS)
def test_a_form(shared: RunningSandbox, text: str) -> None:
    body = urlencode({"entityTypeId": 4, "fields[title]": text}).encode()
    with urlopen(Request(shared.url + "crm.item.add.json", data=body)) as answer:
        assert json.loads(answer.read())["result"]["item"]["title"] == text


@pytest.mark.parametrize("text", TEXTS[:-2], ids=IDS[:-2])
def test_a_query(shared: RunningSandbox, text: str) -> None:
    query = urlencode({"entityTypeId": 4, "fields[title]": text})
    with urlopen(f"{shared.url}crm.item.add/?{query}") as answer:
        assert json.loads(answer.read())["result"]["item"]["title"] == text


@pytest.mark.parametrize("text", TEXTS[:-1], ids=IDS[:-1])
def test_multipart(shared: RunningSandbox, text: str) -> None:
    parts = {"entityTypeId": "4", "fields[title]": text}
    body = b"".join(
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value.encode() + b"\r\n"
        for name, value in parts.items()
    )
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    request = Request(shared.url + "crm.item.add", data=body + b"--edge--\r\n", headers=headers)
    with urlopen(request) as answer:
        assert json.loads(answer.read())["result"]["item"]["title"] == text


def test_a_batch_by_form_is_encoded_twice(shared: RunningSandbox) -> None:
    text = "a&b=c%d+e"
    body = urlencode({"halt": 0, "cmd[0]": command(text)}).encode()
    with urlopen(Request(shared.url + "batch", data=body)) as answer:
        assert json.loads(answer.read())["result"]["result"][0]["item"]["title"] == text


def test_php_drops_variables_over_a_thousand(shared: RunningSandbox) -> None:
    filler = "&".join(f"x{number}=1" for number in range(998))
    kept = f"crm.item.add?entityTypeId=4&{filler}&fields[title]=kept"
    lost = f"crm.item.add?entityTypeId=4&{filler}&y=1&fields[title]=lost"
    found = shared.call("batch", cmd={"kept": kept, "lost": lost})["result"]
    assert found["result"]["kept"]["item"]["title"] == "kept"
    assert found["result_error"]["lost"]["error"] == "100"


def test_a_reference_to_a_result_is_replaced_even_in_encoded_text(shared: RunningSandbox) -> None:
    commands = {"made": command("Made"), "refers": command("see $result[made][item][title]!")}
    found = shared.call("batch", cmd=commands)["result"]["result"]
    assert found["refers"]["item"]["title"] == "see Made!"


@pytest.mark.parametrize("body", [b"{", b'{"fields": "\\ud800"}', b'{"id": NaN}', b"[" * 100_000])
def test_what_is_not_json_is_refused(shared: RunningSandbox, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    request = Request(shared.url + "crm.item.add", data=body, headers=headers)
    status, answer = shared.open(request)
    assert (status, answer["error"]) == (400, "100")
