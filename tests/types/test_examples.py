"""The documentation's two examples as specs: the documented requests go out, and the documented items come of them."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from tests.plan.project import Project
from tests.sandbox.test_samples import matches, prepare
from tests.types.recorder import recorded
from tests.types.specs import EXAMPLES, bring

SAMPLES = Path(__file__).parents[1] / "sandbox" / "samples"
STAMP = {"originatorId", "originId", "xmlId"}
SLIP = "isReccurring"
"""Misspelt in the documentation's own request, and so without effect."""


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"crm.item.add.{name}.json").read_text("utf-8"))
    return found


def as_text(value: Any) -> Any:
    """A documented value as a batch carries it: text alone, arrays as arrays."""
    return [as_text(each) for each in value] if isinstance(value, list) else str(value)


@pytest.mark.parametrize(
    ("spec", "name", "kind"), [("deal", "deal", 2), ("spa", "spa-custom-fields", 1302)], ids=["deal", "spa"]
)
def test_the_documented_request_makes_the_documented_item(project: Project, spec: str, name: str, kind: int) -> None:
    documented = sample(name)
    prepare(project.portal, documented)
    bring(project, EXAMPLES / f"{spec}.yaml")
    before = {item["id"] for item in project.portal.items(kind)}
    with recorded(project) as recording:
        assert project.apply().summary == {"created": 1}
    ((_, asked),) = recording.calls("crm.item.add")
    wanted = {field: as_text(value) for field, value in documented["params"]["fields"].items() if field != SLIP}
    assert int(asked["entityTypeId"]) == kind
    assert {field: value for field, value in asked["fields"].items() if field not in STAMP} == wanted
    assert asked["fields"].keys() - wanted.keys() == ({"xmlId"} if spec == "spa" else {"originatorId", "originId"})
    (item,) = (each for each in project.portal.items(kind) if each["id"] not in before)
    expected = {field: value for field, value in documented["answer"]["result"]["item"].items() if field not in STAMP}
    assert matches(item, expected) == []
    if spec == "spa":
        content = project.portal.read(item["ufCrm44_1721812898903"]["urlMachine"])
        assert content == b64decode(documented["params"]["fields"]["ufCrm44_1721812898903"][1])


def test_the_documentation_s_own_slip_is_caught_before_anything_is_sent(project: Project) -> None:
    bring(project, EXAMPLES / "deal.yaml", portal={"webhook": "${WEBHOOK}", "lock": "state/acme.lock.yaml"})
    assert project.run("portal", "lock")[0] == 0
    path = project.folder / "specs" / "example-deal.yaml"
    path.write_text(path.read_text("utf-8").replace("      probability:", f"      {SLIP}: true\n      probability:"))
    line = path.read_text("utf-8").splitlines().index(f"      {SLIP}: true") + 1
    code, out, _ = project.run("validate", "--format", "json", WEBHOOK="")
    (found,) = json.loads(out)["findings"]
    assert (code, found["code"], found["severity"], found["line"]) == (1, "SYN301", "error", line)
    assert found["hint"] == "did you mean `isRecurring`?"
