"""The Northwind database, whole: created, left alone, found again, grown, and shared by two entities."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import make_url

from tests.conftest import ROOT
from tests.whole.installed import Done, items, syncer

COMPANY, CONTACT, DEAL = 4, 3, 2
CUSTOMERS, ORDERS = 93, 830
ALL = CUSTOMERS + CUSTOMERS + ORDERS


@dataclass
class Northwind:
    """A copy of specs/northwind, and of the database."""

    folder: Path
    database: Path

    @property
    def portal(self) -> Path:
        return self.folder / "state" / "northwind-portal.db"

    def run(self, command: str, *arguments: str) -> Done:
        env = {"NORTHWIND_URL": f"sqlite:///{self.database}"}
        done = syncer(command, "specs/northwind", "--format", "json", *arguments, cwd=self.folder, env=env)
        assert done.code == 0, done.err
        return done

    def rows(self, query: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query)]

    def change(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    def forget(self) -> None:
        """Deletes the state."""
        for file in (self.folder / "state").glob("northwind.db*"):
            file.unlink()


@pytest.fixture
def northwind(tmp_path: Path, northwind_url: str) -> Northwind:
    return project(tmp_path, northwind_url)


@pytest.fixture(scope="module")
def applied_once(tmp_path_factory: pytest.TempPathFactory, northwind_url: str) -> Northwind:
    made = project(tmp_path_factory.mktemp("northwind"), northwind_url)
    assert made.run("apply").counts == {"created": ALL}
    return made


@pytest.fixture
def applied(applied_once: Northwind, tmp_path: Path) -> Northwind:
    """A copy of the project, the state and the portal after the first apply."""
    shutil.copytree(applied_once.folder, tmp_path, dirs_exist_ok=True)
    return Northwind(tmp_path, tmp_path / applied_once.database.name)


def project(folder: Path, northwind_url: str) -> Northwind:
    file = make_url(northwind_url).database
    assert file is not None
    shutil.copytree(ROOT / "specs" / "northwind", folder / "specs" / "northwind")
    database = folder / "northwind.sqlite"
    shutil.copyfile(file, database)
    return Northwind(folder, database)


def accounted(done: Done) -> dict[str, int]:
    return {entity["entity"]: done.rows(entity["entity"]) for entity in done.document["entities"]}


EVERY_ROW = {"companies": CUSTOMERS, "contacts": CUSTOMERS, "deals": ORDERS}


def test_plan_accounts_for_every_row_and_writes_nothing(northwind: Northwind) -> None:
    plan = northwind.run("plan")
    assert plan.counts == {"create": ALL}
    assert accounted(plan) == EVERY_ROW
    assert len(plan.document["changes"]) == ALL
    assert not (northwind.folder / "state" / "northwind.db").exists()
    assert items(northwind.portal, COMPANY, CONTACT, DEAL) == [{}, {}, {}]


def test_companies_hold_what_the_customers_are(applied: Northwind) -> None:
    (companies,) = items(applied.portal, COMPANY)
    customers = applied.rows("SELECT * FROM Customers")
    assert set(companies) == {row["CustomerID"] for row in customers}
    for row in customers:
        company = companies[row["CustomerID"]]
        address = [row["Address"], row["PostalCode"], row["City"], row["Country"]]
        phones = [("PHONE", "WORK", row["Phone"]), ("PHONE", "FAX", row["Fax"])]
        assert company["title"] == row["CompanyName"]
        assert company["originatorId"] == "northwind"
        assert (company.get("comments") or "") == ", ".join(part for part in address if part)
        assert of_multifields(company) == [phone for phone in phones if phone[2]]


def test_contacts_hold_what_the_contact_persons_are(applied: Northwind) -> None:
    companies, contacts = items(applied.portal, COMPANY, CONTACT)
    customers = applied.rows("SELECT * FROM Customers")
    assert set(contacts) == {row["CustomerID"] for row in customers}
    for row in customers:
        contact = contacts[row["CustomerID"]]
        first, _, last = row["ContactName"].partition(" ")
        assert (contact["name"], contact.get("lastName") or "") == (first, last)
        assert (contact.get("post") or None) == row["ContactTitle"]
        assert contact["companyId"] == companies[row["CustomerID"]]["id"]
        assert of_multifields(contact) == ([("PHONE", "WORK", row["Phone"])] if row["Phone"] else [])


def test_deals_hold_what_the_orders_are(applied: Northwind) -> None:
    companies, deals = items(applied.portal, COMPANY, DEAL)
    orders = applied.rows("SELECT * FROM Orders")
    lines = applied.rows('SELECT * FROM "Order Details"')
    values: dict[int, float] = {}
    for line in lines:
        price = line["UnitPrice"] * line["Quantity"] * (1 - line["Discount"])
        values[line["OrderID"]] = values.get(line["OrderID"], 0.0) + price
    assert set(deals) == {str(row["OrderID"]) for row in orders}
    for row in orders:
        deal = deals[str(row["OrderID"])]
        assert deal["title"] == f"Order {row['OrderID']} to {row['ShipName']}"
        assert deal["companyId"] == companies[row["CustomerID"]]["id"]
        assert deal["opportunity"] == pytest.approx(values[row["OrderID"]], abs=0.0051)
        assert (deal["currencyId"], deal["isManualOpportunity"]) == ("USD", "Y")
        assert deal["begindate"][:10] == row["OrderDate"][:10]
        assert deal["closedate"][:10] == row["RequiredDate"][:10]


def test_awkward_customers_arrive(applied: Northwind) -> None:
    """A key that ends with a space, and two customers with next to nothing filled in."""
    companies, contacts = items(applied.portal, COMPANY, CONTACT)
    for key, name in (("Val2 ", "Val2"), ("VALON", "Valon")):
        assert companies[key]["title"] == "IT"
        assert contacts[key]["name"] == name
        assert contacts[key]["companyId"] == companies[key]["id"]


def test_twice_creates_nothing(applied: Northwind) -> None:
    plan, again = applied.run("plan", "--detailed-exitcode"), applied.run("apply")
    assert (plan.counts, plan.document["changes"]) == ({"unchanged": ALL}, [])
    assert again.counts == {"unchanged": ALL}
    assert accounted(plan) == accounted(again) == EVERY_ROW
    assert again.document["requests"] <= 1, "names are checked against the portal, and no row is looked up"


def test_without_its_state_everything_is_adopted(applied: Northwind) -> None:
    before = items(applied.portal, DEAL)
    applied.forget()
    plan, run = applied.run("plan"), applied.run("apply")
    assert (plan.counts, run.counts) == ({"adopt": ALL}, {"adopted": ALL})
    assert accounted(plan) == EVERY_ROW
    assert items(applied.portal, DEAL) == before
    assert applied.run("apply").counts == {"unchanged": ALL}


def test_new_orders_alone_are_created(applied: Northwind) -> None:
    before = set(items(applied.portal, DEAL)[0])
    applied.change(
        "INSERT INTO Orders SELECT OrderID + 5000, CustomerID, EmployeeID, OrderDate, RequiredDate, ShippedDate,"
        " ShipVia, Freight, ShipName, ShipAddress, ShipCity, ShipRegion, ShipPostalCode, ShipCountry"
        " FROM Orders ORDER BY OrderID LIMIT 10",
        'INSERT INTO "Order Details" SELECT OrderID + 5000, ProductID, UnitPrice, Quantity, Discount'
        ' FROM "Order Details" WHERE OrderID < 10258',
    )
    plan = applied.run("plan")
    assert plan.counts == {"create": 10, "unchanged": ALL}
    assert accounted(plan) == EVERY_ROW | {"deals": ORDERS + 10}
    assert applied.run("apply").counts == {"created": 10, "unchanged": ALL}
    assert set(items(applied.portal, DEAL)[0]) - before == {str(number) for number in range(15248, 15258)}


SUPPLIERS, SHIPPERS = 29, 3


@pytest.fixture
def partners(northwind: Northwind) -> Northwind:
    """Customers, suppliers and shippers, all companies of one originatorId; the last two are numbered from 1."""
    path = northwind.folder / "specs" / "northwind" / "northwind.yaml"
    spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    plain = {"type": "company", "source": "erp", "fields": {"title": "{{ row.CompanyName }}"}}
    spec["entities"] = {
        "suppliers": plain | {"query": "SELECT * FROM Suppliers", "originId": "{{ row.SupplierID }}"},
        "customers": plain | {"query": "SELECT * FROM Customers", "originId": "{{ row.CustomerID }}"},
        "shippers": plain | {"query": "SELECT * FROM Shippers", "originId": "{{ row.ShipperID }}"},
    }
    path.write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    return northwind


def test_keys_that_collide_are_claimed_and_told(partners: Northwind) -> None:
    every_row = {"suppliers": SUPPLIERS, "customers": CUSTOMERS, "shippers": SHIPPERS}
    made = SUPPLIERS + CUSTOMERS
    runs = [partners.run(command) for command in ("plan", "apply", "plan", "apply")]
    assert [run.counts for run in runs] == [
        {"create": made, "blocked": SHIPPERS},
        {"created": made, "blocked": SHIPPERS},
        {"unchanged": made, "blocked": SHIPPERS},
        {"unchanged": made, "blocked": SHIPPERS},
    ]
    assert [accounted(run) for run in runs] == [every_row] * 4
    for plan in (runs[0], runs[2]):
        blocked = [change for change in plan.document["changes"] if change["action"] == "blocked"]
        assert [(each["entity"], each["originId"], each["reason"]) for each in blocked] == [
            ("shippers", key, "claimed") for key in ("1", "2", "3")
        ]
        assert all("northwind/suppliers" in each["message"] for each in blocked)
    titles = {key: item["title"] for key, item in items(partners.portal, COMPANY)[0].items()}
    assert titles["1"] == "Exotic Liquids"
    assert len(titles) == made


def of_multifields(item: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["typeId"], each["valueType"], each["value"]) for each in item["fm"]]
