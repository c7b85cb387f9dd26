"""Trains a TorchScript program with cross-entropy and Adam, and prints how many seconds the epochs took.

The data is in memory as tensors before the clock starts, standardised if asked for; every epoch takes it in a fresh order."""
import argparse
import time
from pathlib import Path

import torch


def read(path, context=64):
    if path.suffix == ".txt":
        text = torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8)
        count = (len(text) - 1) // context
        return text[:count * context].view(count, context), text[1:count * context + 1].view(count, context).long()
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    classes = sorted({row[-1] for row in rows})
    x = torch.tensor([[float(cell) for cell in row[:-1]] for row in rows])
    return x, torch.tensor([classes.index(row[-1]) for row in rows])


def step(model, optimizer, x, y):
    loss = torch.nn.functional.cross_entropy(model(x).flatten(0, -2), y.flatten())
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item()


parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("data", type=Path)
parser.add_argument("epochs", type=int)
parser.add_argument("batch_size", type=int)
parser.add_argument("threads", type=int)
parser.add_argument("learning_rate", type=float)
parser.add_argument("--standardize", action="store_true")
job = parser.parse_args()

torch.set_num_threads(job.threads)
torch.manual_seed(7)
x, y = read(job.data)
if job.standardize:
    x = (x - x.mean(0)) / x.std(0)
if "digits" in job.data.name:
    x = x.view(-1, 1, 8, 8)
model = torch.jit.load(job.program)
model.train()
optimizer = torch.optim.Adam(model.parameters(), lr=job.learning_rate)
for _ in range(3):
    # TorchScript measures, then compiles, before it runs what it compiled.
    step(model, optimizer, x[:job.batch_size], y[:job.batch_size])

start = time.perf_counter()
for _ in range(job.epochs):
    total = 0.0
    for rows in torch.randperm(len(x)).split(job.batch_size):
        total += step(model, optimizer, x[rows], y[rows]) * len(rows)
print(time.perf_counter() - start)
