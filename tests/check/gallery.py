"""A gallery of mistakes: specs in which every mistake is marked with its code, and what would be right in its place.

A line `wrong #! SYN301 right` holds a mistake. `⏎` in what is right starts another line, `(none)` means no line at all.
"""

# ruff: noqa: E501  # a mistake and its mend stand in one line
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

HEAD = """\
version: 1
name: {name}
portal: {{webhook: "${{WEBHOOK}}", name: acme, limits: {{burst: 1000, requests_per_second: 1000}}}}
originatorId: {name}
vars: {{stage: Won, currency: USD}}
sources: {{erp: {{url: "sqlite:///data/erp.db"}}}}
entities:
"""
ENTITY = """\
  {name}:
    type: {type}
    source: erp
    query: SELECT * FROM customer
    originId: "{name}-{{{{ row.id }}}}"
    fields:
      title: "{{{{ row.name }}}}"
"""


def whole(name: str) -> str:
    """A spec without a mistake."""
    return HEAD.format(name=name) + ENTITY.format(name="companies", type="company")


TEMPLATES = (
    HEAD
    + ENTITY.format(name="companies", type="company")
    + """\
      comments: "{{ row.name"                          #! SYN201 comments: "{{ row.name }}"
      utmCampaign: "{% macro a() %}{% endmacro %}"     #! SYN202 (none)
      industry: "{{ statuss('INDUSTRY', 'IT') }}"      #! SYN203 industry: "{{ status('INDUSTRY', 'IT') }}"
      addressLegal: "{{ row.name | uper }}"                 #! SYN204 (none)
      utmSource: "{{ name }}"                          #! SYN205 utmSource: "{{ row.name }}"
      utmMedium: "{{ vars.curency }}"                  #! SYN209 utmMedium: "{{ vars.currency }}"
      utmTerm: "{{ status }}"                          #! SYN205 (none)
      utmContent: "{{ row.name is emty }}"             #! SYN204 (none)
"""
    + ENTITY.format(name="deals", type="deal")
    + """\
      companyId: "{{ ref('company', row.id) }}"        #! SYN206 companyId: "{{ ref('companies', row.id) }}"
      comments: "Of {{ ref('companies', row.id) }}"    #! SYN207 (none)
      contactIds: ["{{ ref(row.name, row.id) }}"]      #! SYN208 (none)
    when: "{{ ref('companies', row.id) }}"             #! SYN207 when: "{{ row.id }}"
  keyed:
    type: lead
    source: erp
    query: SELECT * FROM customer
    originId: "{{ user(row.name) }}"                   #! SYN203 originId: "keyed-{{ row.id }}"
    fields: {title: "{{ row.name }}"}
  unread:
    type: invoice
    source: epr                                        #! SYN112 source: erp
    query_file: nowhere.sql                            #! SYN011 query: SELECT * FROM customer
    originId: "{{ row.id }}"
    fields: {title: "{{ row.name }}", xmlId: x}        #! SYN114 fields: {title: "{{ row.name }}"}
  offer:
    type: quote                                        #! SYN113 type: lead
    source: erp
    query: SELECT * FROM customer
    originId: "O-{{ row.id }}"
    fields: {title: "{{ row.name }}"}
"""
)

FIELDS = (
    HEAD
    + ENTITY.format(name="companies", type="company")
    + """\
      Comments: "{{ row.name }}"                       #! SYN301 comments: "{{ row.name }}"
      id: 7                                            #! SYN302 (none)
      createdTime: "2020-01-01T00:00:00+00:00"         #! SYN303 (none)
      lastName: "{{ row.name }}"                       #! SYN323 (none)
      opened: perhaps                                  #! SYN305 opened: true
      industry: "{{ status('INDUSTRY', 'Manufact') }}" #! SYN308 industry: "{{ status('INDUSTRY', 'Manufacturing') }}"
      employees: "less than 50"                        #! SYN308 employees: EMPLOYEES_1
      typeId: "{{ status('CONTACT_TYPE', 'Clients') }}" #! SYN308 typeId: "{{ status('COMPANY_TYPE', 'Client') }}"
      sourceId: "{{ status('SOURCES', row.name) }}"    #! SYN323 (none)
      currencyId: "{{ currency('Eurro') }}"            #! SYN313 currencyId: "{{ currency('Euro') }}"
      assignedById: "{{ user('maria@example.com') }}"  #! SYN314 assignedById: "{{ user('maria.lopez@example.com') }}"
      observers: "{{ user('john.smith@example.com') }}" #! SYN306 observers: ["{{ user('john.smith@example.com') }}"]
      ufCrm_62BDD1A2C9E11: "{{ enum('ufCrm_62BDD1A2C9E11', 'Tiny') }}" #! SYN312 ufCrm_62BDD1A2C9E11: 112
      ufCrm_1722100000001: [a, b]                      #! SYN306 ufCrm_1722100000001: a
      fm:
        - {typeId: FONE, valueType: WORK, value: "{{ row.name }}"}  #! SYN307 - {typeId: PHONE, valueType: WORK, value: "{{ row.name }}"}
        - {typeId: PHONE, valueType: WIRK, value: "{{ row.name }}"} #! SYN307 - {typeId: PHONE, valueType: WORK, value: "{{ row.name }}"}
        - {TYPE_ID: PHONE, valueType: WORK, value: x}               #! SYN307 - {typeId: PHONE, valueType: WORK, value: x}
        - {typeId: PHONE, valueType: WORK}                          #! SYN307 - {typeId: PHONE, valueType: WORK, value: x}
        - "+49301234567"                                            #! SYN307 (none)
"""
    + ENTITY.format(name="people", type="contact")
    + """\
      fm: "+49301234567"                               #! SYN307 (none)
      birthdate: "31.12.1990"                          #! SYN305 birthdate: "1990-12-31"
      companyId: "{{ ref('companies', row.id) }}"      #! SYN316 (none)
      companyIds: ["{{ ref('companies', row.name) }}"]
      post: "{{ ref('companies', row.id) }}"           #! SYN305 (none)
""".replace("      title", "      name")
).replace(
    '    fields:\n      title: "{{ row.name }}"\n      fm: "+49',
    '    fields:\n      name: "{{ row.name }}"\n      fm: "+49',
)

