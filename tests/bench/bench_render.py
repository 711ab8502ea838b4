"""How fast rows become keys and fields, against one compiled Jinja template a field, in the same run.

python -m tests.bench.bench_render
"""

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from jinja2 import Environment

from syncer.errors import Span
from syncer.mapping import Converter, RowMapping, compile_entity
from syncer.model.field import FieldType
from syncer.model.identity import COMPANY, DEAL, Stamp
from tests.mapping.entity import Directory

ROWS = 20_000
COLUMNS = ("id", "customer", "name", "phone", "spent", "kind", "note", "since", "city", "country")
FIELDS = {
    "title": "Order {{ row.id }}",
    "companyId": "{{ row.customer }}",
    "comments": "{{ row.name|upper }}",
    "opportunity": "{{ row.spent }}",
    "currencyId": "{{ vars.currency }}",
    "begindate": "{{ row.since }}",
    "additionalInfo": "{{ row.city }}, {{ row.country }}",
    "ufCrmNote": "{{ row.note or row.name }}",
}
TYPES = {
    "title": "string",
    "companyId": "crm_company",
    "comments": "text",
    "opportunity": "double",
    "currencyId": "crm_currency",
    "begindate": "date",
    "additionalInfo": "string",
    "ufCrmNote": "string",
}
VARIABLES = {"currency": "USD"}
LEAST_RATIO = 10
LEAST_KEYS = 1_500_000

Row = tuple[Any, ...]


def rows() -> list[Row]:
    return [
        (n, n % 90 + 1, f"Customer {n}", f"+7912{n}", n * 0.37, n % 7, None, "2020-01-02", "Köln", "Germany")
        for n in range(ROWS)
    ]


def compiled(origin_id: str, when: str | None = None) -> RowMapping:
    return compile_entity(
        columns=COLUMNS,
        origin_id=origin_id,
        when=when,
        fields=FIELDS,
        variables=VARIABLES,
        stamp=Stamp("originId", "bench"),
        entity_type_id=DEAL,
        entity_types={"companies": COMPANY},
        names=Directory(),
        where=lambda *_: Span("bench.yaml", 1, 1),
    )


def one_template_a_field(batch: Sequence[Row]) -> None:
    environment = Environment(autoescape=False)
    templates = {name: environment.from_string(text) for name, text in FIELDS.items()}
    for values in batch:
        row = dict(zip(COLUMNS, values, strict=True))
        {name: template.render(row=row, vars=VARIABLES) for name, template in templates.items()}


def rate(work: Callable[[], object], repeats: int = 7) -> float:
    """Rows a second, of the best of some runs."""
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return ROWS / best


def main() -> int:
    batch = rows()
    texts = [(f"K{row[0]}", *row[1:]) for row in batch]
    mapping = compiled("{{ row.id }}")
    rendered = [fields for fields in mapping.fields(batch) if isinstance(fields, dict)]
    converter = Converter({name: FieldType(name, kind) for name, kind in TYPES.items()})
    broken = [(*row[:4], "x" if place % 10 == 0 else 1, *row[5:]) for place, row in enumerate(batch)]
    failing = compiled("{{ row.spent + 1 }}")
    plain = rate(lambda: one_template_a_field(batch), repeats=2)
    fields = rate(lambda: mapping.fields(batch))
    keys = min(rate(lambda: mapping.keys(batch)), rate(lambda: mapping.keys(texts)))
    composed = rate(lambda: compiled("K-{{ row.id }}", "{{ row.kind < 5 }}").keys(batch))
    print(f"keys, one column         {keys:12,.0f} rows/s  (floor {LEAST_KEYS:,})")
    print(f"keys, composed, filtered {composed:12,.0f} rows/s")
    print(f"keys, every tenth fails  {rate(lambda: failing.keys(broken)):12,.0f} rows/s")
    print(f"fields, 8 a row          {fields:12,.0f} rows/s")
    print(f"one template a field     {plain:12,.0f} rows/s")
    print(f"ratio                    {fields / plain:12.1f} x       (floor {LEAST_RATIO})")
    print(f"convert, 8 a row         {rate(lambda: [converter.convert(each) for each in rendered]):12,.0f} rows/s")
    return 0 if keys >= LEAST_KEYS and fields >= LEAST_RATIO * plain else 1


if __name__ == "__main__":
    sys.exit(main())
