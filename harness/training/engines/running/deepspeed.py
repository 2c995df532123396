"""The one place that imports DeepSpeed, and what it must be told to stay within our bounds.

Left to itself it imports mlflow for a tuner that is not used here (1.8 of 2 seconds),
wants a launcher's environment variables, compiles an operation of its own for shared
memory (which only inference uses) and says so, keeps process groups longer than we do,
clips gradients, and skips a step whose gradient is no number.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import nn

from harness.distributed.world import World
from harness.errors import MissingDependencyError
from harness.training.precision import Precision

ACCELERATOR, LOCAL_RANK = "DS_ACCELERATOR", "LOCAL_RANK"


def check_installed(device: torch.device) -> None:
    """Check that DeepSpeed can be imported, and make it work on this kind of device.

    Raises:
        MissingDependencyError: It cannot.
    """
    os.environ.setdefault(ACCELERATOR, device.type)
    try:
        with _missing("mlflow"):
            import deepspeed  # noqa: F401 - whether it can be
    except ImportError as error:
        raise MissingDependencyError(
            f"the engine deepspeed needs the package deepspeed: {error}",
            mend="install it with pip install 'harness[deepspeed]', or choose the engine ddp",
        ) from error


def initialised(
    module: nn.Module, optimiser: torch.optim.Optimizer, world: World, precision: Precision, zero_stage: int
) -> Any:
    """DeepSpeed's engine around a module and an optimiser, whose parameters it replaces by its share of them.

    Args:
        module: On the rank's device, float32, contiguous.
        optimiser: Of the module's parameters, without a state yet.
        world: The ranks.
        precision: bf16 is torch's autocast with gradients in float32, as under the other engine.
        zero_stage: 1 or 2.
    """
    import deepspeed

    for parameter in module.parameters():
        if parameter.dim() == 0:  # this leaves out its broadcast, which fails on scalars; all ranks have the same
            parameter.ds_optim_param = True  # type: ignore[attr-defined]
    deepspeed.ops.__compatible_ops__ = {}  # nothing is compiled
    deepspeed.utils.groups._WORLD_GROUP = dist.group.WORLD  # ours, which may be another one than at the last run
    with _environment(LOCAL_RANK, str(world.device.index or 0)):
        engine, *_ = deepspeed.initialize(
            model=module, optimizer=optimiser, config=_settings(precision, zero_stage), dist_init_required=False
        )
    return engine


def _settings(precision: Precision, zero_stage: int) -> dict[str, Any]:
    return {
        "train_micro_batch_size_per_gpu": 1,  # of no consequence: the loss is a mean already
        "zero_optimization": {"stage": zero_stage, "compute_grad_norm": False},
        "zero_allow_untested_optimizer": True,
        "gradient_clipping": 0.0,  # it would clip to 1
        "torch_autocast": {
            "enabled": precision == "bf16",
            "dtype": "bfloat16",
            "lower_precision_safe_modules": [],
        },
        "steps_per_print": None,
    }


@contextmanager
def _missing(module: str) -> Iterator[None]:
    """Let no import within the block find a module, unless it is there already."""
    found = sys.modules.setdefault(module, cast("ModuleType", None))
    try:
        yield
    finally:
        if found is None:
            del sys.modules[module]


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """An environment variable for as long as the block lasts."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before
