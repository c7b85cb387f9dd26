#!/usr/bin/python3
"""A second implementation of docs/spec/records.md, "Order of records"; writes vectors.json next to itself."""
import hashlib
import json
import pathlib
import struct
from fractions import Fraction

MASK = (1 << 64) - 1


def rotate(x, k):
    return ((x << k) | (x >> (64 - k))) & MASK


class Random:
    def __init__(self, seed, epoch):
        digest = hashlib.sha256(b"orchestrator/interleaving/v1" + struct.pack("<QQ", seed, epoch)).digest()
        self.s = list(struct.unpack("<4Q", digest))

    def next(self):
        s = self.s
        result = (rotate(s[1] * 5 & MASK, 7) * 9) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = rotate(s[3], 45)
        return result

    def below(self, bound):
        while True:
            product = self.next() * bound
            # Accept if the low word is not among the first 2^64 mod bound.
            if (product & MASK) >= (1 << 64) % bound:
                return product >> 64

    def shuffle(self, items):
        for last in range(len(items) - 1, 0, -1):
            chosen = self.below(last + 1)
            items[last], items[chosen] = items[chosen], items[last]


def frames_of(streams):
    return [(s, f) for s, (records, per_frame) in enumerate(streams) for f in range(-(-records // per_frame))]


def records(rule, window, streams, seed, epoch):
    everything = [(s, r) for s, (n, _) in enumerate(streams) for r in range(n)]
    if rule == "concatenate":
        return everything
    if rule == "round_robin":
        return sorted(everything, key=lambda place: (place[1], place[0]))
    if rule == "proportional":
        return sorted(everything, key=lambda place: (Fraction(2 * place[1] + 1, 2 * streams[place[0]][0]), place[0]))
    random = Random(seed, epoch)
    frames = frames_of(streams)
    random.shuffle(frames)
    order = []
    for s, f in frames:
        n, per_frame = streams[s]
        order += [(s, r) for r in range(f * per_frame, min(n, (f + 1) * per_frame))]
    result = []
    for start in range(0, len(order), window):
        block = order[start:start + window]
        random.shuffle(block)
        result += block
    return result


def frames(order, streams):
    seen = []
    for s, r in order:
        place = (s, r // streams[s][1])
        if place not in seen:
            seen.append(place)
    return seen


SHAPES = [
    [(5, 2)],
    [(7, 3), (2, 3), (4, 1)],
    [(0, 4), (6, 4)],
    [(10, 4), (25, 8), (3, 2)],
]


def case(rule, window, streams, seed, epoch):
    order = records(rule, window, streams, seed, epoch)
    return {
        "interleaving": rule, "window": window, "seed": seed, "epoch": epoch,
        "streams": [{"records": n, "records_per_frame": p} for n, p in streams],
        "records": [list(place) for place in order],
        "frames": [list(place) for place in frames(order, streams)],
    }


def accumulated():
    """SHA-256 over the orders of many random schedules, each place as (stream u32 LE, record u64 LE)."""
    random = Random(1, 0)
    digest = hashlib.sha256()
    for number in range(200):
        streams = [(random.below(60), 1 + random.below(9)) for _ in range(1 + random.below(5))]
        window = 1 + random.below(40)
        for rule in ("concatenate", "round_robin", "proportional", "shuffle"):
            for place in records(rule, window, streams, number, number % 7):
                digest.update(struct.pack("<IQ", *place))
    return digest.hexdigest()


def main():
    generator = Random(42, 3)
    vectors = {
        "random": [
            {"seed": seed, "epoch": epoch, "state": [f"{word:016x}" for word in Random(seed, epoch).s],
             "words": [f"{generator.next():016x}" for _ in range(8)]}
            for seed, epoch, generator in ((s, e, Random(s, e)) for s, e in ((0, 0), (42, 3), (2**63 - 1, 999999)))
        ],
        "below": {"seed": 42, "epoch": 3, "bounds": [1, 2, 3, 10, 1000, 2**31 - 1] * 3,
                  "values": [generator.below(bound) for bound in [1, 2, 3, 10, 1000, 2**31 - 1] * 3]},
        "orders": [case(rule, 1, streams, 7, 0) for streams in SHAPES for rule in ("concatenate", "round_robin", "proportional")]
        + [case("shuffle", window, streams, 7, epoch) for streams in SHAPES for window in (1, 4, 64) for epoch in (0, 1)],
        "accumulated": {"schedules": 200, "sha256": accumulated()},
    }
    path = pathlib.Path(__file__).with_name("vectors.json")
    path.write_text(json.dumps(vectors, indent=None, separators=(",", ":")).replace('},{"interleaving', '},\n{"interleaving') + "\n")


if __name__ == "__main__":
    main()
