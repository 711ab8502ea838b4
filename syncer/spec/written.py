"""The spec as it is written: its keys, their types and what they mean; the JSON Schema for editors.

What holds between several keys (exactly one of these, a name that must exist) is in `checks`; what the engine
gets to see, with paths and defaults resolved, is in `model`.
"""

from __future__ import annotations

import codecs
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from syncer.model.identity import TYPE_NAMES
from syncer.spec.problems import did_you_mean, quoted

TypeName = Literal["lead", "deal", "contact", "company", "quote", "invoice"]
Name = Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=100)]
OriginatorId = Annotated[str, Field(pattern=r"^[^:\x00-\x1f\x7f]+$", max_length=200)]
Text = Annotated[str, Field(min_length=1)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]


class Written(BaseModel):
    """A mapping of the spec: no other keys, no conversions but a whole number to a decimal one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def _exactly_one(*keys: str) -> ConfigDict:
    """What editors are told; `checks` tells it at its place and in words."""
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [key]} for key in keys]})


class SpaTitle(Written):
    """A smart process by its title."""

    spa: Text = Field(description="The title of the smart process, as the portal shows it.")


def _entity_type(value: Any) -> str | int | SpaTitle:
    match value:
        case str() if value in TYPE_NAMES:
            return value
        case str():
            advice = "write the number without quotes" if value.isdigit() else did_you_mean(value, TYPE_NAMES)
            raise PydanticCustomError("bad_value", "there is no type {value}", {"value": quoted(value), "hint": advice})
        case 5:
            told = {
                "value": "5 is the type of the old invoices, which a portal makes no more",
                "hint": "write `invoice`",
            }
            raise PydanticCustomError("bad_value", "{value}", told)
        case int() if not isinstance(value, bool) and value > 0:
            return value
        case {"spa": str(title)} if title and len(value) == 1:
            return SpaTitle(spa=title)
    expected = "a type's name, a positive entityTypeId or {spa: TITLE}"
    raise PydanticCustomError("wrong_type", "expected {expected}", {"expected": expected})


def _count_or(word: str, least: int) -> PlainValidator:
    def read(value: Any) -> int | str:
        if value == word or (isinstance(value, int) and not isinstance(value, bool) and value >= least):
            return value  # type: ignore[no-any-return]
        expected = f"a whole number from {least} on, or `{word}`"
        raise PydanticCustomError("wrong_type", "expected {expected}", {"expected": expected})

    return PlainValidator(read, json_schema_input_type=Annotated[int, Field(ge=least)] | Literal[word])


def _version(value: Any) -> int:
    if type(value) is int and value == 1:
        return value
    raise PydanticCustomError("wrong_type", "expected {expected}", {"expected": "1, the only version there is"})


Version = Annotated[int, PlainValidator(_version, json_schema_input_type=Literal[1])]
EntityType = Annotated[
    str | int | SpaTitle, PlainValidator(_entity_type, json_schema_input_type=TypeName | int | SpaTitle)
]
InFlight = Annotated[int | Literal["auto"], _count_or("auto", 1)]
MaxCreate = Annotated[int | str, _count_or("unlimited", 0)]


def _parameter(value: Any) -> Any:
    if isinstance(value, list | dict):
        raise PydanticCustomError(
            "wrong_type", "expected {expected}", {"expected": "text, a number, true, false or null"}
        )
    return value


Parameter = Annotated[Any, PlainValidator(_parameter, json_schema_input_type=str | int | float | bool | None)]


class OauthWritten(Written):
    """An application's access to a portal."""

    domain: Text = Field(description="The portal's host.", examples=["acme.bitrix24.com"])
    client_id: Text = Field(description="From the application's card.")
    client_secret: Text = Field(description="From the application's card; keep it in the environment.")
    refresh_token: Text = Field(description="The token to start from; keep it in the environment.")
    server: Text = Field(
        "https://oauth.bitrix.info", description="The OAuth server; https://oauth.bitrix24.tech for portals in Russia."
    )


