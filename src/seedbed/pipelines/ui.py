"""MLflow's UI on the right store, for this machine only."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from seedbed.errors import TrackingError
from seedbed.pipelines.mlflow_client import QUIET, default_uri, shown_uri, sqlite_path

HOST = "127.0.0.1"


def server_command(uri: str, store: Path, port: int) -> list[str]:
    """The command that serves a store's UI on loopback: one worker, artifacts beside the store."""
    artifacts = (store.resolve() / "mlartifacts").as_uri()
    return [
        *(sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", uri, "--default-artifact-root", artifacts, "--artifacts-destination", artifacts),
        *("--uvicorn-opts", "--log-level warning"),
    ]


def server_environment() -> dict[str, str]:
    """The environment of the server: no telemetry, no job queue, only what matters on the terminal."""
    return {**QUIET, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **os.environ}


def serve_ui(uri: str | None, store: Path, port: int) -> None:
    """Serve the UI on 127.0.0.1 until it is stopped (^C).

    Errors: TrackingError if the URI is a server (which has a UI of its own), if nothing is on record, or if the port is
    taken.
    """
    chosen = uri or default_uri(store)
    if chosen.startswith(("http://", "https://")):
        raise TrackingError(f"{shown_uri(chosen)} serves its own UI; open that address in a browser")
    path = sqlite_path(chosen)
    if path is not None and not path.is_file():
        raise TrackingError(f"nothing is on record in {path.parent.name}/{path.name} yet; first: seedbed run FILE")
    _refuse_taken(port)
    server = subprocess.Popen(server_command(chosen, store, port), env=server_environment())
    print(f"MLflow's UI: http://{HOST}:{port}  (stop it with ^C)", flush=True)
    try:
        code = server.wait()
    except KeyboardInterrupt:
        server.send_signal(signal.SIGINT)
        server.wait()
        return
    if code:
        raise TrackingError(f"MLflow's server ended with code {code}; its lines above say why")


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise TrackingError(f"port {port} is taken on this machine; choose another: seedbed ui --port N") from error
