#!/usr/bin/python3
"""Writes the TorchScript archives of this folder from their PyTorch source: make_programs.py [FOLDER].

Seeds make the starting parameters, and so the archives, the same in every run with one PyTorch version. Sources are compiled
under their bare names, because an archive records the path of its source, and without hash randomisation, because it records
sets in their order.
"""
import io
import os
import pathlib
import sys
import types

import torch

SEEDS = {"wdbc_mlp": 1, "digits_cnn": 2, "char_gpt": 3}


def load(name):
    module = types.ModuleType(name)
    module.__file__ = f"{name}.py"
    sys.modules[name] = module
    exec(compile(pathlib.Path(module.__file__).read_text(), module.__file__, "exec"), module.__dict__)
    return module


def archive(name, seed):
    torch.manual_seed(seed)
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(load(name).make()), buffer)
    return buffer.getvalue()


def main():
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(__file__)).resolve()
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    for name, seed in SEEDS.items():
        content = archive(name, seed)
        (folder / f"{name}.pt").write_bytes(content)
        print(f"{name}.pt: {len(content)} bytes")


if __name__ == "__main__":
    main()
