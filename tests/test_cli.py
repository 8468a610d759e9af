"""The command line, run as a user runs it."""

from __future__ import annotations

import csv
import importlib.abc
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
import soundfile

from sklearn_mgc.__main__ import COMMANDS, main
from sklearn_mgc.datasets import load_audio_table, make_music
from sklearn_mgc.features import FeatureStore, HandcraftedFeatures


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    make_music(n_tracks=24, duration=1.5, folder=folder, random_state=0)
    return folder


@pytest.fixture(scope="module")
def model(folder, tmp_path_factory):
    """The model of a demo run on a folder with one file that cannot be read."""
    pytest.importorskip("matplotlib")
    genre = sorted(path for path in folder.iterdir() if path.is_dir())[0]
    (genre / "broken.mp3").write_text("this is not audio")
    output = tmp_path_factory.mktemp("output")
    assert main(["demo", str(folder), "--output", str(output), "--folds", "2"]) == 0
    assert (output / "confusion_matrix.png").stat().st_size > 1000
    assert (output / "training_curves.png").stat().st_size > 1000
    return output / "model.joblib"


def test_predict_prints_genres(model, folder, capsys):
    files = sorted(str(path) for path in folder.rglob("*.wav"))[:2]
    assert main(["predict", str(model), *files]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.startswith(file) for line, file in zip(lines, files, strict=True)] == [True, True]


def test_predict_json_goes_on_after_a_bad_file(model, folder, capsys):
    good = sorted(str(path) for path in folder.rglob("*.wav"))[0]
    assert main(["predict", str(model), "missing.mp3", good, "--json"]) == 1
    captured = capsys.readouterr()
    failed, row = map(json.loads, captured.out.splitlines())
    assert (failed["file"], failed["error"]) == ("missing.mp3", "MissingAudioError")
    assert row["file"] == good and row["sure"]
    assert row["genre"] == max(row["probabilities"], key=row["probabilities"].get)
    assert len(row["probabilities"]) == 3 and sum(row["probabilities"].values()) <= 1 + 1e-4
    assert "missing.mp3" in failed["message"]


def test_predict_not_sure_and_a_table(model, folder, tmp_path, capsys):
    good = sorted(str(path) for path in folder.rglob("*.wav"))[0]
    table = tmp_path / "genres.csv"
    arguments = ["predict", str(model), good, "missing.mp3", "--csv", str(table)]
    assert main([*arguments, "--min-confidence", "1"]) == 1
    assert "not sure: " in capsys.readouterr().out
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["sure"] for row in rows] == ["False", ""]
    assert rows[0]["genre"] == "" and "missing.mp3" in rows[1]["error"]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such model"), (b"junk", "cannot be loaded: it is damaged, not a model")],
)
def test_predict_with_a_bad_model(tmp_path, capsys, content, message):
    path = tmp_path / "model.joblib"
    if content is not None:
        path.write_bytes(content)
    assert main(["predict", str(path), "a.mp3"]) == 2
    assert message in capsys.readouterr().err


def test_demo_compares_what_it_is_asked_to(folder, tmp_path, capsys):
    arguments = ["demo", str(folder), "--output", str(tmp_path), "--folds", "2"]
    assert main([*arguments, "--systems", "logreg"]) == 0
    printed = capsys.readouterr().out
    assert "LogisticRegression" in printed and "DNNClassifier" not in printed
    assert "ARTISTS UNKNOWN" in printed
    assert not (tmp_path / "training_curves.png").exists()