class Limits(Written):
    """How fast a portal may be used. The defaults are the documented ones of a commercial cloud plan.

    Source: limits.md of the REST documentation.
    """

    burst: int = Field(50, ge=1, description="Requests the leaky bucket takes before it blocks.")
    requests_per_second: float = Field(2, gt=0, description="How fast the bucket drains.")
    operating_seconds: float = Field(480, gt=0, description="Time per method within 600 seconds.")
    operating_share: float = Field(1.0, gt=0, le=1, description="The part of that time syncer may use.")
    request_seconds: float = Field(
        60, gt=0, description="The portal may go on working this long after the client hung up."
    )
    settle_seconds: float = Field(
        default_factory=lambda given: 2 * float(given.get("request_seconds", 60)),
        ge=0,
        description="Before then, `not found` proves nothing. Default: twice request_seconds.",
    )
    in_flight: InFlight = Field(
        4, description="Requests at once; `auto` grows while the time per item holds and falls when it rises."
    )


class PortalWritten(Written):
    """The portal to write to: exactly one of `webhook`, `oauth` and `sandbox`."""

    model_config = _exactly_one("webhook", "oauth", "sandbox")

    webhook: str | None = Field(
        None,
        description="An inbound webhook, https://HOST/rest/USER/CODE/. Keep it in the environment.",
        examples=["${BITRIX24_WEBHOOK_URL}"],
    )
    oauth: OauthWritten | None = Field(None, description="An application's access.")
    sandbox: Text | None = Field(
        None,
        description="A file for the embedded portal, started for the command.",
        examples=["state/sandbox.db"],
    )
    name: Text | None = Field(None, description="The portal's name in the state. Default: its host.")
    lock: Text | None = Field(None, description="The portal lock file.", examples=["state/acme.lock.yaml"])
    limits: Limits = Field(default_factory=Limits, description="How fast the portal may be used.")


_COLUMN_TYPES = ("text", "integer", "decimal(18,2)", "number", "boolean", "date", "datetime", "time", "uuid")
_COLUMN_TYPE = r"^(text|integer|decimal\([1-9]\d?, ?\d{1,2}\)|number|boolean|date|datetime|time|uuid)$"
_SYNONYMS = {
    **dict.fromkeys(("string", "str", "varchar", "char"), "text"),
    **dict.fromkeys(("int", "bigint", "long"), "integer"),
    **dict.fromkeys(("float", "double", "real"), "number"),
    **dict.fromkeys(("decimal", "numeric", "money"), "decimal(18,2)"),
    **dict.fromkeys(("timestamp", "timestamptz"), "datetime"),
    "bool": "boolean",
}


def _column_type(value: Any) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("wrong_type", "expected {expected}", {"expected": "the name of a type"})
    match = re.match(_COLUMN_TYPE, value)
    digits = [int(each) for each in re.findall(r"\d+", value)] if match else []
    if match and (not digits or digits[1] <= digits[0] <= 38):
        return value
    meant = _SYNONYMS.get(value.lower())
    advice = f"write `{meant}`" if meant else did_you_mean(value, _COLUMN_TYPES)
    if digits:
        advice = "a decimal has at most 38 digits, and no more of them after the point"
    raise PydanticCustomError("bad_value", "there is no type {value}", {"value": quoted(value), "hint": advice})


def _encoding(value: str | None) -> str | None:
    try:
        if value is not None and codecs.lookup(value)._is_text_encoding:
            return value
    except (LookupError, ValueError):
        pass
    if value is None:
        return None
    advice = did_you_mean(value, ("utf-8", "utf-16", "cp1251", "cp1252", "cp866", "koi8-r", "latin1"))
    raise PydanticCustomError("bad_value", "there is no encoding {value}", {"value": quoted(value), "hint": advice})


