#!/usr/bin/python3
"""Makes the files of this folder from the data files of Debian's python3-sklearn; every run writes the same bytes.

Rows are put in order of their SHA-256, which is as good as random and needs no generator, and cut in that order.
"""
import csv
import gzip
import hashlib
import io
import pathlib

SOURCE = pathlib.Path("/usr/lib/python3/dist-packages/sklearn/datasets/data")
HERE = pathlib.Path(__file__).parent

MEASURES = ("radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points", "symmetry",
            "fractal_dimension")
WDBC_COLUMNS = [f"{kind}_{measure}" for kind in ("mean", "error", "worst") for measure in MEASURES] + ["diagnosis"]
DIAGNOSES = ("malignant", "benign")
HELD_OUT = 114
DIGITS_COLUMNS = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)] + ["digit"]


def mixed(rows):
    return sorted(rows, key=lambda row: hashlib.sha256(",".join(row).encode()).digest())


def write(name, header, rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    (HERE / name).write_text(text.getvalue())
    print(f"{name}: {len(rows)} records")


def wdbc():
    with open(SOURCE / "breast_cancer.csv", newline="") as file:
        rows = [row[:-1] + [DIAGNOSES[int(row[-1])]] for row in list(csv.reader(file))[1:]]
    write("wdbc.csv", WDBC_COLUMNS, rows)
    rows = mixed(rows)
    held_out, rest = rows[:HELD_OUT], rows[HELD_OUT:]
    write("holdout.csv", WDBC_COLUMNS, held_out)
    write("clinic-a.csv", WDBC_COLUMNS, rest[::2])
    write("clinic-b.csv", WDBC_COLUMNS, rest[1::2])


def digits():
    with gzip.open(SOURCE / "digits.csv.gz", "rt", newline="") as file:
        rows = [[str(int(float(cell))) for cell in row] for row in csv.reader(file)]
    rows = mixed(rows)
    write("digits-train.csv", DIGITS_COLUMNS, rows[360:])
    write("digits-holdout.csv", DIGITS_COLUMNS, rows[:360])


if __name__ == "__main__":
    wdbc()
    digits()
