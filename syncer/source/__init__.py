"""Rows, in batches, from the databases and files a spec names, and the files that rows attach.

Whatever is done here, nothing is written to them.
"""

from syncer.source.attachments import Attachments
from syncer.source.opening import open_source
from syncer.source.rows import BATCH_ROWS, RowStream, Source

__all__ = ["BATCH_ROWS", "Attachments", "RowStream", "Source", "open_source"]