ColumnType = Annotated[
    str, PlainValidator(_column_type, json_schema_input_type=Annotated[str, Field(pattern=_COLUMN_TYPE)])
]
Character = Annotated[str, Field(min_length=1, max_length=1)]


class FileTable(Written):
    """A file, or several of one shape, as a table."""

    path: Text = Field(description="A path or a pattern, from the project's root.", examples=["data/customers*.csv"])
    format: Literal["csv", "json", "jsonl", "xlsx", "parquet"] | None = Field(
        None, description="The kind of file. Default: by the ending of its name."
    )
    encoding: Annotated[str | None, AfterValidator(_encoding)] = Field(
        None,
        description="The encoding of a text file. Default: UTF-8, or what its byte order mark says.",
        examples=["utf-8", "cp1251"],
    )
    delimiter: Character | None = Field(
        None,
        description="What separates the columns of a CSV file. Default: found out, of `,` `;` `|` and the tab.",
        examples=[";"],
    )
    quote: Character = Field('"', description="What quotes a value of a CSV file.")
    escape: Character | None = Field(
        None, description="What stands before a quote within quotes. Default: the quote is doubled."
    )
    header: bool = Field(True, description="Whether the first line names the columns; else they are column1, column2 …")
    skip: int = Field(0, ge=0, description="Lines of a CSV file, or rows of a sheet, before the first that counts.")
    sheet: Text | None = Field(None, description="The title of a sheet of an XLSX file. Default: the first one.")
    columns: dict[str, ColumnType] = Field({}, description="Column names to types.", examples=[{"code": "text"}])


