"""Writes small TorchScript programs, good and bad, into the folder named by the first argument."""
import sys
from pathlib import Path

import torch
from torch import nn

folder = Path(sys.argv[1])


class Mlp(nn.Module):
    def __init__(self, features: int, outputs: int, flat: bool = False):
        super().__init__()
        self.first = nn.Linear(features, 16)
        self.second = nn.Linear(16, outputs)
        self.flat = flat

    def forward(self, x):
        y = self.second(torch.relu(self.first(x)))
        return y.squeeze(1) if self.flat else y


class LogProbabilities(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Mlp(4, 3)

    def forward(self, x):
        return torch.log_softmax(self.inner(x), dim=1)


class Convolutional(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout(0.25)
        self.out = nn.Linear(4 * 6 * 6, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.convolution(x)))
        return self.out(self.dropout(x).flatten(1))


class Residual(nn.Module):
    """Operators whose derivatives TorchScript computes otherwise once it has compiled them; a parameter that is not trained."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.GroupNorm(2, 4)
        self.second = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.out = nn.Linear(4 * 64, 3)
        self.first.bias.requires_grad_(False)

    def forward(self, x):
        x = torch.tanh(self.norm(self.first(x)))
        return self.out(torch.nn.functional.silu(x + self.second(x)).flatten(1))


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 16)
        self.norm = nn.LayerNorm(16)
        self.out = nn.Linear(16, 7)

    def forward(self, x):
        return self.out(torch.nn.functional.gelu(self.norm(self.embedding(x))))


class Pair(Mlp):
    def forward(self, x):
        return x, x


class NotANumber(Mlp):
    def forward(self, x):
        return torch.log(self.second(torch.relu(self.first(x))) - 1000)


class Double(Mlp):
    def forward(self, x):
        return self.second(torch.relu(self.first(x))).double()


class Raises(Mlp):
    def forward(self, x):
        if x.dim() == 2:
            raise ValueError("two dimensions are too few")
        return x


class Tells(Mlp):
    def forward(self, x):
        if float(x.max()) > 1000:
            raise ValueError("seen: " + str(int(x.max())))
        return self.second(torch.relu(self.first(x)))


class Scalar(Mlp):
    def forward(self, x):
        return self.second(torch.relu(self.first(x))).sum()


class FirstOnly(Mlp):
    def forward(self, x):
        return self.second(torch.relu(self.first(x)))[:1]


class EvaluatesOnly(Mlp):
    def forward(self, x):
        if self.training:
            raise ValueError("not made to be trained")
        return self.second(torch.relu(self.first(x)))


class Complex(Mlp):
    def __init__(self):
        super().__init__(4, 3)
        self.register_buffer("unused", torch.zeros(1, dtype=torch.complex64))


class Masked(nn.Module):
    """Attention behind a saved mask of infinities, noise that begins as unwritten memory, branches that drop out."""

    def __init__(self):
        super().__init__()
        self.project = nn.Linear(1, 6)
        self.out = nn.Linear(2, 3)
        self.register_buffer("mask", torch.full((4, 4), float("-inf")).triu(1))

    def forward(self, x):
        q, k, v = self.project(x.unsqueeze(-1)).chunk(3, -1)
        y = torch.softmax(q @ k.transpose(1, 2) + self.mask, -1) @ v
        if self.training:
            y = y * torch.empty([x.size(0), 1, 1], dtype=x.dtype).bernoulli_(0.8) + v * x.new_empty([x.size(0), 1, 1]).bernoulli_(0.5)
        return nn.functional.gumbel_softmax(self.out(y.mean(1)), tau=1.0)


class NoParameters(nn.Module):
    def forward(self, x):
        return x


class NoForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3)

    @torch.jit.export
    def other(self, x):
        return self.linear(x)


class Talkative(Mlp):
    def forward(self, x):
        print("calls torch.imaginary(", x.size(0))
        return self.second(torch.relu(self.first(x)))


torch.manual_seed(11)
programs = {
    "mlp": Mlp(4, 3), "binary": Mlp(4, 1), "binary_flat": Mlp(4, 1, flat=True), "regression": Mlp(4, 2), "log": LogProbabilities(),
    "convolutional": Convolutional(), "residual": Residual(), "tokens": Tokens(), "pair": Pair(4, 3), "nan": NotANumber(4, 3), "double": Double(4, 3),
    "raises": Raises(4, 3), "no_parameters": NoParameters(), "no_forward": NoForward(), "talkative": Talkative(4, 3), "tells": Tells(4, 3),
    "scalar": Scalar(4, 3), "masked": Masked(), "first_only": FirstOnly(4, 3), "evaluates_only": EvaluatesOnly(4, 3), "complex": Complex(),
}
for name, program in programs.items():
    torch.jit.script(program).save(folder / f"{name}.pt")
torch.jit.trace(Mlp(4, 3), torch.zeros(2, 4)).save(folder / "traced.pt")
torch.save(Mlp(4, 3).state_dict(), folder / "state_dict.pt")

whole, wrong = torch._C.PyTorchFileReader(str(folder / "mlp.pt")), torch._C.PyTorchFileWriter(str(folder / "wrong_call.pt"))
for record in whole.get_all_records():
    if record not in ("version", "byteorder") and not record.startswith("."):
        content = whole.get_record(record).replace(b"torch.relu(", b"torch.relu(1, ")
        wrong.write_record(record, content, len(content))
wrong.write_end_of_file()
