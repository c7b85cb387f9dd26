#!/usr/bin/python3
"""Exports models as PyTorch scripts and traces them: models.py FOLDER. Each becomes NAME.script.pt, NAME.trace.pt or both.

Widths are tiny. Nothing in a model is written for the verifier.
"""
import math
import pathlib
import sys
import warnings
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

warnings.filterwarnings("ignore")
torch.manual_seed(0)
MODELS = {}


def model(example, ways="script trace"):
    def add(kind):
        MODELS[kind.__name__] = (kind, example, ways.split())
        return kind
    return add


def floats(*shape):
    return lambda: torch.randn(*shape)


def indices(limit, *shape):
    return lambda: torch.randint(limit, shape)


@model(floats(3, 6))
class Mlp(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))


@model(floats(2, 1, 28, 28))
class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, 5, padding=2)
        self.conv2 = nn.Conv2d(2, 4, 5)
        self.fc1 = nn.Linear(4 * 25, 8)
        self.fc2 = nn.Linear(8, 4)

    def forward(self, x):
        x = F.max_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        x = F.dropout(F.relu(self.fc1(x)), p=0.2, training=self.training)
        return F.log_softmax(self.fc2(x), dim=1)


class BasicBlock(nn.Module):
    def __init__(self, inside, outside, stride=1, downsample: Optional[nn.Module] = None):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


@model(floats(2, 3, 32, 32))
class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.inplanes = 4
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 7, 2, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
        self.layer1 = self.layer(4, 1)
        self.layer2 = self.layer(4, 2)
        self.layer3 = self.layer(8, 2)
        self.layer4 = self.layer(8, 2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8, 5)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def layer(self, planes, stride):
        downsample = None
        if stride != 1 or self.inplanes != planes:
            downsample = nn.Sequential(nn.Conv2d(self.inplanes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))
        blocks = [BasicBlock(self.inplanes, planes, stride, downsample), BasicBlock(planes, planes)]
        self.inplanes = planes
        return nn.Sequential(*blocks)

    def forward(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(x)))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def recurrent(kind, **options):
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = kind(4, 5, num_layers=2, batch_first=True, **options)
            self.out = nn.Linear(5 * (2 if options.get("bidirectional") else 1), 2)

        def forward(self, x):
            y, _ = self.rnn(x)
            return self.out(y[:, -1])
    return Recurrent


for name, kind, options in (("Lstm", nn.LSTM, {}), ("LstmBidirectional", nn.LSTM, {"bidirectional": True, "dropout": 0.1}), ("Gru", nn.GRU, {}),
                            ("Rnn", nn.RNN, {}), ("RnnRelu", nn.RNN, {"nonlinearity": "relu"})):
    MODELS[name] = (recurrent(kind, **options), floats(3, 6, 4), ["script", "trace"])


@model(floats(3, 6, 4))
class Cells(nn.Module):
    """Cells in a loop over time."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRUCell(4, 5)
        self.lstm = nn.LSTMCell(5, 5)
        self.rnn = nn.RNNCell(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        g = torch.zeros(x.size(0), 5)
        h = torch.zeros(x.size(0), 5)
        c = torch.zeros(x.size(0), 5)
        o = torch.zeros(x.size(0), 2)
        for t in range(x.size(1)):
            g = self.gru(x[:, t], g)
            h, c = self.lstm(g, (h, c))
            o = self.rnn(h, o)
        return o


@model(indices(16, 3, 5), "script")
class Packed(nn.Module):
    """Sequences of several lengths."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(16, 4, padding_idx=0)
        self.rnn = nn.LSTM(4, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        lengths = (x != 0).sum(1).clamp(min=1)
        packed = nn.utils.rnn.pack_padded_sequence(self.embedding(x), lengths.cpu(), batch_first=True, enforce_sorted=False)
        out, (h, c) = self.rnn(packed)
        padded, _ = nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
        return padded.sum(1) + h[-1]


@model(floats(2, 6, 8))
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        return self.out(self.encoder(x).mean(1))


@model(floats(2, 6, 8))
class EncoderNormFirst(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, norm=nn.LayerNorm(8))
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(2))

    def forward(self, x):
        return self.encoder(x, self.mask).mean(0)


