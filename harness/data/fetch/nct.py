"""NCT-CRC-HE-100K, its twin without stain normalisation, and CRC-VAL-HE-7K: Zenodo 1214456, CC BY 4.0."""

from __future__ import annotations

from harness.data.fetch.download import Remote

RECORD = "https://zenodo.org/records/1214456/files"
MD5 = {
    "NCT-CRC-HE-100K": "6fd702d11df6292bc054397ae038a464",
    "NCT-CRC-HE-100K-NONORM": "035777cf327776a71a05c95da6d6325f",
    "CRC-VAL-HE-7K": "2fd1651b4f94ebd818ebf90ad2b6ce06",
}
SETS = {
    "nct": ("NCT-CRC-HE-100K", "CRC-VAL-HE-7K"),
    "nct-nonorm": ("NCT-CRC-HE-100K-NONORM", "CRC-VAL-HE-7K"),
    "crc-val": ("CRC-VAL-HE-7K",),
}
"""The folders of each set that can be asked for: what trains, and what the paper tests on."""


def archive_of(folder: str, base: str = RECORD) -> Remote:
    """The archive that holds a folder; the checksum is the one that Zenodo states."""
    return Remote(f"{folder}.zip", f"{base}/{folder}.zip", f"md5:{MD5[folder]}")
