"""Loads a delivered model into its program with numpy and PyTorch alone, and prints the outputs on some features as hexadecimal bytes.

Arguments: program, model, features, shape of one record's features."""
import json
import sys
from pathlib import Path

import numpy
import torch

TYPES = {"F32": "<f4", "I64": "<i8"}


def read_safetensors(path):
    content = Path(path).read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    for name, entry in json.loads(content[8:end]).items():
        first, last = entry["data_offsets"]
        flat = numpy.frombuffer(bytearray(content[end + first:end + last]), dtype=TYPES[entry["dtype"]])
        yield name, flat.reshape(entry["shape"])


program, model, features, shape = sys.argv[1:]
tensors = dict(read_safetensors(model))
x = numpy.fromfile(features, dtype="<f4").reshape(-1, *json.loads(shape))
mean, deviation = tensors.pop("standardization/mean", None), tensors.pop("standardization/deviation", None)
if mean is not None:
    x = (x - mean.reshape(x.shape[1:])) / deviation.reshape(x.shape[1:])
module = torch.jit.load(program)
module.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()}, strict=True)
module.eval()
with torch.no_grad():
    print(module(torch.from_numpy(x)).numpy().tobytes().hex())
