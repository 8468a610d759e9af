"""
Save, load, and serve
=====================

A fitted pipeline as a file, in another runtime, and behind a page to drop a song on.
"""

# %%
# A small model.
import io
import tempfile
from pathlib import Path
from pprint import pprint

import numpy as np
import onnxruntime
import soundfile
from fastapi.testclient import TestClient
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import DNNClassifier, HandcraftedFeatures
from sklearn_mgc.datasets import make_music
from sklearn_mgc.saving import load_model, runs_code, save_model, to_onnx
from sklearn_mgc.web import create_app

# sphinx_gallery_thumbnail_path = '_static/heard.png'
folder = tempfile.TemporaryDirectory()
music = make_music(n_tracks=36, duration=2.0, random_state=0)
model = make_pipeline(
    HandcraftedFeatures(), StandardScaler(), DNNClassifier(max_epochs=30, random_state=0)
)
model.fit(music.data, music.target)

# %%
# Files
# -----
# A skops file holds parameters and arrays, and loading it runs no code from it. A joblib file may
# run any code, so loading one takes ``trust=True``.
for name in ("model.skops", "model.joblib"):
    file = Path(folder.name, name)
    save_model(model, file)
    print(f"{name}: {file.stat().st_size // 1000} kB, runs code: {runs_code(file)}")
again = load_model(Path(folder.name, "model.skops"))
print(again.predict(music.data[:3]), model.predict(music.data[:3]))

# %%
# ONNX
# ----
# The network alone, for programs without torch or Python. Its input are descriptors.
file = Path(folder.name, "network.onnx")
to_onnx(model[-1], file)
X = model[:-1].transform(music.data[:3]).astype(np.float32)
session = onnxruntime.InferenceSession(str(file))
outputs = session.run(None, {session.get_inputs()[0].name: X})
for name, values in zip(session.get_outputs(), outputs, strict=True):
    print(name.name, np.shape(values))
folder.cleanup()

# %%
# A page, and the same for programs
# ---------------------------------
# ``python -m sklearn_mgc serve model.skops`` serves a page on your machine: drop a song, and see
# its genres, the genre over time and what the decision rests on.
#
# .. image:: /_static/serve.png
#    :alt: A dropped mix with its genres, its waveform over a timeline of genres, and a spectrogram
#    :width: 80%
#
# Programs post sound, and get JSON. Here the test client of FastAPI does so without a server.
sound = io.BytesIO()
soundfile.write(sound, music.data[0], 22050, format="WAV")
client = TestClient(create_app(again))
pprint(client.get("/health").json())
pprint(client.post("/predict", content=sound.getvalue()).json(), sort_dicts=False)
