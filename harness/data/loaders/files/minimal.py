"""What a user of DALI alone would write: the benchmark's other side."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from harness.data.loaders.files.dali import check_installed
from harness.data.packed import PackedSet


def loop(
    packed: PackedSet,
    global_batch_size: int,
    num_workers: int,
    epochs: int,
    then: Callable[[Any], Any] | None = None,
) -> Generator[int, None, None]:
    """DALI's own file readers and its iterator for PyTorch; yields the pairs of each batch.

    The files are read in their order: two readers that shuffle do not keep pairs.

    Args:
        packed: The pack, opened with its manifest; the files of all of its images are read.
        global_batch_size: Pairs of a batch.
        num_workers: DALI's threads.
        epochs: How often it goes through the set.
        then: What DALI does to each decoded image.
    """
    check_installed()
    from nvidia.dali import Pipeline, fn, types
    from nvidia.dali.plugin.base_iterator import LastBatchPolicy
    from nvidia.dali.plugin.pytorch import DALIGenericIterator

    paths = {name: files for name in packed.arrays if (files := packed.files(name)) is not None}
    pipeline = Pipeline(global_batch_size, num_workers, None, seed=0)
    with pipeline:
        images = []
        for name, files in paths.items():
            encoded, _ = fn.readers.file(files=[str(path) for path in files], name=name)
            kind = types.GRAY if packed.channels(name) == 1 else types.RGB
            decoded = fn.decoders.image(encoded, output_type=kind)
            images.append(decoded if then is None else then(decoded))
        pipeline.set_outputs(*images)
    batches = DALIGenericIterator(
        [pipeline], list(paths), reader_name=next(iter(paths)), last_batch_policy=LastBatchPolicy.DROP, auto_reset=True
    )
    for _ in range(epochs):
        for (batch,) in batches:
            yield len(next(iter(batch.values())))
