"""Writes programs that can be saved but not trained with, for 30 features and 2 classes: programs.py FOLDER"""
import pathlib
import sys

import torch

folder = pathlib.Path(sys.argv[1])


class Base(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(30, 2)


class WrongShape(Base):
    def forward(self, x):
        return self.linear(x).sum(dim=1)


class NotANumber(Base):
    def forward(self, x):
        return torch.log(-self.linear(x).abs() - 1)


class NoForward(Base):
    @torch.jit.export
    def predict(self, x):
        return self.linear(x)


class Talkative(Base):
    def forward(self, x):
        print(x)
        return self.linear(x)


class NotANumberOnData(Base):
    """Behaves on numbers between -1 and 1, which a device tries programs with, and not on real records."""

    def forward(self, x):
        return self.linear(x) + torch.sqrt(1 - x.abs()).sum()


for name, program in {"wrong_shape": WrongShape(), "nan": NotANumber(), "no_forward": NoForward(), "nan_on_data": NotANumberOnData(), "talkative": Talkative()}.items():
    torch.jit.script(program).save(str(folder / f"{name}.pt"))
whole = (folder / "wrong_shape.pt").read_bytes()
(folder / "truncated.pt").write_bytes(whole[: len(whole) // 2])