def _file_table(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


FileTableOrPath = Annotated[FileTable, BeforeValidator(_file_table, json_schema_input_type=str | FileTable)]


class SourceWritten(Written):
    """Where rows come from: exactly one of `url` and `files`."""

    model_config = _exactly_one("url", "files")

    url: Text | None = Field(
        None,
        description="A database, by SQLAlchemy URL. A relative SQLite path starts at the project's root.",
        examples=["sqlite:///data/northwind.sqlite", "postgresql+psycopg://reader:${PASSWORD}@db/erp"],
    )
    files: dict[Name, FileTableOrPath] | None = Field(None, description="CSV, JSON, JSONL, Parquet or XLSX files.")


class EntityGuards(Written):
    """Bounds of one run for one entity."""

    max_create: MaxCreate | None = Field(None, description="At most this many items are created.")
    max_create_ratio: Ratio | None = Field(None, description="… of the source's rows, once items are known.")
    min_known_ratio: Ratio | None = Field(None, description="At least this part of the rows is known already.")
    max_blocked_ratio: Ratio | None = Field(None, description="At most this part of the rows is blocked.")
    max_missing: int | None = Field(
        None, ge=0, description="At most this many items are created beside adoptions, as after a lost state."
    )


class Guards(EntityGuards):
    """Bounds of one run."""

    max_create: MaxCreate = Field(5000, description="At most this many items are created; `unlimited` must be written.")


class RowsExpected(Written):
    """How many rows a query is to give."""

    min: int | None = Field(None, ge=0, description="At least so many rows.")
    max: int | None = Field(None, ge=0, description="At most so many rows.")


def _columns(value: Any) -> str | tuple[str, ...]:
    names = value if isinstance(value, list | tuple) else [value]
    if not names or not all(isinstance(name, str) and name for name in names):
        expected = "the name of a column, or a list of names"
        raise PydanticCustomError("wrong_type", "expected {expected}", {"expected": expected})
    return tuple(names) if isinstance(value, list | tuple) else str(value)


ColumnOrColumns = Annotated[str | tuple[str, ...], PlainValidator(_columns, json_schema_input_type=str | list[str])]


class Expect(Written):
    """What must hold of the rows of a query, before any of them is used."""

    rows: RowsExpected | None = Field(None, description="How many rows there are.", examples=[{"min": 1}])
    unique: tuple[ColumnOrColumns, ...] = Field(
        (),
        strict=False,
        description="Columns of which no two rows have one value; a list within stands for columns together.",
        examples=[["CustomerID"], [["OrderID", "ProductID"]]],
    )
    not_null: tuple[Text, ...] = Field(
        (), strict=False, description="Columns that have a value in every row.", examples=[["CompanyName"]]
    )


Write = Literal["add", "import"]
Verify = Literal["warn", "strict", "off"]


class EntityWritten(Written):
    """What is created from the rows of one query."""

    model_config = _exactly_one("query", "query_file")

    type: EntityType = Field(
        description="lead, deal, contact, company, quote, invoice, a numeric entityTypeId, or {spa: TITLE}."
    )
    source: Text = Field(description="The name of one of `sources`.")
    query: Text | None = Field(None, description="The SQL query.", examples=["SELECT * FROM Customers"])
    query_file: Text | None = Field(None, description="A file with the SQL query, from the project's root.")
    params: dict[str, Parameter] = Field({}, description="Bound values of the query: `:name` in its text.")
    origin_id: Text = Field(
        alias="originId",
        description="A template: the row's key in its source.",
        examples=["{{ row.CustomerID }}"],
    )
    when: Text | None = Field(None, description="A template: a row for which it is empty or false is left out.")
    fields: dict[str, Any] = Field(
        description="Field names of the portal to templates.", examples=[{"title": "{{ row.CompanyName }}"}]
    )
    write: Write = Field("add", description="add: automations run; import: they do not, and dates can be kept.")
    trust_state: bool = Field(False, description="Never look items up in the portal, believe the state.")
    originator_id: OriginatorId | None = Field(None, alias="originatorId", description="Overrides the spec's.")
    origin_field: str | None = Field(
        None,
        pattern=r"^(ufCrm|UF_CRM_)\w+$",
        description="A string custom field that takes the identity.",
        examples=["ufCrm_1700000000"],
    )
    moved_from: Text | None = Field(None, description="The entity's former name.")
    verify: Verify | None = Field(None, description="Overrides the spec's.")
    expect: Expect = Field(default_factory=Expect, description="What must hold of the rows, or nothing is written.")
    guards: EntityGuards = Field(default_factory=EntityGuards, description="Bounds of one run for this entity.")


class SpecWritten(Written):
    """A spec of syncer: which rows of which sources become which items of a Bitrix24 portal."""

    version: Version = Field(description="The version of the spec's language.")
    name: Name = Field(description="Names the spec in state, logs and reports.", examples=["northwind"])
    moved_from: Text | None = Field(None, description="The spec's former name.")
    portal: PortalWritten = Field(description="The portal to write to.")
    state: Text | None = Field(
        None,
        description="The state database: SQLite or PostgreSQL, by SQLAlchemy URL.",
        examples=["sqlite:///state/syncer.db"],
    )
    originator_id: OriginatorId = Field(
        alias="originatorId",
        description="The external source the keys belong to.",
        examples=["northwind-erp"],
    )
    vars: dict[str, Any] = Field({}, description="Public values for templates; never secrets.")
    sources: dict[Name, SourceWritten] = Field(description="Where rows come from, by name.")
    attachments: Text | None = Field(None, description="The folder file() reads below.")
    verify: Verify = Field("warn", description="What a difference found when reading back means.")
    mask: tuple[Text, ...] = Field((), description="Fields shown as *** in text, Markdown and HTML.", strict=False)
    entities: dict[Name, EntityWritten] = Field(min_length=1, description="What is created, by name.")
    guards: Guards = Field(default_factory=Guards, description="Bounds of every run of this spec.")


def schema() -> dict[str, Any]:
    """The JSON Schema of a spec, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:syncer:spec:1",
        **SpecWritten.model_json_schema(by_alias=True, mode="validation"),
        "title": "syncer spec",
    }
