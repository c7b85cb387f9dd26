#!/usr/bin/python3
"""A second writer of docs/spec/tiles.md's messages; writes messages.json next to itself."""
import json
import pathlib
import struct


def head(major, value):
    for info, code, limit in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32), (27, ">Q", 1 << 64)):
        if value < 24:
            return bytes([major << 5 | value])
        if value < limit:
            return bytes([major << 5 | info]) + struct.pack(code, value)
    raise ValueError(value)


def cbor(item):
    if isinstance(item, bool):
        return b"\xf5" if item else b"\xf4"
    if isinstance(item, int):
        return head(0, item) if item >= 0 else head(1, -1 - item)
    if isinstance(item, float):
        for code, first in ((">e", b"\xf9"), (">f", b"\xfa"), (">d", b"\xfb")):
            if struct.unpack(code, struct.pack(code, item))[0] == item:
                return first + struct.pack(code, item)
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    if isinstance(item, list):
        return head(4, len(item)) + b"".join(map(cbor, item))
    pairs = sorted((cbor(key), cbor(value)) for key, value in item.items())
    return head(5, len(pairs)) + b"".join(key + value for key, value in pairs)


def message(kind, body=b""):
    return (struct.pack("<IB", 1 + len(body), kind) + body).hex()


PLAN = {
    "loss": "cross_entropy",
    "optimizer": {"name": "sgd", "learning_rate": 0.5, "weight_decay": 0.0, "momentum": 0.0},
    "schedule": {"name": "constant"},
    "batch_size": 4, "epochs": 1, "seed": 1, "threads": 1, "standardize": False,
    "interleaving": {"name": "concatenate"},
}
SCHEMA = {"type": "f32", "shape": [2], "label": {"kind": "classes", "type": "u8", "count": 2}}
STREAMS = [
    {"id": "north", "role": "train", "schema": SCHEMA, "frame_size": 900, "records": 250},
    {"id": "held-out", "role": "evaluate", "schema": SCHEMA, "frame_size": 900, "records": 10},
]
MESSAGES = {
    "configure": message(0x01, cbor({"plan": PLAN, "streams": STREAMS, "program_size": 123456, "memory": 1 << 30, "checkpoint_every": 2, "first_epoch": 4})),
    "program": message(0x02, b"PK\x03\x04"),
    "start": message(0x03),
    "frame": message(0x04, struct.pack("<iq", 1, 2) + b"\xaa\xbb\xcc"),
    "cancel": message(0x05),
    "state": message(0x06, bytes([0, 7, 8])),
    "finish": message(0x07),
    "probe": message(0x08, cbor({
        "files": ["/usr"], "secrets": ["/srv/device/uds"], "environment": ["HOME"],
        "namespaces": ["net:[4026531833]"], "port": 4711, "socket": "bait"})),
    "ready": message(0x81),
    "need_frame": message(0x82, struct.pack("<iq", 1, 2)),
    "progress": message(0x83, cbor({"epoch": 3, "step": 300, "metrics": {"accuracy": 0.5, "train_loss": 0.25}})),
    "output": message(0x84, bytes([3, 1, 1, 2, 3])),
    "failed": message(0x85, cbor({
        "code": "train-diverged", "class": 9, "message": "The loss is not finite.", "remedy": "Lower the learning rate."})),
    "done": message(0x86, cbor({"epochs": 3, "steps": 300, "training_us": 1500000, "waiting_us": 250})),
    "checkpoint": message(0x87, bytes([1, 9])),
    "probed": message(0x88, cbor({"findings": ["files: /etc/passwd is there"]})),
}

if __name__ == "__main__":
    pathlib.Path(__file__).with_name("messages.json").write_text(json.dumps(MESSAGES, indent=1) + "\n")
