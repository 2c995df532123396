from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from harness.data.loaders import columns
from harness.data.loaders.mapped.torch import MappedLoad
from harness.data.source import Source
from support.images import packed_folder


def test_what_is_sent_to_a_worker_holds_no_pixels(tmp_path: Path) -> None:
    packed = packed_folder(tmp_path, n=9, size=64)
    load = MappedLoad(columns(packed, [Source("he")]), packed.keys, num_workers=0)
    (batch,) = load([np.arange(9)])
    sent = pickle.dumps(load.data)
    assert len(sent) < 2_000 < batch.arrays[0].nbytes
    assert np.array_equal(pickle.loads(sent)[np.arange(9)][1][0], batch.arrays[0])
