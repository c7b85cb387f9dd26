"""A small classifier of tables with 30 features, such as the Wisconsin diagnostic breast cancer data."""
import torch
from torch import nn


class WdbcMlp(nn.Module):
    """Features [N, 30] f32, best standardised by the plan, to logits [N, 2]."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(30, 16)
        self.output = nn.Linear(16, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.output(torch.relu(self.hidden(x)))


def make() -> nn.Module:
    return WdbcMlp()
