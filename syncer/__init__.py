"""syncer: records from SQL databases and files into Bitrix24 CRM, planned, reviewed, created exactly once."""

__version__ = "0.1.0"
