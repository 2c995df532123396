"""CoNIC: where it is published, and which files make it whole.

Its organisers give it away through a shared folder after a form, without an address that
a program could fetch or a checksum that it could compare, so it is fetched by hand.
"""

from __future__ import annotations

from pathlib import Path

from harness.errors import DataError

PAGE = "https://conic-challenge.grand-challenge.org"
FILES = ("images.npy", "labels.npy", "counts.csv", "patch_info.csv")


def require_conic(folder: Path) -> None:
    """Check that the folder holds the set's files.

    Raises:
        DataError: Files are missing; it says where to get them and where to put them.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise DataError(
            f"CoNIC has no address to fetch it from, and {str(folder)!r} lacks {', '.join(missing)}",
            where=PAGE,
            legal=f"4,981 patches in {', '.join(FILES)}",
            mend=f"get the training data from {PAGE} (page 'Data') and put these files into {str(folder)!r}",
        )
