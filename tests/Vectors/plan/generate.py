#!/usr/bin/python3
"""A second writer of docs/spec/plan.md's and records.md's objects; writes vectors.json next to itself."""
import importlib.util
import json
import pathlib

HERE = pathlib.Path(__file__).parent
spec = importlib.util.spec_from_file_location("tiles", HERE.parent / "tiles" / "generate.py")
tiles = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tiles)

SMALL = {"loss": "cross_entropy", "optimizer": {"name": "sgd", "learning_rate": 0.5}, "batch_size": 4, "epochs": 1, "seed": 1,
         "threads": 1, "interleaving": {"name": "concatenate"}}
LARGE = {"loss": "mean_squared_error",
         "optimizer": {"name": "adamw", "learning_rate": 0.001, "weight_decay": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
         "schedule": {"name": "warm_up", "steps": 100, "then": {"name": "cosine", "minimum": 0.125}},
         "gradient_clip_norm": 1.0, "batch_size": 64, "epochs": 1000000, "seed": 2**63 - 1, "threads": 1024,
         "early_stopping": {"patience": 3, "min_delta": 0.0001}, "standardize": True,
         "interleaving": {"name": "shuffle", "window": 1048576}}
SCHEMAS = [
    tiles.SCHEMA,
    {"type": "f32", "shape": [2], "columns": ["age", "mass"], "label": {"kind": "classes", "type": "i64", "count": 2},
     "label_columns": ["outcome"], "class_names": ["well", "ill"]},
    {"type": "u8", "shape": [3, 32, 32], "label": {"kind": "regression", "count": 4}},
    {"type": "i64", "shape": [64], "label": {"kind": "per_position", "type": "i64", "count": 50257}},
]

if __name__ == "__main__":
    vectors = {
        "plans": [{"document": SMALL, "full": tiles.PLAN, "encoding": tiles.cbor(tiles.PLAN).hex()},
                  {"document": LARGE, "full": LARGE, "encoding": tiles.cbor(LARGE).hex()}],
        "schemas": [{"document": schema, "encoding": tiles.cbor(schema).hex()} for schema in SCHEMAS],
    }
    (HERE / "vectors.json").write_text(json.dumps(vectors, indent=1) + "\n")
