"""A small decoder-only transformer that predicts the next character of ASCII text."""
import math

import torch
from torch import nn

VOCABULARY = 128
CONTEXT = 64
WIDTH = 64
HEADS = 4
LAYERS = 2


class Attention(nn.Module):
    """Causal self-attention with several heads."""

    def __init__(self):
        super().__init__()
        self.heads = HEADS
        self.scale = 1.0 / math.sqrt(WIDTH // HEADS)
        self.projection_in = nn.Linear(WIDTH, 3 * WIDTH)
        self.projection_out = nn.Linear(WIDTH, WIDTH)
        self.register_buffer("future", torch.triu(torch.ones(CONTEXT, CONTEXT, dtype=torch.bool), diagonal=1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        split = self.projection_in(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = split[0], split[1], split[2]
        weights = torch.matmul(query, key.transpose(-2, -1)) * self.scale
        weights = weights.masked_fill(self.future[:length, :length], float("-inf"))
        mixed = torch.matmul(torch.softmax(weights, dim=-1), value)
        return self.projection_out(mixed.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    """Attention and a feed-forward part, each around a residual path."""

    def __init__(self):
        super().__init__()
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.attention = Attention()
        self.forward_norm = nn.LayerNorm(WIDTH)
        self.expand = nn.Linear(WIDTH, 4 * WIDTH)
        self.contract = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention(self.attention_norm(x))
        return x + self.contract(torch.nn.functional.gelu(self.expand(self.forward_norm(x))))


class CharGpt(nn.Module):
    """Characters [N, T] u8 below 128, T at most 64, to logits [N, T, 128] of each next character."""

    def __init__(self):
        super().__init__()
        self.character = nn.Embedding(VOCABULARY, WIDTH)
        self.position = nn.Embedding(CONTEXT, WIDTH)
        self.register_buffer("places", torch.arange(CONTEXT))
        self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
        self.norm = nn.LayerNorm(WIDTH)
        self.output = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.character(x.long()) + self.position(self.places[:x.shape[1]])
        return self.output(self.norm(self.blocks(hidden)))


def make() -> nn.Module:
    return CharGpt()