@model(floats(2, 6, 8))
class EncoderDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.transformer = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)

    def forward(self, x):
        return self.transformer(x, x).mean(1)


@model(floats(2, 6, 8))
class SelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)[0]


@model(floats(2, 6, 8))
class CrossAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, kdim=4, vdim=4, add_bias_kv=True, add_zero_attn=True, batch_first=True)
        self.keys = nn.Linear(8, 4)

    def forward(self, x):
        k = self.keys(x)
        return self.attention(x, k, k, need_weights=False)[0]


@model(indices(128, 2, 5))
class Gpt(nn.Module):
    """A decoder with learned positions and a causal mask."""

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.LayerNorm(8)
            self.qkv = nn.Linear(8, 24)
            self.register_buffer("bias", torch.tril(torch.ones(8, 8)).view(1, 1, 8, 8))
            self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8), nn.Dropout(0.1))

        def forward(self, x):
            b, t, c = x.size()
            q, k, v = self.qkv(self.norm(x)).split(8, dim=2)
            q = q.view(b, t, 2, c // 2).transpose(1, 2)
            k = k.view(b, t, 2, c // 2).transpose(1, 2)
            v = v.view(b, t, 2, c // 2).transpose(1, 2)
            a = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
            a = a.masked_fill(self.bias[:, :, :t, :t] == 0, float("-inf"))
            y = (F.softmax(a, dim=-1) @ v).transpose(1, 2).contiguous().view(b, t, c)
            return x + self.mlp(y)

    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(128, 8)
        self.positions = nn.Parameter(torch.zeros(1, 8, 8))
        self.blocks = nn.ModuleList([Gpt.Block() for _ in range(2)])
        self.head = nn.Linear(8, 128, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, x):
        x = self.tokens(x) + self.positions[:, :x.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(x)


@model(floats(2, 3, 16, 16))
class VisionTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.positions = nn.Parameter(torch.randn(1, 17, 8))
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, activation=F.gelu, batch_first=True, norm_first=True), 1)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.positions
        return self.head(self.encoder(x)[:, 0])


@model(indices(8, 3, 4))
class BagOfWords(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(8, 4, mode="sum")
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        return self.out(self.bag(x))


@model(indices(8, 3, 4), "script")
class BagWithOffsets(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(8, 4, mode="max", max_norm=1.0)

    def forward(self, x):
        return self.bag(x.flatten(), torch.arange(0, x.numel(), x.shape[1]))


@model(floats(2, 3, 16, 16))
class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.SiLU())
        self.pool = nn.MaxPool2d(2)
        self.middle = nn.Sequential(nn.Conv2d(4, 8, 3, padding=1, padding_mode="circular"), nn.InstanceNorm2d(8, affine=True, track_running_stats=True), nn.LeakyReLU(0.1))
        self.up = nn.ConvTranspose2d(8, 4, 2, 2)
        self.upsample = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.reduce = nn.Conv2d(8, 4, 1)
        self.last = nn.Conv2d(8, 2, 3, padding="same")

    def forward(self, x):
        a = self.down(x)
        b = self.middle(self.pool(a))
        c = self.up(b) + self.reduce(self.upsample(b))
        if c.shape != a.shape:
            c = F.interpolate(c, size=a.shape[2:], mode="nearest")
        return self.last(torch.cat([a, c], 1))


@model(floats(2, 4, 8, 8))
class MobileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.expand = nn.Sequential(nn.Conv2d(4, 8, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(inplace=True))
        self.depthwise = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), nn.BatchNorm2d(8), nn.Hardswish(inplace=True))
        self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 2, 1), nn.ReLU(), nn.Conv2d(2, 8, 1), nn.Hardsigmoid())
        self.project = nn.Conv2d(8, 4, 1)

    def forward(self, x):
        y = self.depthwise(self.expand(x))
        return (x + self.project(y * self.squeeze(y))).mean([2, 3])


