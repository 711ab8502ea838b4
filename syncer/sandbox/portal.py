"""A running portal: its file, its set-up, its switches and its clock; and one call to it."""

from __future__ import annotations

import datetime as dt
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncer.sandbox.limits import LeakyBucket, OperatingBudget, Workers
from syncer.sandbox.oauth import Tokens
from syncer.sandbox.options import Options, Settings
from syncer.sandbox.php import Params, as_map
from syncer.sandbox.refusal import Refusal, access_denied, missing
from syncer.sandbox.schema import ItemType, Schema
from syncer.sandbox.store import Store

LAST_START = 2**53
OUTSIDE_KEYS = frozenset(("originatorId", "originId", "xmlId"))


@dataclass(frozen=True, slots=True)
class Reply:
    """What a method answers: `result`, and for lists `total` and, while rows remain, `next`."""

    result: Any
    total: int | None = None
    next: int | None = None


@dataclass(slots=True)
class Call:
    """One method call: by whom, with what."""

    method: str
    params: Params
    user_id: int

    def map(self, name: str) -> Params:
        """A parameter that is a map; a missing one is empty."""
        return as_map(self.params.get(name))

    def needed_map(self, name: str) -> Params:
        """A required map. Raises "100" without it."""
        if not isinstance(self.params.get(name), dict | list):
            raise missing(name)
        return as_map(self.params[name])

    @property
    def original_names(self) -> bool:
        """`useOriginalUfNames`: custom fields go by their UPPER names (universal/index.md)."""
        return self.params.get("useOriginalUfNames") == "Y"

    @property
    def start(self) -> int:
        """The offset of a list; -1 turns counting off (huge-data.md)."""
        try:
            return min(max(-1, int(str(self.params.get("start") or 0))), LAST_START)
        except ValueError:
            return 0


class Portal:
    """Everything a method needs. One thread, one connection."""

    def __init__(self, options: Options) -> None:
        self.settings: Settings = options.settings
        self._first_settings = options.settings
        self.store = Store(options.db, options.zone)
        self.uuid: str = self.store.setting("uuid")
        self.code: str = self.store.setting("code")
        self.zone = _zone(self.store.setting("zone"))
        self.technical_time = _technical_time(self.zone)
        self.schema = Schema(self.store.setting("document"))
        self.bucket = LeakyBucket()
        self.budget = OperatingBudget()
        self.workers = Workers()
        self.tokens = Tokens()
        self.url = ""
        self.latest_created: dict[int, str] = {}  # type -> the latest createdTime, where it was asked for

    def refresh(self) -> None:
        """Reads the set-up again when another server on the same file changed something."""
        if self.store.outdated():
            self._read_set_up()

    def reset(self) -> None:
        """Everything as in a new file and a new process; code and UUID stay."""
        self.store.clear()
        self.settings = self._first_settings
        self.bucket.level = 0.0
        self.budget.clear()
        self._read_set_up()

    def _read_set_up(self) -> None:
        self.schema = Schema(self.store.setting("document"))
        self.latest_created.clear()

    def now(self) -> str:
        """The portal's time as fields show it."""
        return self.text_of(dt.datetime.now(self.zone))

    def text_of(self, moment: dt.datetime) -> str:
        """A moment in the portal's zone, without fractions (data-types.md)."""
        return moment.astimezone(self.zone).isoformat(timespec="seconds")

    def item_type(self, call: Call) -> ItemType:
        """The type that `entityTypeId` names. Refuses extranet callers and unknown types."""
        if not self.settings.intranet:
            raise Refusal("allowed_only_intranet_user", "Action is allowed only for intranet users", 403)
        if "entityTypeId" not in call.params:
            raise missing("entityTypeId")
        return self.schema.item_type(call.params["entityTypeId"])

    def permit(self, right: str, item_type: ItemType, text: str = "Access denied") -> None:
        """Raises ACCESS_DENIED when the caller lacks a right, for one type or at all."""
        if not self._has(right, item_type):
            raise access_denied(text)

    def readable(self, item_type: ItemType) -> bool:
        """Whether the caller finds the items of a type: without the right, lists are empty (crm-item-list.md)."""
        return self._has("read", item_type) and item_type.entity_type_id not in self.settings.hidden

    def _has(self, right: str, item_type: ItemType) -> bool:
        return not {right, f"{right}:{item_type.entity_type_id}"} & set(self.settings.denied)

    def stored_key(self, text: str) -> str:
        """How an outside key is stored."""
        if self.settings.key_trim:
            text = text.strip()
        return text[: self.settings.key_cut] if self.settings.key_cut else text

    def compared_key(self, text: str) -> str:
        """How an outside key is compared."""
        if not self.settings.key_fold:
            return text
        plain = unicodedata.normalize("NFKD", text.casefold())
        return "".join(each for each in plain if not unicodedata.combining(each))

    def cost(self, method: str) -> float:
        """Seconds a call of the method is said to take."""
        return self.settings.cost.get(method, 0.0)

    def moment(self, start: float, processing: float, method: str | None) -> Mapping[str, Any]:
        """The `time` object (data-types.md); `method` None stands for batch, which is not counted itself."""
        finish = time.time()
        found: dict[str, Any] = {
            "start": round(start, 6),
            "finish": round(finish, 6),
            "duration": max(finish - start, processing),  # simulated time counts, whether it was spent or not
            "processing": processing,
            "date_start": self.text_of(dt.datetime.fromtimestamp(start, self.zone)),
            "date_finish": self.text_of(dt.datetime.fromtimestamp(finish, self.zone)),
        }
        if self.settings.operating_keys:
            spent = self.budget.spent(method, self.settings) if method else 0
            reset = self.budget.reset_at(method, self.settings) if method else int(start + 600)
            found |= {"operating_reset_at": reset, "operating": spent}
        return found


def _zone(text: str) -> dt.timezone:
    return dt.timezone(dt.datetime.strptime(text, "%z").utcoffset() or dt.timedelta())


def _technical_time(zone: dt.timezone) -> str:
    """What follows the day of a date field.

    UTC's midnight in the portal's zone (how-to-set-paid-date-to-deal.md).
    """
    return dt.datetime(2000, 1, 2, tzinfo=dt.UTC).astimezone(zone).isoformat()[10:]
