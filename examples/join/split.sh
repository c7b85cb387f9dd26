#!/usr/bin/env bash
# Gives two clinics different columns of the same patients: numbers every record of the training tables, and puts the first ten features
# into west.csv and the rest with the diagnosis into east.csv, in another order; each has a patient whom the other does not know.
# usage: split.sh DATASETS FOLDER
set -euo pipefail
datasets=$1
folder=$2
all=$(mktemp)
trap 'rm -f "$all"' EXIT
{
    head -n 1 "$datasets/clinic-a.csv" | sed 's/^/patient,/'
    { tail -n +2 "$datasets/clinic-a.csv"; tail -n +2 "$datasets/clinic-b.csv"; } | awk '{ printf "P%05d,%s\n", (NR * 7919) % 100003, $0 }'
} >"$all"
cut -d, -f1-11 "$all" >"$folder/west.csv"
{
    head -n 1 "$all" | cut -d, -f1,12-
    tail -n +2 "$all" | sort -r | cut -d, -f1,12-
} >"$folder/east.csv"
sed -n '2s/^[^,]*/P99998/p' "$folder/west.csv" >>"$folder/west.csv"
sed -n '2s/^[^,]*/P99999/p' "$folder/east.csv" >>"$folder/east.csv"
