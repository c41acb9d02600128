"""``python -m tests.serving.served URL PORT WORKERS``: the web process as it is served, for tests that kill it."""

from __future__ import annotations

import sys

from pydantic import SecretStr

from connector.serving.gunicorn_server import serve
from connector.serving.web import Parts, create_app
from connector.settings import Settings
from tests.serving.conftest import PUBLIC, SECRET


def main(url: str, port: int, workers: int) -> None:
    settings = Settings(
        _env_file=None, database_url=url, public_url=PUBLIC, hubspot_client_secret=SecretStr(SECRET),
        secret_key=SecretStr("key"),
    )  # fmt: skip

    def build():
        parts = Parts.open(settings, lambda _front: lambda _u, _portal_id: None)
        parts.heart.start()
        return create_app(parts), parts.close

    serve(build, "127.0.0.1", port, workers=workers)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
