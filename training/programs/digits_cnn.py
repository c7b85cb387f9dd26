"""A convolutional classifier of the 8 x 8 handwritten digits."""
import torch
from torch import nn


class DigitsCnn(nn.Module):
    """Images [N, 1, 8, 8] f32 with pixels from 0 to 16, to logits [N, 10]."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, kernel_size=3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 64, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.dropout = nn.Dropout(0.25)
        self.output = nn.Linear(64 * 2 * 2, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.output(self.dropout(self.features(x / 16.0).flatten(1)))


def make() -> nn.Module:
    return DigitsCnn()
