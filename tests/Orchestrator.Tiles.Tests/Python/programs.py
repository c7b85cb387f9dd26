"""Writes programs whose state is hard to catch into the folder named by the first argument."""
import sys
from pathlib import Path

import torch
from torch import nn

folder = Path(sys.argv[1])


class Recurrent(nn.Module):
    """Features [N, 30] as ten steps of three: two layers of LSTM with dropout between them, batch statistics, dropout."""

    def __init__(self):
        super().__init__()
        self.recurrent = nn.LSTM(3, 8, num_layers=2, dropout=0.2, batch_first=True)
        self.norm = nn.BatchNorm1d(8)
        self.dropout = nn.Dropout(0.3)
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        steps, _ = self.recurrent(x.view(-1, 10, 3))
        return self.out(self.dropout(self.norm(steps[:, -1])))


class Residual(nn.Module):
    """Operators that TorchScript differentiates otherwise once compiled; a parameter that is not trained, one that is never used."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4, momentum=None)
        self.second = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.out = nn.Linear(4 * 64, 10)
        self.unused = nn.Parameter(torch.zeros(3))
        self.first.bias.requires_grad_(False)

    def forward(self, x):
        x = torch.tanh(self.norm(self.first(x)))
        x = torch.nn.functional.silu(x + self.second(x))
        return self.out(torch.nn.functional.dropout(x, 0.2, self.training).flatten(1))


class Attention(nn.Module):
    """Characters [N, 64] through an encoder layer with dropout."""

    def __init__(self):
        super().__init__()
        self.characters = nn.Embedding(128, 16)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.out = nn.Linear(16, 128)

    def forward(self, x):
        return self.out(self.layer(self.characters(x.long())))


torch.manual_seed(5)
torch.jit.script(Recurrent()).save(folder / "recurrent.pt")
torch.jit.script(Residual()).save(folder / "residual.pt")
torch.jit.trace(Attention(), torch.zeros(2, 64, dtype=torch.uint8), check_trace=False).save(folder / "attention.pt")
