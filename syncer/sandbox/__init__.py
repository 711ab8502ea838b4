"""The embedded Bitrix24 portal: an HTTP server that keeps its items in one SQLite file.

It answers the REST methods that a loader of CRM items needs, as the official documentation describes them,
with the documented limits. It knows nothing of the rest of syncer. Start it with `python -m syncer.sandbox`
or `serve(Options)`.
"""

from syncer.sandbox.options import Options, SandboxError, Settings

__all__ = ["Options", "SandboxError", "Settings", "serve"]


def serve(options: Options) -> int:
    """Run a portal until SIGTERM, SIGINT or, with `follow_stdin`, the end of stdin. Returns the exit code.

    Prints `PORTAL url`, `UUID uuid` and `PAGE url` once it listens. A file that cannot be used is one line on stderr
    and 1.
    """
    from syncer.sandbox.server import run

    return run(options)
