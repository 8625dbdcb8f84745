"""Files behind a URL (`s3://bucket/x.jsonl`), through fsspec: found, opened, and told of in one line.

What a URL may carry beside a place (a user's name and password, a signed query) is shown nowhere: messages name a file
by the last part of its path, or by its URL without these. Credentials themselves are the file system's own business
(environment variables, configuration files, roles).
"""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from seedbed.errors import SourceError

BLOCK_BYTES = 8 * 2**20
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
EXTRAS = {"s3": "s3", "s3a": "s3"}
# What file systems raise beside OSError, where their libraries are loaded.
FURTHER_ERRORS = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("aiohttp", "ClientError"),
    ("gcsfs.retry", "HttpError"),
    ("azure.core.exceptions", "AzureError"),
)
SECRETS = re.compile(
    r"(?i)(\b[\w-]*(?:key|token|secret|signature|password|credential)[\w-]*\b\s*[=:]\s*)([^\s&,;)\"']+)"
)
URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


def is_remote(location: str) -> bool:
    """Whether a location is a URL and not a path."""
    return URL.match(location) is not None


def shown(location: str) -> str:
    """A location as messages show it: a URL without user, password and query."""
    if not is_remote(location):
        return location
    parts = urlsplit(location)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@dataclass(frozen=True)
class RemoteFile:
    """A file behind a URL; name and suffix are those of its path, as a `Path` has them."""

    location: str

    def __str__(self) -> str:
        return self.location

    def __repr__(self) -> str:
        return f"RemoteFile({shown(self.location)!r})"

    @property
    def name(self) -> str:
        """The last part of its path."""
        return PurePosixPath(unquote(urlsplit(self.location).path) or self.location).name

    @property
    def suffix(self) -> str:
        """What the name ends in, with its dot."""
        return PurePosixPath(self.name).suffix

    def open(self) -> IO[bytes]:
        """Open it for reading, block by block. Errors: SourceError if it is not there or cannot be reached."""
        with told(self.name):
            system, path = file_system(self.location)
            file: IO[bytes] = system.open(path, "rb", block_size=BLOCK_BYTES)
        return file

    def version(self) -> str:
        """What the file system has to tell one state of the file from another: size, etag, time of change."""
        with told(self.name):
            system, path = file_system(self.location)
            system.invalidate_cache()
            version: str = system.ukey(path)
        return version


def file_system(location: str) -> tuple[Any, str]:
    """The fsspec file system of a URL and the path in it. Errors: SourceError if its library is not installed."""
    import fsspec  # type: ignore[import-untyped]  # the library has no types

    scheme = urlsplit(location).scheme
    try:
        system, path = fsspec.core.url_to_fs(location)
    except ImportError as error:
        extra = EXTRAS.get(scheme)
        mend = f"pip install 'seedbed[{extra}]'" if extra else "install the fsspec library for it"
        raise SourceError(f"{scheme}:// needs a library that is not installed: {mend}") from error
    except ValueError as error:
        raise SourceError(f"{shown(location)!r}: {said(error)}; check the beginning of the URL") from error
    return system, str(path)


def matching(location: str, wanted: Callable[[str], bool]) -> list[RemoteFile] | None:
    """The files of a URL: itself, those of a pattern, or those beneath a folder whose name is wanted, sorted.

    None if nothing is there. Errors: SourceError if the file system cannot be reached.
    """
    import glob

    system, path = file_system(location)
    with told(shown(location)):
        system.invalidate_cache()
        if glob.has_magic(path):
            found = [name for name, about in system.glob(path, detail=True).items() if about["type"] == "file"]
        elif system.isfile(path):
            return [RemoteFile(location)]
        elif system.isdir(path):
            found = [name for name in system.find(path) if wanted(PurePosixPath(name).name)]
        else:
            return None
    return [RemoteFile(system.unstrip_protocol(name)) for name in sorted(found)]


def remote_errors() -> tuple[type[BaseException], ...]:
    """What a file system may raise: OSError, and its library's own where that is loaded."""
    modules = ((sys.modules.get(module), name) for module, name in FURTHER_ERRORS)
    return (OSError, TimeoutError, *(getattr(module, name) for module, name in modules if module is not None))


def said(error: BaseException) -> str:
    """What an error says, in one line and without secrets."""
    first = " ".join(str(error).split())[:200] or type(error).__name__
    return SECRETS.sub(r"\1...", URL.sub(lambda url: shown(url[0]), first))


@contextmanager
def told(name: str) -> Iterator[None]:
    """Turn what a file system raises into one line. name: what cannot be reached.

    Errors: SourceError; OSError as it is for a full disk, which is of this machine.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(f"{name} is not there; check the location you gave") from error
    except PermissionError as error:
        raise SourceError(f"{name} may not be used ({said(error)}); check your credentials for it") from error
    except remote_errors() as error:
        if getattr(error, "errno", None) in DISK_FULL:
            raise
        raise SourceError(
            f"{name} cannot be reached ({said(error)}); check the network, the address and your credentials"
        ) from error
