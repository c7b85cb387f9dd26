#!/usr/bin/python3
"""Loads archives with libtorch: load.py FOLDER NAME.... For each prints how it went; a crash ends the process.

With NAME.verified.pt beside NAME.pt, both are loaded, and must list the same tensors and the same code apart from warnings.
"""
import pathlib
import sys

import torch


def tensors(program):
    return [(name, tuple(tensor.shape)) for name, tensor in [*program.named_parameters(), *program.named_buffers()]]


def main():
    folder = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:]:
        verified = folder / f"{name}.verified.pt"
        try:
            program = torch.jit.load(str(verified))
        except Exception as error:
            print(f"{name} refused {type(error).__name__}", flush=True)
            continue
        if (folder / f"{name}.pt").exists():
            original = torch.jit.load(str(folder / f"{name}.pt"))
            assert tensors(original) == tensors(program), name
            assert all(torch.equal(a, b) for a, b in zip(original.state_dict().values(), program.state_dict().values())), name
        print(f"{name} loaded", flush=True)


if __name__ == "__main__":
    main()
