"""Every code a finding can carry, with its meaning in one line. None is ever given a new meaning."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """`SYN0xx` files and YAML, `SYN1xx` structure, `SYN2xx` templates, `SYN3xx` the portal, `SYN4xx` rows, `SYN5xx` the
    portal lock file.
    """

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Code:
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    UNREADABLE = "SYN001", "a spec file is missing or cannot be read"
    NOT_TEXT = "SYN002", "a spec file is not UTF-8 text"
    SYNTAX = "SYN003", "the YAML cannot be parsed"
    DUPLICATE_KEY = "SYN004", "a mapping has one key twice"
    NOT_A_SPEC = "SYN005", "a spec file is empty, or not a mapping"
    DOCUMENTS = "SYN006", "a spec file has more than one YAML document"
    ALIAS = "SYN007", "an alias or merge key that is recursive, unknown, too large, or no mapping"
    TAG = "SYN008", "a YAML tag other than !!str, !!map and !!seq"
    BAD_KEY = "SYN009", "a key that is not text; often a template without quotes"
    TOO_DEEP = "SYN010", "values nested too deeply"
    QUERY_FILE = "SYN011", "a query_file is missing, empty or not UTF-8 text"

    UNKNOWN_KEY = "SYN101", "a key that a spec does not have"
    WRONG_TYPE = "SYN102", "a value of the wrong type"
    MISSING_KEY = "SYN103", "a key that must be given"
    ONE_OF = "SYN104", "keys of which exactly one must be given"
    BAD_VALUE = "SYN105", "a value that is out of range, or not one of those allowed"
    UNSET_NAME = "SYN106", "a ${NAME} that is not set in the environment"
    BAD_PLACEHOLDER = "SYN107", "a ${…} that is not ${NAME} or ${NAME:-default}"
    WEBHOOK = "SYN108", "a webhook URL that is not https://HOST/rest/USER/CODE/"
    PLAIN_HTTP = "SYN109", "plain http to a host other than this machine"
    DATABASE_URL = "SYN110", "a database URL that cannot be used"
    PUBLIC_SECRET = "SYN111", "a variable of vars that equals a secret"
    UNKNOWN_SOURCE = "SYN112", "an entity that reads from a source the spec does not have"
    NO_ORIGIN_FIELD = "SYN113", "a type without a field of its own for the identity, and no origin_field"
    STAMPED_FIELD = "SYN114", "a field that syncer stamps with the identity is set in fields"
    CYCLE = "SYN115", "entities that refer to each other in a circle"

    TEMPLATE_SYNTAX = "SYN201", "a template that cannot be parsed"
    STATEMENT = "SYN202", "a template statement other than if, set and for"
    UNKNOWN_FUNCTION = "SYN203", "a template calls a function that does not exist"
    UNKNOWN_FILTER = "SYN204", "a template uses a filter or test that does not exist"
    UNKNOWN_NAME = "SYN205", "a template uses a name that does not exist"
    UNKNOWN_ENTITY = "SYN206", "ref() or link() names an entity that the spec does not have"
    REFERENCE_PLACE = "SYN207", "ref() or link() is not the whole value, or stands where none may"
    REFERENCE_NAME = "SYN208", "the first argument of ref() or link() is not a constant name"
    UNKNOWN_VARIABLE = "SYN209", "a template uses a variable that vars does not have"
    UNKNOWN_COLUMN = "SYN210", "a template uses a column that the query does not give"
    COLUMN_TWICE = "SYN211", "a query gives two columns of one name"

    UNKNOWN_FIELD = "SYN301", "a field that the portal does not have for the type"
    READ_ONLY_FIELD = "SYN302", "a field that the portal does not let anybody set"
    IMPORT_ONLY_FIELD = "SYN303", "a field that only an import can set"
    ADMINISTRATOR_FIELD = "SYN304", "a field of an import that only an administrator of the portal can set"
    CONSTANT_TYPE = "SYN305", "a constant that does not fit the type of its field"
    ONE_OR_MANY = "SYN306", "one value for a field that takes a list, or a list for one that takes a value"
    MULTIFIELD = "SYN307", "an fm that is not a list of {typeId, valueType, value}, or a kind that does not exist"
    UNKNOWN_STATUS = "SYN308", "a status that its directory does not have, or a directory that does not exist"
    UNKNOWN_STAGE = "SYN309", "a stage that its pipeline does not have"
    STAGE_CATEGORY = "SYN310", "a stage of another pipeline than the one the item goes to"
    UNKNOWN_CATEGORY = "SYN311", "a pipeline that the type does not have"
    UNKNOWN_OPTION = "SYN312", "an option that an enumeration does not have, or a field that is no enumeration"
    UNKNOWN_CURRENCY = "SYN313", "a currency that the portal does not have"
    UNKNOWN_USER = "SYN314", "a user whom the portal does not have"
    MISSING_FIELD = "SYN315", "a required field is left out"
    CONTRADICTION = "SYN316", "two fields that say one thing, such as companyId and companyIds"
    SHARED_IDENTITY = "SYN317", "two entities of one type and originatorId, whose keys may be the same"
    RIGHTS = "SYN318", "a right that the webhook, the application or their user lacks"
    REFERENCE_TYPE = "SYN319", "a reference to an entity of a type that the field does not take"
    UNKNOWN_TYPE = "SYN320", "a type or a smart process that the portal does not have"
    IDENTITY_FIELD = "SYN321", "an origin_field that cannot hold an identity"
    AMBIGUOUS_NAME = "SYN322", "a name that two things of the portal have"
    OTHER_TYPES_FIELD = "SYN323", "a field that items of another type have"

    ROW_COUNT = "SYN401", "a query gives fewer or more rows than the spec expects"
    NOT_UNIQUE = "SYN402", "rows share a value of a column that the spec expects to be unique"
    NULL_VALUE = "SYN403", "rows have no value in a column that the spec expects to have one"
    SOURCE = "SYN404", "a source that cannot be opened, or a query that it refuses"

    LOCK_UNREADABLE = "SYN501", "the portal lock file is missing or cannot be read"
    LOCK_INCOMPLETE = "SYN502", "the portal lock file does not have what the spec uses"
    PORTAL_CHANGED = "SYN503", "the portal is not what its lock file says any more"
