#!/usr/bin/python3
"""Prints the name of every operator in the namespaces aten and prim, as the table of operators spells them."""
import torch

names = {schema.name for schema in torch._C._jit_get_all_schemas()}
for name in sorted(names):
    namespace, own = name.split("::")
    if namespace == "aten":
        print(own)
    elif namespace == "prim":
        print(f"prim.{own}")
