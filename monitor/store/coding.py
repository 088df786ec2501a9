"""Facts to JSON text and back, by the dataclass each probe has registered."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from probes.observation import Facts

_DIGEST_BYTES = 16


class Undecodable(Exception):
    """Stored facts that the probe of today does not understand."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Facts as stored: *body* decides whether they changed, *samples* are the rest, None when there are none."""

    digest: str
    body: str
    samples: str | None


class Coder:
    """Encodes and decodes the facts of every known probe."""

    def __init__(self, facts: Mapping[str, type[Facts]]) -> None:
        self._codecs = {probe: _Codec(probe, kind) for probe, kind in facts.items()}
        self._decoded = lru_cache(maxsize=50_000)(self._decode)

    def encode(self, probe: str, facts: Facts) -> Encoded:
        """Return *facts* as text; equal facts give equal text, in every process."""
        return self._codecs[probe].encode(facts)

    def decode(self, probe: str, body: str, samples: str | None) -> Facts:
        """Return what `encode` was given.

        Raises:
            Undecodable: the probe is not registered any more, or its facts have another shape now.
        """
        # Samples differ from look to look: keeping those would only push out what many hosts share.
        return self._decoded(probe, body) if samples is None else self._decode(probe, _merge(body, samples))

    def measures(self, probe: str, facts: Facts) -> Mapping[str, float]:
        """Return the numbers among the samples of *facts* that can be rolled up, by field name."""
        names = self._codecs[probe].measures
        return {name: value for name in names if isinstance(value := getattr(facts, name), float)}

    def _decode(self, probe: str, body: str) -> Facts:
        codec = self._codecs.get(probe)
        if codec is None:
            raise Undecodable(f"no probe {probe}")
        try:
            return codec.adapter.validate_json(body)
        except ValidationError as error:
            raise Undecodable(f"{probe}: {error.error_count()} fields differ") from error


class _Codec:
    """One probe's facts."""

    def __init__(self, probe: str, kind: type[Facts]) -> None:
        self.adapter: TypeAdapter[Facts] = TypeAdapter(kind)
        assert is_dataclass(kind)
        self.samples: set[str] = {item.name for item in fields(kind) if item.metadata.get("sample")}
        hints = get_type_hints(kind)
        self.measures: list[str] = [
            name for name in sorted(self.samples) if float in (hints[name], *get_args(hints[name]))
        ]
        # Which probe says it is part of what is said: the same fields of another one are other facts.
        self._salt: bytes = f"{probe}\0".encode()
        self._unordered: bool = _has_sets(self.adapter.json_schema(mode="serialization"))

    def encode(self, facts: Facts) -> Encoded:
        body = self._dump(facts, exclude=self.samples)
        digest = hashlib.blake2b(self._salt + body, digest_size=_DIGEST_BYTES).hexdigest()
        samples = self._dump(facts, include=self.samples).decode() if self.samples else None
        return Encoded(digest, body.decode(), samples)

    def _dump(self, facts: Facts, *, include: set[str] | None = None, exclude: set[str] | None = None) -> bytes:
        if not self._unordered:
            return self.adapter.dump_json(facts, include=include, exclude=exclude)
        return to_json(_ordered(self.adapter.dump_python(facts, include=include, exclude=exclude)))


def _has_sets(schema: object) -> bool:
    if isinstance(schema, dict):
        return "uniqueItems" in schema or any(_has_sets(part) for part in schema.values())
    return isinstance(schema, list) and any(_has_sets(part) for part in schema)


def _ordered(value: object) -> object:
    """Return *value* with its sets as sorted lists, whose order does not depend on the process."""
    if isinstance(value, (set, frozenset)):
        return sorted((_ordered(item) for item in value), key=to_json)
    if isinstance(value, dict):
        return {key: _ordered(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_ordered(item) for item in value]
    return value


def _merge(body: str, samples: str) -> str:
    """Return one JSON object with the members of both."""
    joint = "," if len(body) > 2 and len(samples) > 2 else ""
    return body[:-1] + joint + samples[1:]
