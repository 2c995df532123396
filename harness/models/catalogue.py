"""What `plan` knows about timm's models without importing them (which takes seconds).

A test compares every row with the model itself. Parameters are those of the encoder
alone, without a classifier, on three channels. Operations are those of a forward
pass at 224 px, a multiply and an add being two.

The paper's four (Table S4) are resnet50, mobilenetv2_100, efficientnet_b0 and
legacy_xception. Its citations for the second and third name other nets, so
mobilenetv1_100 and tf_efficientnetv2_b0 are here too.
"""

from __future__ import annotations

from dataclasses import dataclass

SIZE = 224


@dataclass(frozen=True)
class Known:
    """One model of timm's.

    Attributes:
        width: Length of the representation.
        parameters: How many numbers are trained.
        gflops: One image of 224 px forward, in 1e9 operations.
    """

    width: int
    parameters: int
    gflops: float

    def gflops_at(self, size: int) -> float:
        """The same for another side length: convolutions cost by area (2 % off where padding depends on it)."""
        return self.gflops * (size / SIZE) ** 2


KNOWN = {
    "resnet10t": Known(width=512, parameters=4_922_488, gflops=2.193),
    "resnet18": Known(width=512, parameters=11_176_512, gflops=3.627),
    "resnet34": Known(width=512, parameters=21_284_672, gflops=7.326),
    "resnet50": Known(width=2048, parameters=23_508_032, gflops=8.174),
    "mobilenetv1_100": Known(width=1024, parameters=3_206_976, gflops=1.135),
    "mobilenetv2_100": Known(width=1280, parameters=2_223_872, gflops=0.599),
    "efficientnet_b0": Known(width=1280, parameters=4_007_548, gflops=0.769),
    "tf_efficientnetv2_b0": Known(width=1280, parameters=5_858_704, gflops=1.434),
    "legacy_xception": Known(width=2048, parameters=20_806_952, gflops=9.102),
}
