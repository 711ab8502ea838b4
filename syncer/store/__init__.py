"""The state database: the ledger of identities, the lease, the history, what is remembered of portals."""

from syncer.store.ledger import Ledger
from syncer.store.records import (
    NOWHERE,
    CatalogCopy,
    Found,
    Hold,
    Holder,
    Intent,
    Kind,
    Known,
    NewRun,
    Outcome,
    Owner,
    OwnerId,
    Pending,
    Portal,
    PortalId,
    Run,
    Status,
    Trouble,
    Twins,
)
from syncer.store.state import State

__all__ = [
    "NOWHERE",
    "CatalogCopy",
    "Found",
    "Hold",
    "Holder",
    "Intent",
    "Kind",
    "Known",
    "Ledger",
    "NewRun",
    "Outcome",
    "Owner",
    "OwnerId",
    "Pending",
    "Portal",
    "PortalId",
    "Run",
    "State",
    "Status",
    "Trouble",
    "Twins",
]
