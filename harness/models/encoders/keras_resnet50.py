"""ResNet-50 as Keras has it, which the paper's authors trained (protocol `authors`).

It is the first version of the net: in each block that makes the image smaller the
stride sits in the first 1 x 1 convolution, not in the 3 x 3. Every convolution has a
bias, batch norm has eps 1.001e-5 and keeps .99 of its running statistics at each
step, and convolutions begin with Glorot's uniform distribution. Weights that Keras
saved are turned into a file for it by `harness weights`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.models.encoders._weighted import Weighted

if TYPE_CHECKING:
    from harness.models.nets.shell import EncoderModule

PARAMETERS = 23_525_184
FIRST_CONVOLUTION = 49 * 64
GFLOPS = 7.712
SIZE = 224


class KerasResNet50(Weighted, name="keras_resnet50"):
    """See the module's text; 2,048 features."""

    def build(self, in_features: int) -> EncoderModule:
        """See `Encoder.build`.

        Raises:
            DataError: The weights are missing, other than promised, or do not fit.
        """
        from harness.models.nets.keras_resnet import build_keras_resnet50

        return self.filled(build_keras_resnet50(in_features))

    def parameters(self, in_features: int = 3) -> int:
        """See `Encoder.parameters`."""
        return PARAMETERS + FIRST_CONVOLUTION * in_features

    def gflops(self, size: int, in_features: int = 3) -> float | None:
        """See `Encoder.gflops`; by area, for three channels."""
        return GFLOPS * (size / SIZE) ** 2 if in_features == 3 else None