@model(floats(2, 6))
class AutoEncoder(nn.Module):
    """Variational: draws from the generator."""

    def __init__(self):
        super().__init__()
        self.encode = nn.Linear(6, 4)
        self.decode = nn.Linear(2, 6)

    def forward(self, x):
        mean, log_variance = self.encode(x).chunk(2, dim=1)
        noise = torch.randn_like(mean)
        return torch.sigmoid(self.decode(mean + noise * torch.exp(0.5 * log_variance)))


def layer(name, make, example, ways="script trace"):
    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = make()
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, x):
            return self.layer(x) * self.scale
    MODELS[name] = (Layer, example, ways.split())


for name in ("CELU ELU GELU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish PReLU ReLU ReLU6 RReLU SELU SiLU Sigmoid Softplus "
             "Softshrink Softsign Tanh Tanhshrink Identity Dropout AlphaDropout FeatureAlphaDropout Softmin Softmax LogSoftmax").split():
    layer(name, lambda name=name: getattr(nn, name)(), floats(2, 4))
layer("GELUTanh", lambda: nn.GELU("tanh"), floats(2, 4))
layer("SoftmaxDim", lambda: nn.Softmax(-1), floats(2, 4))
layer("Threshold", lambda: nn.Threshold(0.1, 2.0), floats(2, 4))
layer("GLU", lambda: nn.GLU(), floats(2, 4))
layer("BatchNorm1d", lambda: nn.BatchNorm1d(4), floats(2, 4))
layer("BatchNorm1dPlain", lambda: nn.BatchNorm1d(4, affine=False, track_running_stats=False), floats(2, 4))
layer("BatchNormCumulative", lambda: nn.BatchNorm1d(4, momentum=None), floats(2, 4))
layer("LayerNorm", lambda: nn.LayerNorm(4), floats(2, 4))
layer("LayerNormPlain", lambda: nn.LayerNorm(4, elementwise_affine=False), floats(2, 4))
layer("Linear", lambda: nn.Linear(4, 4, bias=False), floats(2, 4))
layer("Flatten", lambda: nn.Flatten(), floats(2, 4, 3))
layer("Unflatten", lambda: nn.Unflatten(1, (2, 2)), floats(2, 4))
layer("WeightNorm", lambda: nn.utils.weight_norm(nn.Linear(4, 4)), floats(2, 4), "trace")
layer("SpectralNorm", lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4)).eval(), floats(2, 4), "trace")
for n, shape in ((1, (2, 4, 12)), (2, (2, 4, 12, 12)), (3, (2, 4, 12, 12, 12))):
    for name, options in (("Conv", (4, 2, 3)), ("ConvTranspose", (4, 2, 3)), ("MaxPool", (2,)), ("AvgPool", (2,)), ("AdaptiveAvgPool", (2,)),
                          ("AdaptiveMaxPool", (2,)), ("BatchNorm", (4,)), ("InstanceNorm", (4,)), ("Dropout", (0.1,)), ("ReflectionPad", (1,)),
                          ("ReplicationPad", (1,)), ("ConstantPad", (1, 0.5)), ("LPPool", (2, 2))):
        if not (name == "Dropout" and n == 1) and hasattr(nn, f"{name}{n}d"):
            layer(f"{name}{n}dLayer", lambda n=n, name=name, options=options: getattr(nn, f"{name}{n}d")(*options), floats(*shape))
    layer(f"Circular{n}d", lambda n=n: getattr(nn, f"Conv{n}d")(4, 2, 3, padding=1, padding_mode="circular"), floats(*shape))
    layer(f"Grouped{n}d", lambda n=n: getattr(nn, f"Conv{n}d")(4, 4, 3, padding=2, dilation=2, groups=2, padding_mode="reflect" if n < 3 else "zeros"), floats(*shape))
