"""What every encoder looks like from outside."""

from __future__ import annotations

from torch import Tensor, nn

from harness.errors import DataError


class EncoderModule(nn.Module):
    """A backbone with its width and the image sizes that it can take.

    The backbone keeps its own parameter names, so that an exported encoder loads into
    the library that the backbone came from.

    Args:
        backbone: (B, C, H, W) or (B, D) to (B, num_features).
        num_features: Length of the representation.
        least_size: The smallest side in px, below which nothing of the image would be
            left after the last stage.
        fixed_size: The only side in px that it takes, where it has learnt positions.
    """

    def __init__(
        self, backbone: nn.Module, num_features: int, least_size: int = 1, fixed_size: int | None = None
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.num_features = num_features
        self.least_size = least_size
        self.fixed_size = fixed_size

    def forward(self, x: Tensor) -> Tensor:
        """Representations, B x num_features.

        Raises:
            DataError: The images are too small for this encoder, or not of its only size.
        """
        if x.ndim == 4:
            self._check(min(x.shape[-2:]))
        h_BF: Tensor = self.backbone(x)
        assert h_BF.shape == (x.shape[0], self.num_features), f"{tuple(h_BF.shape)} from width {self.num_features}"
        return h_BF

    def _check(self, size: int) -> None:
        if self.fixed_size not in (None, size):
            raise DataError(
                f"images of {size} px reach an encoder that has learnt positions for {self.fixed_size} px",
                mend=f"set the size to {self.fixed_size}, or take a convolutional encoder",
            )
        if size < self.least_size:
            raise DataError(
                f"images of {size} px are too small for this encoder, which reduces a side {self.least_size} times",
                legal=f"{self.least_size} px or more",
                mend="raise the data's size, or take an encoder with fewer stages",
            )
