"""The form of a backup: a zip with one part a database file (SQLite) or a table (PostgreSQL), and a manifest.

Parts are found by names this code knows; no name of the archive ever becomes a path. Nothing is unpacked beyond what
the manifest declares, and what it declares must fit the disk. The secret key is not in it, nor anything that opens one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from connector.errors import ConfigError, DiskFull
from connector.store.words import FULL, ROOM

FORMAT = 1
MANIFEST = "manifest.json"
MANIFEST_BYTES = 1 << 20
MOST_PARTS = 200
PIECE = 1 << 20
SPARE = 64 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its size unpacked, its hash, and for a table the columns in their order."""

    name: str
    bytes: int
    sha256: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is: made by which version of which database, when, and of what it consists."""

    version: str
    kind: str
    revision: str
    front_version: int
    made_ms: int
    parts: tuple[Part, ...]
    sequences: Mapping[str, int] = field(default_factory=dict)
    format: int = FORMAT


def damaged(why: str) -> ConfigError:
    return ConfigError(f"The backup is damaged: {why}.", remedy="Take another one.", reason="backup_damaged")


class Packer:
    """Writes a backup beside its name and gives it its name when it is whole; only its owner can read it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._part = file.with_name(f"{file.name}.part")
        self.parts: list[Part] = []

    def __enter__(self) -> Self:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._raw = os.fdopen(os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b")
        except OSError as error:
            raise ConfigError(
                f"The backup cannot be written to {self._file} ({error.strerror}).", remedy="Name another file."
            ) from None
        # Level 1: a third of the size at a speed that the disk, not the processor, decides.
        self._zip = zipfile.ZipFile(self._raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        return self

    def add(self, name: str, pieces: Iterable[bytes | memoryview], columns: Iterable[str] = ()) -> None:
        seen, size = hashlib.sha256(), 0
        with self._zip.open(name, "w", force_zip64=True) as out:
            for piece in pieces:
                out.write(piece)
                seen.update(piece)
                size += len(piece)
        self.parts.append(Part(name, size, seen.hexdigest(), tuple(columns)))

    def close(self, manifest: Manifest) -> None:
        """The manifest last, since it holds the hashes; then the name."""
        self._zip.writestr(MANIFEST, orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2))
        self._zip.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        self._part.replace(self._file)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._raw.close()
        self._part.unlink(missing_ok=True)


class Unpacker:
    """A backup opened for reading, its manifest checked. Every part is hashed while it is read."""

    def __init__(self, file: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (OSError, zipfile.BadZipFile, NotImplementedError):
            raise ConfigError(
                f"{file} is no backup that can be read.", remedy="Name a file that `leadwright backup` made."
            ) from None
        self.manifest = self._manifest()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def _manifest(self) -> Manifest:
        try:
            info = self._zip.getinfo(MANIFEST)
            if info.file_size > MANIFEST_BYTES:
                raise damaged("its manifest is too large")
            with self._zip.open(info) as read:
                body = orjson.loads(read.read(MANIFEST_BYTES))
            if body["format"] > FORMAT:
                raise ConfigError(
                    f"The backup was made by a newer Leadwright ({body['version']}).",
                    remedy="Upgrade Leadwright, then restore.",
                    reason="backup_newer",
                )
            parts = tuple(Part(p["name"], int(p["bytes"]), p["sha256"], tuple(p["columns"])) for p in body["parts"])
            return Manifest(**{**body, "parts": parts})
        except (KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error, EOFError):
            raise damaged("its manifest cannot be read") from None

    def refuse_unless_it_fits(self, known: Iterable[str], folder: Path) -> None:
        """Exactly parts that are known, each once, and room for all of them."""
        names = [part.name for part in self.manifest.parts]
        if len(names) > MOST_PARTS or len(set(names)) != len(names) or not set(names) <= set(known):
            raise damaged("it holds parts that do not belong into a backup")
        if {one.filename for one in self._zip.infolist()} != {*names, MANIFEST}:
            raise damaged("its parts are not the ones its manifest names")
        if any(part.bytes < 0 for part in self.manifest.parts):
            raise damaged("its manifest cannot be read")
        total = sum(part.bytes for part in self.manifest.parts)
        if total + SPARE > shutil.disk_usage(folder).free:
            raise DiskFull(f"Unpacked, the backup needs {total:,} bytes. {FULL}", remedy=ROOM)

    def pieces(self, name: str) -> Iterator[bytes]:
        """A part, piece by piece; the last step raises when size or hash are not what the manifest says."""
        part = next(one for one in self.manifest.parts if one.name == name)
        seen, size = hashlib.sha256(), 0
        try:
            with self._zip.open(name) as read:
                while piece := read.read(PIECE):
                    size += len(piece)
                    if size > part.bytes:
                        break
                    seen.update(piece)
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
            raise damaged(f"{name} cannot be unpacked") from None
        if size != part.bytes or seen.hexdigest() != part.sha256:
            raise damaged(f"{name} is not what was saved")

    def columns(self, name: str) -> tuple[str, ...]:
        return next(one.columns for one in self.manifest.parts if one.name == name)

    def checked(self) -> Self:
        """Read every part once, so that nothing is touched by a backup that breaks half-way."""
        for part in self.manifest.parts:
            for _ in self.pieces(part.name):
                pass
        return self


def summary(manifest: Manifest) -> dict[str, Any]:
    """What a person wants to know of a backup."""
    return {
        "version": manifest.version,
        "database": manifest.kind,
        "revision": manifest.revision,
        "made_ms": manifest.made_ms,
        "parts": len(manifest.parts),
        "bytes": sum(part.bytes for part in manifest.parts),
    }
