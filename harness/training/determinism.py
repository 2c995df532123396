"""The switches under which the same run gives the same bits."""

from __future__ import annotations

import os

import torch


def deterministic(threads: int) -> None:
    """Make this process compute the same bits whenever it is given the same work.

    On a CPU the bits hold for the same type of processor and the same number of threads.
    Call it before anything touches an accelerator. float32 then means float32: NVIDIA's
    shortened format for convolutions, which torch has on by default, is switched off.

    Args:
        threads: Threads of one operation on the CPU.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # Filling every fresh tensor with NaN finds reads of unset memory; it costs a pass over memory each time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
