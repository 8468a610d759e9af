"""GTZAN's description: source, licence, citations, faults, and which split to use."""

from __future__ import annotations

_DESCR = """\
GTZAN
=====

{found}

1000 clips of 30 s (22,050 Hz, mono, 16 bit) in ten genres, collected in 2000-2001 by George
Tzanetakis from CDs, radio and microphone recordings.

Licence: none is stated. The library ships no audio, and neither should you.

What is wrong with it
---------------------
* Few artists: 271 known ones for 983 clips; 35 of the 100 reggae clips are by one artist, 28 of
  jazz, 24 of pop. In a random hold-out about 85 % of the test clips have their artist in
  training, and scores are 15 to 20 points too high.
* Repetitions: 50 clips repeat another one exactly, one of them under another genre; 127 clips
  share their song with another clip.
* Labels: Sturm counts 43 conspicuous and 63 contentious mislabelings, so that above about 94 %
  a classifier learns noise.
* jazz.00054 cannot be read in the common copy.

``groups`` are artists (unknown ones have a number each), ``duplicates`` songs, ``faults`` the
clips that are repeated, mislabelled, distorted or unreadable.

Splits
------
artist_filtered
    Three folds of 948 clips, nearly all exact repetitions left out: those of Foleiss and
    Tavares, with 38 clips moved so that no artist of the index is in two folds. Use this one.
foleiss
    The same folds as published. 180 of the 948 test clips share an artist with their training
    clips, because the index of artists has been completed since.
fault_filtered
    443 training, 197 validation and 290 test clips, by Kereliuk, Sturm and Larsen: for
    comparison with published numbers. 14 of the 290 test clips share an artist with the
    training clips, 27 with training and validation together.
paper, paper_60_20_20
    Random clips in parts of 80/10/10 or 60/20/20, as in Gallego et al. (2019): optimistic, to
    reproduce the paper only.
None
    All clips: pass ``groups`` to ``StratifiedGroupKFold``.
{split}
References
----------
G. Tzanetakis, P. Cook, "Musical genre classification of audio signals", IEEE Transactions on
Speech and Audio Processing 10(5), 2002.
B. L. Sturm, "The GTZAN dataset: Its contents, its faults, their effects on evaluation, and its
future use", arXiv:1306.1461, 2013 (exact repetitions).
B. L. Sturm, "The state of the art ten years after a state of the art: Future research in music
information retrieval", Journal of New Music Research 43(2), 2014 (artists and songs;
https://github.com/boblsturm/GTZAN).
C. Kereliuk, B. L. Sturm, J. Larsen, "Deep learning and music adversaries", IEEE Transactions on
Multimedia 17, 2015 (fault_filtered).
J. H. Foleiss, T. F. Tavares, "Texture selection for automatic music genre classification",
Applied Soft Computing 89, 2020 (foleiss).
"""


def descr(found: str, split: str | None) -> str:
    """The description of a copy of which `found` says what it is."""
    return _DESCR.format(found=found, split=f"\nThis Bunch: split={split!r}.\n")
