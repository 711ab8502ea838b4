"""Rows, in batches, from the databases a spec names. Whatever is done here, nothing is written to them."""

from syncer.source.opening import open_source
from syncer.source.rows import BATCH_ROWS, RowStream, Source

__all__ = ["BATCH_ROWS", "RowStream", "Source", "open_source"]