STAGES = (
    HEAD
    + ENTITY.format(name="deals", type="deal")
    + """\
      stageId: "{{ stage(vars.stage ~ row.id if row.id else 'Wonn') }}" #! SYN309 stageId: "{{ stage('Won') }}"
      currencyId: EURO                                 #! SYN313 currencyId: EUR
      opportunity: many                                #! SYN305 opportunity: 12.5
      contactId: "{{ ref('others', row.id) }}"         #! SYN319 (none)
      ufCrm_64A29A1CD5CC2: 7                           #! SYN312 ufCrm_64A29A1CD5CC2: "{{ enum('ufCrm_64A29A1CD5CC2', row.name) }}"
      typeId: "{{ enum('title', 'x') }}"               #! SYN312 typeId: SALE
"""
    + ENTITY.format(name="others", type="deal")
    + """\
      categoryId: "{{ category('General') }}"
      stageId: "C9:WON"                                #! SYN310 stageId: WON
"""
    + ENTITY.format(name="lost", type="deal")
    + """\
      stageId: "{{ stage('Won', category='Wholesale') }}" #! SYN310 stageId: "{{ stage('Won') }}"
"""
    + ENTITY.format(name="far", type="deal")
    + """\
      stageId: "C9:WOON"                               #! SYN309 stageId: "C9:WON"
      categoryId: 9
"""
    + ENTITY.format(name="astray", type="deal")
    + """\
      categoryId: "{{ category('Retail') }}"           #! SYN311 categoryId: "{{ category('Wholesale') }}"
"""
    + ENTITY.format(name="nowhere", type="deal")
    + """\
      categoryId: 77                                   #! SYN311 categoryId: 9
"""
    + """\
  same:
    type: deal
    source: erp
    query: SELECT * FROM customer
    originId: "{{ row.id }}"                           #! SYN317 originId: "same-{{ row.id }}"
    fields: {title: "{{ row.name }}"}
  sold:
    type: {spa: Deliverry}                             #! SYN320 type: {spa: Delivery}
    source: erp
    query: SELECT * FROM customer
    originId: "sold-{{ row.id }}"
    fields: {title: "{{ row.name }}", ufCrm47Tax: "{{ row.id }}"}
  strange:
    type: 1444                                         #! SYN320 type: lead
    source: erp
    query: SELECT * FROM customer
    originId: "strange-{{ row.id }}"
    fields: {title: "{{ row.name }}"}
  twins:
    type: 1040
    source: erp
    query: SELECT * FROM customer
    originId: "{{ row.id }}"
    fields: {title: x, categoryId: "{{ category('Twin') }}"} #! SYN322 fields: {title: x, categoryId: 301}
  marked:
    type: lead
    source: erp
    query: SELECT * FROM customer
    originId: "marked-{{ row.id }}"
    origin_field: ufCrm_1800000000001                  #! SYN321 (none)
    fields: {title: "{{ row.name }}"}
  needy:
    type: 1220
    source: erp
    query: SELECT * FROM customer
    originId: "needy-{{ row.id }}"
    fields: {title: "{{ row.name }}"}                  #! SYN315 fields: {title: "{{ row.name }}", ufCrm47Tax: x}
"""
)