def test_predict_takes_folders_and_refuses_what_holds_no_sound(model, folder, tmp_path, capsys):
    genre = sorted(path for path in folder.iterdir() if path.is_dir())[1]
    files = sorted(genre.rglob("*.wav"))
    assert main(["predict", str(model), str(genre)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [str(file) for file in files]
    assert main(["predict", str(model), str(tmp_path)]) == 2
    assert "no audio files" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("predict MODEL a.mp3 --top 0", "--top must be at least 1"),
        ("predict MODEL a.mp3 --top -1", "--top must be at least 1"),
        ("predict MODEL a.mp3 --min-confidence 2", "--min-confidence must be between 0 and 1"),
        ("predict MODEL a.mp3 --csv FOLDER", "is a folder; name a file"),
        ("predict MODEL", "name audio files or folders after the model"),
        ("demo FOLDER --folds 0", "--folds must be at least 2"),
        ("demo FOLDER --folds 1", "--folds must be at least 2"),
        ("check FOLDER --min-duration -1", "min_duration must be at least 0"),
        ("check FOLDER --min-duration nan", "min_duration must be at least 0"),
        ("check FOLDER --max-clipped 7", "max_clipped between 0 and 1"),
        ("cache prune CACHE --unused-days -1", "unused_days must be a number >= 0"),
        ("cache prune CACHE --max-size -1", "max_bytes must be a number >= 0"),
        ("cache info FOLDER", "there is no feature store there"),
        ("features FOLDER --jobs 0", "n_jobs == 0"),
        ("features FOLDER --output FOLDER", "is a folder; name a file"),
        ("data verify NOWHERE", "no such file or folder"),
        ("leakage NOWHERE", "no such folder"),
        ("reproduce --gtzan NOWHERE", "no such file or folder"),
        ("tag", "name audio files or folders, or a journal to --undo"),
        ("tag FOLDER --max-genres 0", "--max-genres must be at least 1"),
        ("tag FOLDER --min-confidence 7", "--min-confidence must be between 0 and 1"),
        ("tag FOLDER --model NOWHERE", "no such model"),
        ("reproduce --repeats 0", "--repeats must be at least 1"),
        ("check https://a.org/x.zip", "https://a.org/x.zip: is a URL and not a path"),
        ("predict MODEL https://a.org/a.mp3", "https://a.org/a.mp3: is a URL"),
        ("features FOLDER --output s3://a/b.csv", "s3://a/b.csv: is a URL"),
    ],
)
def test_wrong_arguments_are_one_clear_line(model, folder, tmp_path, capsys, arguments, message):
    store = tmp_path / "cache"
    HandcraftedFeatures(cache=store).transform([np.ones(22050, dtype=np.float32)])
    paths = {"MODEL": model, "FOLDER": folder, "CACHE": store, "NOWHERE": tmp_path / "nowhere"}
    assert main([str(paths.get(word, word)) for word in arguments.split()]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: ") and message in last
    assert FeatureStore(store).info()["rows"] == 1


def test_demo_on_a_missing_folder(tmp_path, capsys):
    assert main(["demo", str(tmp_path / "nowhere"), "--output", str(tmp_path / "out")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_features_writes_the_readable_files(folder, tmp_path, capsys):
    # A folder of its own: other tests list the shared one, in whatever order they run.
    folder = shutil.copytree(folder, tmp_path / "music")
    (folder / "blank").mkdir()
    (folder / "blank" / "empty.wav").touch()
    output = tmp_path / "table" / "features.csv"
    status = main(["features", str(folder), "--output", str(output), "--statistics", "mean", "std"])
    with output.open(newline="") as file:
        rows = list(csv.DictReader(file))
    readable = sorted(path for path in folder.rglob("*.wav") if path.name != "empty.wav")
    assert status == 1
    assert "empty.wav" in capsys.readouterr().err
    assert [row["filename"] for row in rows] == [
        path.relative_to(folder).as_posix() for path in readable
    ]
    assert {row["label"] for row in rows} == {path.parent.name for path in readable}
    expected = HandcraftedFeatures(statistics=("mean", "std")).transform([readable[0]])[0]
    numbers = [float(value) for value in list(rows[0].values())[1:-1]]
    assert numbers == pytest.approx(expected.tolist(), rel=1e-6)


def test_reproduce_without_data_says_so(tmp_path, capsys, monkeypatch):
    from sklearn_mgc import datasets

    def little_music(**options):
        return make_music(12, genres=["jazz", "rock"], artists_per_genre=2, **options)

    make_music = datasets.make_music
    monkeypatch.setattr(datasets, "make_music", little_music)
    out = tmp_path / "out"
    arguments = ["reproduce", "--quick", "--output", str(out), "--systems", "logreg", "crnn"]
    assert main([*arguments, "--protocol", "paper"]) == 0
    printed = capsys.readouterr()
    assert "NO DATA GIVEN" in printed.err
    assert "A quick run" in printed.out and "the paper's CRNN" in printed.out
    assert (out / "results.json").exists() and (out / "curves_crnn_0.png").exists()


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("unbuffered", [False, True])
def test_a_reader_that_stops_reading_is_no_error(unbuffered, monkeypatch, capsys):
    read, write = os.pipe()
    os.close(read)
    file = os.fdopen(write, "wb", buffering=0 if unbuffered else -1)
    with io.TextIOWrapper(file, write_through=unbuffered) as stream:  # nothing left to flush
        monkeypatch.setattr(sys, "stdout", stream)
        assert main(["data", "list"]) == 0
    assert capsys.readouterr().err == ""


def test_a_terminal_that_is_closed_is_no_error(monkeypatch):
    """Python has None for streams that were closed before it began (``>&-``)."""
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert main(["data", "list"]) == 0
    assert main(["features", "no such folder"]) == 2


class _InterruptedImport(importlib.abc.MetaPathFinder):
    """A signal comes during the import of a module, whose import makes something else of it."""

    def __init__(self, module: str, number: int, error: type[Exception] | None):
        self.module, self.number, self.error = module, number, error

    def find_spec(self, name, path, target=None):
        if name == self.module:
            try:
                signal.raise_signal(self.number)
            except KeyboardInterrupt:
                if self.error is not None:
                    raise self.error("many reasons, often due to your setup") from None
        return


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("error", [ImportError, AttributeError, None])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_modules_are_imported(monkeypatch, capsys, number, error):
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only")
    module = "sklearn_mgc.commands.data"
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setattr(
        sys, "meta_path", [_InterruptedImport(module, number, error), *sys.meta_path]
    )
    usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    before = signal.signal(number, usual)  # ignored, where the tests run in the background
    try:
        assert main(["data", "list"]) == 128 + number
        assert capsys.readouterr() == ("", "interrupted\n")
        assert signal.getsignal(number) is usual
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize(
    "arguments",
    [
        "train NOWHERE --output",
        "demo NOWHERE --output",
        "features NOWHERE --output",
        "check NOWHERE --csv",
        "check NOWHERE --json",
        "leakage NOWHERE --output",
        "predict MODEL NOWHERE --csv",
        "tag NOWHERE --output",
        "tag NOWHERE --write --journal",
        "reproduce --gtzan NOWHERE --output",
    ],
)
def test_a_result_that_cannot_be_written_is_told_before_anything_is_read(
    model, tmp_path, capsys, arguments
):
    (tmp_path / "file").touch()
    result = tmp_path / "file" / "result"
    paths = {"MODEL": str(model), "NOWHERE": str(tmp_path / "nowhere")}
    words = [paths.get(word, word) for word in arguments.split()]
    assert main([*words, str(result)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: {result}") and f"{tmp_path / 'file'} is a file" in said


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_tables_of_files_whose_names_are_not_utf8(model, folder, tmp_path, capsys):
    song = sorted(folder.rglob("*.wav"))[0]
    for genre in ("jazz", "rock"):
        (tmp_path / genre).mkdir()
        for name in (b"caf\xe9.wav", b"\x1b[2J.wav"):
            shutil.copy(song, tmp_path / genre / os.fsdecode(name))
    tables = [tmp_path / "leaks.csv", tmp_path / "genres.csv"]
    assert main(["leakage", str(tmp_path), "--folds", "2", "--output", str(tables[0])]) == 0
    assert main(["predict", str(model), str(tmp_path), "--csv", str(tables[1])]) == 0
    for table in tables:
        assert r"caf\udce9.wav" in table.read_text(encoding="utf-8")
    assert "\x1b" not in "".join(capsys.readouterr())


def test_tables_run_nothing_in_a_spreadsheet_and_are_read_as_they_were(tmp_path, monkeypatch):
    names = ["=cmd|calc", "+x", "-x", "@SUM(A1)", "-2", "rock"]
    for i, genre in enumerate(names):
        (tmp_path / genre).mkdir()
        soundfile.write(tmp_path / genre / "=a.wav", np.sin((i + 1) * np.arange(22050)), 22050)
    monkeypatch.chdir(tmp_path)
    assert main(["features", str(tmp_path), "--output", "f.csv"]) == 0
    with open("f.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["label"] for row in rows} == {"'=cmd|calc", "'+x", "'-x", "'@SUM(A1)", "-2", "rock"}
    assert all(row["filename"].startswith(("'", "rock")) for row in rows)
    music = load_audio_table("f.csv")
    assert sorted(music.target_names) == sorted(names) and not music.errors


def test_an_error_shows_names_and_sends_no_control_characters(capsys):
    assert main(["features", "no\x1b[2J such\nfolder"]) == 2
    assert capsys.readouterr().err.startswith(r"error: no\x1b[2J such")


def test_python_without_docstrings_is_told_why(tmp_path):
    make_music(6, genres=["jazz", "rock"], duration=0.5, folder=tmp_path / "music", random_state=0)
    command = [sys.executable, "-OO", "-m", "sklearn_mgc", "train", str(tmp_path / "music")]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 2
    assert "under `python -OO`: skorch" in run.stderr and "Traceback" not in run.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_an_example(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")  # an example that wraps cannot be copied
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"example: python -m sklearn_mgc {command} ")


def test_help_and_wrong_arguments_need_no_torch():
    script = (
        "import sys\n"
        "from sklearn_mgc.__main__ import COMMANDS, main\n"
        "wrong = [['train', 'x', '--folds', '1'], ['demo', '--folds', '1'], ['predict', 'x.pkl']]\n"
        "wrong += [[command, option] for command in COMMANDS for option in ('--help', '-x')]\n"
        "for argv in wrong:\n"
        "    try:\n"
        "        assert main(argv) == 2, argv\n"
        "    except SystemExit:\n"
        "        pass\n"
        "    heavy = {'torch', 'skorch', 'numba', 'matplotlib'} & set(sys.modules)\n"
        "    assert not heavy, (argv, heavy)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
