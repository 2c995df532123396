"""FFCV's file format, version 2, as far as a pack needs it.

A header; a descriptor a field; a record a sample, with the address of each of its
fields; from the next multiple of the page size on, pages of data, none of which a
sample crosses; and at the end a table of every address with its length. A reader
takes what follows the table's address for the table, and does not look at what lies
between the last page and it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.stored import StoredArray

VERSION = 2
LEAST_PAGE = 1 << 23
HEADER = np.dtype(
    [("version", "<u2"), ("num_fields", "<u2"), ("page_size", "<u4"), ("num_samples", "<u8"), ("table", "<u8")]
)
DESCRIPTOR = np.dtype([("type", "u1"), ("name", "u1", 16), ("arguments", "u1", 1024)])
ARRAY_ARGUMENTS = np.dtype([("shape", "<u8", 32), ("length", "<u8")])
RGB_RECORD = np.dtype([("mode", "u1"), ("width", "<u2"), ("height", "<u2"), ("address", "<u8")])
ARRAY_RECORD = np.dtype("<u8")
TABLE = np.dtype([("sample", "<u8"), ("address", "<u8"), ("length", "<u8")])
RGB_TYPE, ARRAY_TYPE, RAW_MODE = 2, 4, 1


@dataclass(frozen=True, eq=False)
class Field:
    """A modality as a field: an RGB image stored raw, or an array of numbers.

    Attributes:
        name: At most 16 letters.
        stored: Its array in the pack.
    """

    name: str
    stored: StoredArray

    @property
    def is_rgb(self) -> bool:
        """Whether FFCV knows it as an image; one of one channel is an array to it."""
        return self.stored.kind == "image" and self.stored.shape[-1] == 3

    @property
    def num_bytes(self) -> int:
        """The bytes of one sample."""
        return math.prod(self.stored.shape[1:]) * np.dtype(self.stored.dtype).itemsize

    def descriptor(self) -> NDArray[Any]:
        """What stands of it behind the header."""
        entry = np.zeros(1, DESCRIPTOR)
        entry["type"] = RGB_TYPE if self.is_rgb else ARRAY_TYPE
        entry["name"][0, : len(self.name)] = _letters(self.name)
        arguments = np.zeros(0, np.uint8) if self.is_rgb else self._arguments()
        entry["arguments"][0, : len(arguments)] = arguments
        return entry

    def _arguments(self) -> NDArray[np.uint8]:
        dtype = _letters(json.dumps(np.dtype(self.stored.dtype).descr))
        entry = np.zeros(1, ARRAY_ARGUMENTS)
        entry["shape"][0, : len(self.stored.shape) - 1] = self.stored.shape[1:]
        entry["length"] = len(dtype)
        return np.concatenate([entry.view(np.uint8), dtype])

    def records(self, addresses: NDArray[np.uint64]) -> NDArray[Any]:
        """What each sample's record says of it."""
        if not self.is_rgb:
            return addresses
        entries = np.zeros(len(addresses), RGB_RECORD)
        entries["mode"] = RAW_MODE
        entries["height"], entries["width"] = self.stored.shape[1:3]
        entries["address"] = addresses
        return entries


@dataclass(frozen=True, eq=False)
class Layout:
    """Where everything lies in the file of some fields; known before a byte is written.

    Attributes:
        fields: In the order of a sample's bytes.
        seal: The bytes kept free between the pages and the table.
    """

    fields: Sequence[Field]
    seal: int

    @property
    def num_samples(self) -> int:
        """The samples."""
        return self.fields[0].stored.shape[0]

    @cached_property
    def sample_bytes(self) -> int:
        """The bytes of a sample, all its fields together."""
        return sum(field.num_bytes for field in self.fields)

    @cached_property
    def page_size(self) -> int:
        """A power of two that holds a sample."""
        return max(LEAST_PAGE, 1 << (self.sample_bytes - 1).bit_length())

    @property
    def per_page(self) -> int:
        """The samples of a page."""
        return self.page_size // self.sample_bytes

    @property
    def num_pages(self) -> int:
        """The pages."""
        return -(-self.num_samples // self.per_page)

    @cached_property
    def record(self) -> np.dtype[Any]:
        """The record of a sample."""
        return np.dtype([("", RGB_RECORD if field.is_rgb else ARRAY_RECORD) for field in self.fields], align=True)

    @property
    def front_bytes(self) -> int:
        """The bytes of header, descriptors and records."""
        return HEADER.itemsize + len(self.fields) * DESCRIPTOR.itemsize + self.num_samples * self.record.itemsize

    @property
    def data_at(self) -> int:
        """Where the first page begins."""
        return -(-self.front_bytes // self.page_size) * self.page_size

    @property
    def seal_at(self) -> int:
        """Where the last page ends."""
        return self.data_at + self.num_pages * self.page_size

    @property
    def table_at(self) -> int:
        """Where the table begins."""
        return self.seal_at + self.seal

    @property
    def file_bytes(self) -> int:
        """The length of the file."""
        return self.table_at + self.num_samples * len(self.fields) * TABLE.itemsize

    def front(self) -> bytes:
        """Header, descriptors and records."""
        header = np.zeros(1, HEADER)
        header[0] = (VERSION, len(self.fields), self.page_size, self.num_samples, self.table_at)
        records = np.zeros(self.num_samples, self.record)
        for index, (field, addresses) in enumerate(self._addresses()):
            records[f"f{index}"] = field.records(addresses)
        parts = [header, *(field.descriptor() for field in self.fields), records]
        return b"".join(part.tobytes() for part in parts)

    def table(self) -> bytes:
        """The table, sample by sample."""
        entries = np.zeros((self.num_samples, len(self.fields)), TABLE)
        entries["sample"] = np.arange(self.num_samples)[:, None]
        for index, (field, addresses) in enumerate(self._addresses()):
            entries["address"][:, index], entries["length"][:, index] = addresses, field.num_bytes
        return entries.tobytes()

    def _addresses(self) -> Iterator[tuple[Field, NDArray[np.uint64]]]:
        page, place = np.divmod(np.arange(self.num_samples), self.per_page)
        start = self.data_at + page * self.page_size + place * self.sample_bytes
        for field in self.fields:
            yield field, start.astype(np.uint64)
            start = start + field.num_bytes


def fields_of(arrays: Mapping[str, StoredArray]) -> dict[str, Field]:
    """A field for each modality, by the modality's name; a name that is too long is replaced by a number."""
    fits = DESCRIPTOR["name"].shape[0]
    return {
        name: Field(name if len(name) <= fits else f"~{index}", stored)
        for index, (name, stored) in enumerate(arrays.items())
    }


def _letters(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("ascii"), np.uint8)
