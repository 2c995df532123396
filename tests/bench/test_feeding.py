from __future__ import annotations

from pathlib import Path

import pytest

from support.fresh import run

CODE = """
import sys
from pathlib import Path
from harness.bench.feeding import OURS, Size, measure
from harness.bench.pairs import written_pairs
from harness.data.pack import pack

root = Path(sys.argv[1])
packed = pack(written_pairs(root, 16, 32), root / "packs")
for decoding in (True, False):
    rows, missing = measure(packed, Size(4, 1, 1, 1), decoding)
    names = {row.name for row in rows}
    assert set(OURS) < names, names
    assert set(missing) <= {"DataLoader, lightly", "DataLoader, stable-pretraining"}, missing
    assert all(row.pairs_per_s > 0 and row.cpu_s_per_1000 >= 0 for row in rows)
print(*sorted(names - set(OURS) - {"DataLoader, lightly", "DataLoader, stable-pretraining"}), sep="; ")
"""


@pytest.mark.ffcv
@pytest.mark.dali
def test_every_way_is_measured_and_what_is_not_installed_is_named(tmp_path: Path) -> None:
    """That it runs and says what it should; how fast is for a machine that does nothing else."""
    usual = "DALI's own operators; DataLoader, torchvision v2; DataLoader, torchvision v2, tensors\n"
    assert run(CODE, str(tmp_path)) == usual
