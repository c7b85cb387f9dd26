#!/usr/bin/python3
"""Loads a safetensors file by its published format alone, with every rule asserted, and prints its arrays."""
import json
import pathlib
import struct
import sys

import numpy

DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?"}


def load(path):
    data = pathlib.Path(path).read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size])
    assert data[8:9] == b"{" and size % 8 == 0
    metadata = header.pop("__metadata__", {})
    assert all(isinstance(text, str) for pair in metadata.items() for text in pair)
    assert list(header) == sorted(header)
    buffer = data[8 + size:]
    end = 0
    for name, entry in header.items():
        assert set(entry) == {"dtype", "shape", "data_offsets"}
        begin, stop = entry["data_offsets"]
        assert begin == end
        end = stop
        yield name, numpy.frombuffer(buffer[begin:stop], dtype=DTYPES[entry["dtype"]]).reshape(entry["shape"])
    assert end == len(buffer)


if __name__ == "__main__":
    for name, array in load(sys.argv[1]):
        print(name, array.dtype, array.shape, array.tolist())