layer("ConvTransposeOutputSize", lambda: nn.ConvTranspose2d(4, 2, 3, stride=2, output_padding=1), floats(2, 4, 8, 8))
layer("ZeroPad2d", lambda: nn.ZeroPad2d(1), floats(2, 4, 8, 8))
layer("GroupNorm", lambda: nn.GroupNorm(2, 4), floats(2, 4, 8, 8))
layer("LocalResponseNorm", lambda: nn.LocalResponseNorm(2), floats(2, 4, 8, 8))
layer("CrossMapLRN", lambda: nn.LocalResponseNorm(3, alpha=1e-3), floats(2, 4, 8))
layer("PixelShuffle", lambda: nn.PixelShuffle(2), floats(2, 4, 8, 8))
layer("PixelUnshuffle", lambda: nn.PixelUnshuffle(2), floats(2, 4, 8, 8))
layer("ChannelShuffle", lambda: nn.ChannelShuffle(2), floats(2, 4, 8, 8))
layer("Fold", lambda: nn.Fold((4, 4), (2, 2)), floats(2, 8, 9))
layer("Unfold", lambda: nn.Unfold((2, 2)), floats(2, 2, 4, 4))
layer("Softmax2d", lambda: nn.Softmax2d(), floats(2, 4, 8, 8))
layer("Embedding", lambda: nn.Embedding(8, 4), indices(8, 2, 3))
layer("EmbeddingNormed", lambda: nn.Embedding(8, 4, padding_idx=1, max_norm=1.0, scale_grad_by_freq=True), indices(8, 2, 3))
for mode in ("nearest", "nearest-exact", "bilinear", "bicubic"):
    layer("Upsample" + mode.title().replace("-", ""), lambda mode=mode: nn.Upsample(scale_factor=2.0, mode=mode), floats(1, 2, 4, 4))
layer("UpsampleLinear", lambda: nn.Upsample(size=8, mode="linear", align_corners=True), floats(1, 2, 4))
layer("UpsampleTrilinear", lambda: nn.Upsample(size=(8, 8, 8), mode="trilinear"), floats(1, 2, 4, 4, 4))
layer("UpsamplingNearest2d", lambda: nn.UpsamplingNearest2d(scale_factor=2), floats(1, 2, 4, 4))


@model(floats(2, 4))
class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.bilinear = nn.Bilinear(4, 4, 3)
        self.cosine = nn.CosineSimilarity(dim=1)
        self.distance = nn.PairwiseDistance()

    def forward(self, x):
        y = x.flip(1)
        return self.bilinear(x, y) + self.cosine(x, y)[:, None] + self.distance(x, y)[:, None]


