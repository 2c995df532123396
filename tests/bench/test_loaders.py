from __future__ import annotations

from pathlib import Path

import pytest

from harness.bench.loaders import OWN
from support.fresh import run
from support.images import make_folder

CODE = """
import sys
from pathlib import Path
from harness.bench.loaders import measure
from harness.data.datasets.folder import Folder
from harness.data.pack import pack

name, root = sys.argv[1:]
packed = pack(Folder(root=f"{root}/pairs", size=16), Path(root))
(row,) = measure(packed, [name], global_batch_size=3, num_workers=1, epochs=2, rounds=2)
assert row.pairs_per_s > 0
assert row.ratios[0] <= row.ratio <= row.ratios[1]
print(row.name, "beside", row.beside)
"""


@pytest.mark.parametrize(
    "name", [pytest.param("ffcv", marks=pytest.mark.ffcv), pytest.param("dali", marks=pytest.mark.dali)]
)
def test_a_loader_is_measured_beside_its_librarys_own(name: str, tmp_path: Path) -> None:
    """That it runs and says what it should; how fast is for a machine that does nothing else.

    In a process of its own: FFCV's loader alters a type of numba's in place, under whoever compiled for it.
    """
    make_folder(tmp_path / "pairs", n=40)
    assert run(CODE, name, str(tmp_path)) == f"{name} beside {OWN[name]}\n"