STRUCTURE = """\
version: 1
name: structure
portal:
  webhook: "${WEBHOOK}"
  name: acme
  limits: {burst: 1000, requests_per_second: 1000}
  loc: a.yaml                                          #! SYN101 (none)
originatorId: "a:b"                                    #! SYN105 originatorId: structure
verify: sometimes                                      #! SYN105 verify: warn
vars: {a: "${UNSET_NAME}"}                             #! SYN106 (none)
sources:
  erp: {url: "sqlite:///data/erp.db"}
  odd: {url: "${NAME-x}"}                              #! SYN107 (none)
  none: {}                                             #! SYN104 (none)
  old: {url: "postgres://h/db"}                        #! SYN110 (none)
entities:
  companies:                                           #! SYN103 companies:⏎  originId: "{{ row.id }}"
    type: compny                                       #! SYN105 type: company
    source: erp
    query: SELECT * FROM customer
    trust_state: yes                                   #! SYN102 trust_state: true
    fields: {title: "{{ row.name }}"}
    guards: {max_create: -1}                           #! SYN102 (none)
  circle:
    type: lead
    source: erp
    query: SELECT * FROM customer
    originId: "{{ row.id }}"
    fields: {title: "{{ row.name }}", companyId: "{{ ref('round', row.id) }}"} #! SYN115 fields: {title: "{{ row.name }}"}
  round:
    type: deal
    source: erp
    query: SELECT * FROM customer
    originId: "{{ row.id }}"
    fields: {title: "{{ row.name }}", leadId: "{{ ref('circle', row.id) }}"}
"""

RIGHTS = (
    HEAD
    + ENTITY.format(name="companies", type="company")
    + """\
      assignedById: "{{ user('maria.lopez@example.com') }}"
      currencyId: "{{ currency('Euro') }}"
      industry: "{{ status('INDUSTRY', 'IT') }}"
  purchases:
    type: {spa: Equipment Purchase}
    source: erp
    query: SELECT * FROM customer
    originId: "{{ row.id }}"
    fields: {title: "{{ row.name }}"}
"""
)
"""Nothing is wrong with it, where the webhook may do everything."""

SPECS = {"templates": TEMPLATES, "fields": FIELDS, "stages": STAGES, "structure": STRUCTURE}

BROKEN: dict[str, tuple[bytes, str, int]] = {
    "latin": (b"version: 1\nname: \xe4\n", "SYN002", 2),
    "syntax": (b"version: 1\nname: [a\n", "SYN003", 2),
    "twice": (whole("twice").replace("vars:", "name: b\nvars:").encode(), "SYN004", 5),
    "empty": (b"", "SYN005", 1),
    "list": (b"- a\n", "SYN005", 1),
    "two": (whole("two").encode() + b"---\nversion: 1\n", "SYN006", whole("two").count("\n") + 1),
    "alias": (b"version: 1\nname: *nobody\n", "SYN007", 2),
    "tagged": (whole("tagged").replace("name: tagged", "name: !!binary tagged").encode(), "SYN008", 2),
    "bare": (
        whole("bare").replace('"{{ row.name }}"', "{{ row.name }}").encode(),
        "SYN009",
        whole("bare").count("\n"),
    ),
    "deep": (b"version: 1\nname: " + b"[" * 70 + b"]" * 70 + b"\n", "SYN010", 2),
    "http": (
        whole("http").replace("${WEBHOOK}", "http://acme.example.com/rest/1/c0dec0de/").encode(),
        "SYN109",
        3,
    ),
    "hook": (whole("hook").replace("${WEBHOOK}", "https://acme.example.com/").encode(), "SYN108", 3),
}
"""Files that are wrong as a whole: name → content, code and line. Mended, each is `whole`."""


@dataclass(frozen=True, slots=True)
class Mistake:
    file: str
    line: int
    code: str


_MARK = re.compile(r"(?P<wrong>.*?)\s+#! (?P<code>SYN\d{3}) (?P<right>.*)")


def wrong(name: str, marked: str) -> tuple[str, list[Mistake]]:
    """The spec with its mistakes, and where they are."""
    lines, mistakes = [], []
    for number, line in enumerate(_filled(name, marked), 1):
        if match := _MARK.fullmatch(line):
            mistakes.append(Mistake(name, number, match["code"]))
            line = match["wrong"]
        lines.append(line)
    return "\n".join(lines) + "\n", mistakes


def right(name: str, marked: str) -> str:
    """The spec, mended."""
    return "\n".join(_mended(_filled(name, marked))) + "\n"


def _mended(lines: list[str]) -> Iterator[str]:
    for line in lines:
        match = _MARK.fullmatch(line)
        if match is None:
            yield line
        elif match["right"] != "(none)":
            indent = line[: len(line) - len(line.lstrip())]
            yield from (indent + each for each in match["right"].split("⏎"))


def _filled(name: str, marked: str) -> list[str]:
    head = HEAD.format(name=name).splitlines()
    lines = marked.splitlines()
    return head + lines[len(head) :] if marked.startswith("version: 1\nname: {name}") else lines
