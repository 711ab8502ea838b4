"""Files as tables: CSV, JSON, JSON Lines, XLSX and Parquet, queried with SQL by DuckDB."""

from syncer.source.files.source import FilesSource

__all__ = ["FilesSource"]