@model(floats(2, 4, 8, 8))
class Unpooling(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.MaxPool2d(2, return_indices=True)
        self.unpool = nn.MaxUnpool2d(2)

    def forward(self, x):
        y, i = self.pool(x)
        return self.unpool(y, i)


@model(floats(2, 1, 8, 8))
class SpatialTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.theta = nn.Linear(64, 6)

    def forward(self, x):
        grid = F.affine_grid(self.theta(x.flatten(1)).view(-1, 2, 3), x.shape, align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)


class Point(NamedTuple):
    value: Tensor
    times: int


@torch.jit.script
class Counter:
    def __init__(self, start: int):
        self.count = start

    def step(self, by: int) -> int:
        self.count += by
        return self.count


def scaled(x: Tensor, times: int) -> Tensor:
    for _ in range(times):
        x = x * 1.5
    return x


@model(floats(4, 4), "script")
class Language(nn.Module):
    """Much of what the language offers."""
    extra: Optional[Tensor]
    table: Dict[str, int]

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.named = nn.ModuleDict({"with-dash": nn.Linear(4, 4), "relu": nn.ReLU()})
        self.parameters_ = nn.ParameterList([nn.Parameter(torch.ones(4))])
        self.extra = None
        self.steps = 3
        self.sizes = [1, 2, 3]
        self.table = {"a": 1, "b": 2}
        self.pairs = [(1, 2.0), (3, 4.0)]
        self.register_buffer("turns", torch.zeros((), dtype=torch.long))

    def point(self, x: Tensor, times: int) -> Point:
        return Point(x, times)

    def early(self, x: Tensor) -> Tensor:
        for i in range(3):
            if x.sum() > i:
                return x * i
        if x.dim() == 2:
            return x + 1
        raise ValueError(f"two dimensions, not {x.dim()}")

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        for name, part in self.named.items():
            x = part(x)
        for i, layer in enumerate(self.layers):
            x = x + layer(x) * i
        self.turns += 1
        for i in range(self.steps):
            if x.sum() > 3:
                break
            x = x * i
        for i in range(x.shape[1]):
            if i == 2:
                continue
            x = x + x[:, i:i + 1]
        outs: List[Tensor] = []
        for row in x.unbind(0):
            outs.append(row)
        i = 0
        while i < 3:
            i += 1
            if i == 2:
                continue
            x = x + 1
        extra = self.extra
        if extra is not None:
            x = x + extra
        p = self.point(x, 2)
        x = scaled(p.value, 2)
        x[:, 0] = 1.0
        x[0, 1:] += 2
        assert x.shape[1] == 4, "four columns"
        parts = {"a": x, "b": x * 2}
        for key in parts:
            x = x + parts[key] * self.table[key]
        doubled = [row * 2 for row in outs]
        with torch.no_grad():
            mean = x.mean()
        x = x if bool(mean > 0) else -x
        best, where = torch.stack(doubled).max(dim=1)
        counter = Counter(1)
        counter.step(2)
        for a, b in self.pairs:
            x = x + a * b
        for size, y in zip(self.sizes, doubled):
            x = x + size * y
        x = self.early(x) + best + where.to(torch.float32) + counter.count
        return x.clamp(min=-10.0, max=10.0).to(x.dtype) + torch.zeros(4, 4, dtype=x.dtype, device=x.device)


@model(floats(2, 3, 4))
class Shapes(nn.Module):
    """What data handling in forward often uses."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))

    def forward(self, x):
        y = torch.einsum("btc,c->btc", x, self.weight)
        y = F.normalize(y, dim=-1)
        y = torch.where(y > 0, y, torch.zeros_like(y))
        y = y.permute(0, 2, 1).reshape(y.size(0), -1)
        top, index = y.topk(3, dim=1)
        y = y.scatter(1, index, top * 2).cumsum(1)
        one = F.one_hot(index[:, 0], 12).to(y.dtype)
        z = torch.cat([y, one], 1).roll(1, 1).sort(1)[0]
        s = torch.fft.rfft(z, dim=1).abs()
        return F.pad(s, (1, 1)).unsqueeze(1).expand(-1, 2, -1).mean(1) + torch.linspace(0, 1, 15)


@model(floats(2, 3))
class Constants(nn.Module):
    """A traced model keeps tensors of forward as constants."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x):
        return self.linear(x) * torch.tensor([1.0, 2.0, 3.0]) + torch.arange(3)


@model(floats(2, 8), "script")
class Interfaces(nn.Module):
    """Modules chosen by a number."""

    def __init__(self):
        super().__init__()
        self.experts = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 8)])
        self.gate = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        weights = F.softmax(self.gate(x), dim=1)
        out = torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            out = out + weights[:, i].unsqueeze(1) * expert(x)
        return out


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, (kind, example, ways) in MODELS.items():
        for way in ways:
            made = kind()
            x = example()
            try:
                made(x)
                program = torch.jit.script(made) if way == "script" else torch.jit.trace(made, x, check_trace=False)
                program.save(str(folder / f"{name}.{way}.pt"))
            except Exception as error:  # a model that PyTorch itself cannot save is no case
                print(f"{name}.{way}: {type(error).__name__}: {str(error).strip().splitlines()[-1][:160]}")


if __name__ == "__main__":
    main()
