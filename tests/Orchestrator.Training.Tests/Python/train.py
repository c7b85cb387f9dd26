"""Trains programs with PyTorch as plans and docs/spec/model.md say, on one thread, and prints every case's state as a line of JSON: name to hexadecimal bytes.

Arguments: the folder of programs, and a file with the cases; their records are taken in file order."""
import json
import sys
from pathlib import Path

import numpy
import torch
from torch import nn

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=1, momentum=0.9, weight_decay=1e-3),
    "adam": lambda p: torch.optim.Adam(p, lr=1, weight_decay=1e-3),
    "adamw": lambda p: torch.optim.AdamW(p, lr=1, weight_decay=0.05),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=1, momentum=0.5),
}
LOSSES = {
    "cross_entropy": lambda y, t: nn.functional.cross_entropy(y.reshape(-1, y.shape[-1]), t.reshape(-1)),
    "bce": nn.functional.binary_cross_entropy_with_logits,
    "mse": nn.functional.mse_loss,
    "nll": nn.functional.nll_loss,
}


def read(case, name):
    flat = numpy.frombuffer(bytearray.fromhex(case[name]), dtype=case[f"{name}_type"])
    return torch.from_numpy(flat.reshape(case[f"{name}_shape"]))


def warm_up(program, loss, x, target):
    """Runs on made-up records of one batch's shape and leaves no trace but what TorchScript has compiled."""
    made_up, first = torch.zeros_like(x), torch.zeros_like(target)
    if x.is_floating_point():
        made_up = torch.tensor([(i * 37 % 101 - 50) / 50 for i in range(x.numel())], dtype=x.dtype).reshape(x.shape)
    buffers = {name: buffer.clone() for name, buffer in program.named_buffers()}
    for _ in range(3):
        loss(program(made_up), first).backward()
    program.zero_grad(set_to_none=True)
    program.eval()
    with torch.no_grad():
        for _ in range(3):
            program(made_up)
        for name, buffer in program.named_buffers():
            buffer.copy_(buffers[name])
    program.train()


def train(folder, case):
    x, target = read(case, "x"), read(case, "target")
    program = torch.jit.load(folder / f"{case['program']}.pt")
    program.train()
    optimizer, loss = OPTIMIZERS[case["optimizer"]](program.parameters()), LOSSES[case["loss"]]
    warm_up(program, loss, x[:case["batch"]], target[:case["batch"]])
    torch.manual_seed(case["seed"])
    rates = iter(case["rates"])
    for _ in range(case["epochs"]):
        for start in range(0, len(x), case["batch"]):
            end = start + case["batch"]
            optimizer.param_groups[0]["lr"] = next(rates)
            optimizer.zero_grad()
            loss(program(x[start:end]), target[start:end]).backward()
            if case["clip"]:
                nn.utils.clip_grad_norm_(program.parameters(), case["clip"])
            optimizer.step()
    return {name: value.numpy().tobytes().hex() for name, value in program.state_dict().items()}


torch.set_num_threads(1)
for case in json.loads(Path(sys.argv[2]).read_text()):
    print(json.dumps(train(Path(sys.argv[1]), case)))
