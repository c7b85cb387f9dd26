"""Trains small TorchScript programs with PyTorch and leaves, in the folder named by the first argument, what the
tests compare with: for every case the archive before training, one batch, and the state and losses after training."""
import json
import sys
from pathlib import Path

import torch
from torch import nn

STEPS = 6
folder = Path(sys.argv[1])
torch.set_num_threads(1)


class Mlp(nn.Module):
    def __init__(self, outputs: int, log_softmax: bool = False):
        super().__init__()
        self.first = nn.Linear(7, 16)
        self.second = nn.Linear(16, outputs)
        self.log_softmax = log_softmax

    def forward(self, x):
        y = self.second(torch.relu(self.first(x)))
        return torch.log_softmax(y, dim=-1) if self.log_softmax else y


class Convolutional(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout(0.25)
        self.out = nn.Linear(4 * 6 * 6, 10)

    def forward(self, x):
        x = torch.relu(self.norm(self.convolution(x)))
        return self.out(self.dropout(x).flatten(1))


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 8)
        self.norm = nn.LayerNorm(8)
        self.out = nn.Linear(8, 11)

    def forward(self, x):
        return self.out(self.norm(self.embedding(x)))


class Pair(nn.Module):
    def forward(self, x):
        return x, x


class Transposed(nn.Module):
    def forward(self, x):
        return x.t()


def sgd(p): return torch.optim.SGD(p, lr=0.05)
def momentum(p): return torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01)
def adam(p): return torch.optim.Adam(p, lr=0.01, weight_decay=0.02)
def adamw(p): return torch.optim.AdamW(p, lr=0.01, weight_decay=0.1)
def rmsprop(p): return torch.optim.RMSprop(p, lr=0.01, momentum=0.5, weight_decay=0.01)


def floats(*shape): return torch.randn(*shape)
def classes(count, *shape): return torch.randint(0, count, shape)


def cases():
    ce, f = nn.functional.cross_entropy, nn.functional
    for name in ("sgd", "momentum", "adam", "adamw", "rmsprop"):
        yield f"mlp-{name}", Mlp(3), floats(20, 7), classes(3, 20), "cross_entropy", ce, name, None
    yield "mlp-clip", Mlp(3), floats(20, 7), classes(3, 20), "cross_entropy", ce, "sgd", 0.1
    bce = f.binary_cross_entropy_with_logits
    yield "mlp-bce", Mlp(1), floats(20, 7), torch.rand(20, 1).round(), "bce", bce, "adam", None
    yield "mlp-mse", Mlp(2), floats(20, 7), floats(20, 2), "mse", f.mse_loss, "momentum", None
    yield "mlp-nll", Mlp(3, log_softmax=True), floats(20, 7), classes(3, 20), "nll", f.nll_loss, "adamw", None
    yield "convolutional", Convolutional(), floats(12, 1, 8, 8), classes(10, 12), "cross_entropy", ce, "momentum", None
    tokens = lambda y, t: ce(y.reshape(-1, 11), t.reshape(-1))
    yield "tokens", Tokens(), classes(11, 4, 9), classes(11, 4, 9), "tokens", tokens, "adam", None


def write(name, tensor):
    (folder / name).write_bytes(tensor.detach().contiguous().numpy().tobytes())


def describe(tensor):
    return {"shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch.")}


def train(name, program, x, target, loss_name, loss_function, optimizer_name, clip):
    script = torch.jit.script(program)
    script.save(folder / f"{name}.pt")
    script = torch.jit.load(folder / f"{name}.pt")
    script.train()
    torch.manual_seed(7)
    optimizer, losses = globals()[optimizer_name](script.parameters()), []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = loss_function(script(x), target)
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(script.parameters(), clip)
        optimizer.step()
        losses.append(loss.reshape(1))
    state = script.state_dict()
    write(f"{name}.x", x)
    write(f"{name}.target", target)
    write(f"{name}.losses", torch.cat(losses))
    for key, value in state.items():
        write(f"{name}.state.{key}", value)
    memory = {}
    for place, parameter in enumerate(script.parameters()):
        for key, value in optimizer.state[parameter].items():
            if value is not None:
                memory[f"{place}.{key}"] = describe(torch.as_tensor(value))
                write(f"{name}.memory.{place}.{key}", torch.as_tensor(value))
    return {"name": name, "loss": loss_name, "optimizer": optimizer_name, "clip": clip, "x": describe(x),
            "target": describe(target), "state": {key: describe(value) for key, value in state.items()}, "memory": memory}


torch.manual_seed(1)
index = [train(*case) for case in cases()]
(folder / "index.json").write_text(json.dumps(index))
torch.jit.script(Pair()).save(folder / "pair.pt")
torch.jit.script(Transposed()).save(folder / "transposed.pt")
