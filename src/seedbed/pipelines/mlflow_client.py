"""The door to MLflow: one client, quiet and impatient, whose faults are one line.

Importing mlflow takes most of a second and is done only when a client is opened. Nothing is logged through its global
state (no active run, no autologging): a client with explicit ids lets several processes log at once.
"""

from __future__ import annotations

import logging
import os
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filelock import FileLock

from seedbed.errors import TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHECK_SECONDS = 3
"""How long a server may take to answer the first question."""
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # a workbench calls nobody
    "MLFLOW_LOGGING_LEVEL": "WARNING",  # table creation and schema migrations are no news
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
IMPATIENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": str(CHECK_SECONDS),
}
DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


def default_uri(store: Path) -> str:
    """The SQLite database of a workbench's store."""
    return f"sqlite:///{store / 'mlflow.db'}"


def shown_uri(uri: str) -> str:
    """The URI without a password, for messages."""
    parts = urlsplit(uri)
    if parts.password is None:
        return uri
    return uri.replace(f":{parts.password}@", ":…@", 1)


@contextmanager
def told(uri: str) -> Iterator[None]:
    """Turn whatever goes wrong between here and MLflow into a TrackingError of one line."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:  # requests' errors are OSErrors
        raise TrackingError(f"MLflow at {shown_uri(uri)} does not take what is logged: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """The first line of an error's message, shortened."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]


def open_client(uri: str, store: Path) -> MlflowClient:
    """A client for a tracking URI; an SQLite database is made where there is none. Errors: TrackingError.

    store: where the lock lies that lets only one process at a time make the database.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(os.environ["MLFLOW_LOGGING_LEVEL"])  # mlflow may be imported already
    if path := sqlite_path(uri):
        _check_sqlite(uri, path)
    from mlflow import MlflowClient

    with told(uri), creation_lock(store):
        client = MlflowClient(tracking_uri=uri)
        if sqlite_path(uri):
            client.search_experiments(max_results=1)  # makes the tables, under the lock
    return client


def creation_lock(store: Path) -> FileLock:
    """Held while runs and experiments are looked up and made, so that two processes on one store make each once."""
    store.mkdir(parents=True, exist_ok=True)
    return FileLock(store / "tracking.lock")


def sqlite_path(uri: str) -> Path | None:
    """The file of an SQLite URI, None for any other."""
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None


def check_server(uri: str, store: Path) -> MlflowClient:
    """A client for a server that answers. Errors: TrackingError within a few seconds if it does not."""
    if sqlite_path(uri):
        return open_client(uri, store)  # makes the tables where there are none, which may take its time
    parts = urlsplit(uri)
    dialect = parts.scheme.split("+")[0]
    if dialect in DATABASE_PORTS and parts.hostname:
        # SQLAlchemy under MLflow tries for minutes; a closed port is known at once.
        _check_port(uri, parts.hostname, parts.port or DATABASE_PORTS[dialect])
    client = open_client(uri, store)

    def ask() -> None:
        with told(uri):
            client.search_experiments(max_results=1)

    kept = {name: os.environ.get(name) for name in IMPATIENT}
    os.environ.update(IMPATIENT)
    try:
        _within(CHECK_SECONDS * 3, ask)
    except (TrackingError, TimeoutError) as error:
        raise silent(uri) from error
    finally:
        for name, value in kept.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
    return client


def silent(uri: str) -> TrackingError:
    """The fault of a server that does not answer."""
    return TrackingError(
        f"the tracking server at {shown_uri(uri)} does not answer; start it, mend --tracking-uri, or leave the option "
        "out to log into the store"
    )


def _within(seconds: float, ask: Callable[[], None]) -> None:
    """Ask, or raise TimeoutError: name resolution and some drivers know no limit of their own."""
    faults: list[BaseException] = []

    def run() -> None:
        try:
            ask()
        except BaseException as error:  # handed on to the caller's thread, whatever it is
            faults.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError
    if faults:
        raise faults[0]


def _check_port(uri: str, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=CHECK_SECONDS).close()
    except OSError as error:
        raise silent(uri) from error


def _check_sqlite(uri: str, path: Path) -> None:
    """Refuse a file that is no SQLite database, which MLflow would try to open for minutes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=CHECK_SECONDS)
        try:
            connection.execute("PRAGMA schema_version").fetchone()
        finally:
            connection.close()
    except (OSError, sqlite3.Error) as error:
        raise TrackingError(
            f"{shown_uri(uri)} cannot be opened ({first_line(error)}); move {path.name} away, or give --tracking-uri"
        ) from error
