"""
Genre over time
===============

A mix of three genres, classified window by window.
"""

# %%
# A model for clips of four seconds, and a mix that it has not heard.
import io

import numpy as np
import soundfile
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import make_music
from sklearn_mgc.display import AudioPlayers
from sklearn_mgc.inspection import genre_timeline

music = make_music(n_tracks=90, duration=4.0, random_state=0)
model = make_pipeline(HandcraftedFeatures(), StandardScaler(), LogisticRegression(max_iter=1000))
model.fit(music.data, music.target)

parts = make_music(
    n_tracks=3, genres=["classical", "reggae", "rock"], duration=20.0, artists_per_genre=1,
    random_state=1,
)  # fmt: skip
mix = np.concatenate(parts.data)
AudioPlayers({"classical, reggae, rock": mix})

# %%
# The recording is streamed: three hours need no more memory than a song.
file = io.BytesIO()
soundfile.write(file, mix, 22050, format="WAV")
timeline = genre_timeline(model, file, window=4.0, hop=1.0)
timeline.plot()

# %%
# Averaged over neighbouring windows, and as sections:
timeline.smoothed(6.0)
