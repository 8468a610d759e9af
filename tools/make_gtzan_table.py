"""Make ``sklearn_mgc/datasets/tables/gtzan.csv`` from the public lists about GTZAN.

    python tools/make_gtzan_table.py SPLITS

SPLITS is a folder with two folders of lists:

* ``sturm``: https://github.com/boblsturm/GTZAN - ``index.txt`` (artist and title of each clip)
  and the fault-filtered lists ``train_filtered.txt``, ``valid_filtered.txt``,
  ``test_filtered.txt``;
* ``foleiss``: https://github.com/julianofoleiss/gtzan_sturm_filter_3folds_stratified -
  ``f1_test.txt``, ``f2_test.txt``, ``f3_test.txt``.

The table holds integers and words of our own: no artist's name and no title.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

PARTS = ("train", "valid", "test")

# Exact replicas: B. L. Sturm, "The GTZAN dataset: Its contents, its faults, their effects on
# evaluation, and its future use", arXiv:1306.1461, 2013. 50 clips repeat an earlier one; the
# first of each group is the one to keep.
REPLICAS = {
    "disco": ((50, 51, 70), (55, 60, 89), (71, 74), (98, 99)),
    "hiphop": ((39, 45), (76, 78)),
    "jazz": (
        (33, 51), (34, 53), (35, 55), (36, 58), (37, 60), (38, 62), (39, 65), (40, 67), (42, 68),
        (43, 69), (44, 70), (45, 71), (46, 72),
    ),
    "metal": ((4, 13), (34, 94), (40, 61), (41, 62), (42, 63), (43, 64), (44, 65), (45, 66)),
    "pop": (
        (15, 22), (30, 31), (45, 46), (47, 80), (52, 57), (54, 60), (56, 59), (67, 71), (87, 90),
    ),
    "reggae": (
        (3, 54), (5, 56), (8, 57), (10, 60), (13, 58), (41, 69), (73, 74), (80, 81, 82),
        (75, 91, 92),
    ),
}  # fmt: skip
ACROSS_GENRES = ("rock.00016", "metal.00058")  # one recording under two labels: rock is right

# Left out of both filtered lists without being a repetition; Foleiss and Tavares say that they
# left out "all unrecognizably distorted songs".
DISTORTED = ("pop.00037", "reggae.00086")
# No RIFF header in the common copy.
UNREADABLE = ("jazz.00054",)


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("splits", type=Path, help="folder with sturm/ and foleiss/")
    default = Path(__file__).parents[1] / "sklearn_mgc" / "datasets" / "tables" / "gtzan.csv"
    parser.add_argument("--output", type=Path, default=default)
    args = parser.parse_args()

    artists, songs = read_index(args.splits / "sturm" / "index.txt")
    filtered = {
        clip: part
        for part in PARTS
        for clip in clips(args.splits / "sturm" / f"{part}_filtered.txt")
    }
    foleiss = {
        clip: fold
        for fold in (1, 2, 3)
        for clip in clips(args.splits / "foleiss" / f"f{fold}_test.txt")
    }
    faults = {
        ACROSS_GENRES[1]: "mislabelled",
        **dict.fromkeys(DISTORTED, "distorted"),
        **dict.fromkeys(UNREADABLE, "unreadable"),
    }
    replicas = {clip: i for i, group in enumerate(replica_groups()) for clip in group}
    folds = repair(foleiss, artists)
    assert len(artists) == 1000 and len(filtered) == 930 and len(foleiss) == 948

    args.output.parent.mkdir(exist_ok=True)
    with args.output.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(
            ["id", "artist", "song", "replica", "fault", "fault_filtered", "artist_filtered",
             "foleiss"]
        )  # fmt: skip
        for clip in sorted(artists):
            table.writerow(
                [clip, artists[clip], songs.get(clip, ""), replicas.get(clip, ""),
                 faults.get(clip, ""), filtered.get(clip, ""), folds.get(clip, ""),
                 foleiss.get(clip, "")]
            )  # fmt: skip
    moved = sum(folds[clip] != foleiss[clip] for clip in foleiss)
    print(f"{len(artists)} clips -> {args.output}; {moved} clips moved to keep artists together")


def clips(path: Path) -> list[str]:
    """Ids in a list of files: ``./blues_00012.wav`` is ``blues.00012``."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Path(line.split("\t")[0]).stem.replace("_", ".") for line in lines if line.strip()]


def read_index(path: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Artist of each clip, and the song of those that share one, as integers.

    Artists are numbered as they appear; each clip of an unknown artist gets a number of its
    own after those.
    """
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            file, artist, title = (word.strip() for word in line.split(":::"))
            rows.append((Path(file).stem, artist, title))
    numbers = {name: i for i, name in enumerate(dict.fromkeys(a for _, a, _ in rows if a))}
    artists = {}
    unknown = len(numbers)
    for clip, artist, _ in rows:
        artists[clip] = numbers[artist] if artist else unknown
        unknown += not artist
    counts = Counter((artist, title) for _, artist, title in rows if artist)
    shared = {song: i for i, song in enumerate(song for song, n in counts.items() if n > 1)}
    songs = {clip: shared[a, title] for clip, a, title in rows if (a, title) in shared}
    return artists, songs


def replica_groups() -> list[tuple[str, ...]]:
    """List the clips that are copies of each other."""
    found = [
        tuple(f"{genre}.{number:05d}" for number in group)
        for genre, groups in REPLICAS.items()
        for group in groups
    ]
    return [*found, ACROSS_GENRES]


def repair(folds: dict[str, int], artists: dict[str, int]) -> dict[str, int]:
    """Each artist into the fold that holds most of its clips.

    The published folds split artists whose names were spelled in more than one way, or were
    not yet known, when they were made.
    """
    held: dict[int, Counter] = {}
    for clip, fold in folds.items():
        held.setdefault(artists[clip], Counter())[fold] += 1
    home = {artist: min(n, key=lambda fold: (-n[fold], fold)) for artist, n in held.items()}
    return {clip: home[artists[clip]] for clip in folds}


if __name__ == "__main__":
    main()
