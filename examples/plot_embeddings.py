"""
Pretrained embeddings
=====================

A network that was trained on hundreds of thousands of songs describes clips; a linear classifier
does the rest. ``python -m sklearn_mgc models fetch musicnn`` downloads its weights once; without
them, this page shows the descriptors alone.
"""

# %%
# Generated music of six genres, each of several artists.
import matplotlib.pyplot as plt

from sklearn_mgc.datasets import make_music
from sklearn_mgc.evaluation import compare, cross_validate
from sklearn_mgc.features import backbones
from sklearn_mgc.recipes import best, ready_model

music = make_music(n_tracks=60, duration=3.1, random_state=0)
representations = ["descriptors"]
if backbones.weights_file("musicnn").exists():
    representations.append("embedding")

# %%
# Folds keep artists apart. Scores on generated music say nothing about real music, on which the
# embedding is seven points better, as the user guide shows.
results = {
    name: cross_validate(best(name), music.data, music.target, groups=music.groups, cv=5)
    for name in representations
}
for name, result in results.items():
    print(f"{name}: {result.score:.3f}")
if len(results) == 2:
    print(compare(*results.values(), names=tuple(results)))

# %%
# The network's tags for a clip, and the genre according to the model that was fitted on GTZAN. That
# model is part of the library, and has never heard music like this.
if "embedding" in representations:
    model = ready_model("gtzan")
    tags = model[0]
    values = tags.transform(music.data[:1])[0]
    names = [name.split("_")[1] for name in tags.get_feature_names_out()]
    order = values.argsort()[::-1][:10]
    figure, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
    ax.barh([names[i] for i in order[::-1]], values[order[::-1]])
    ax.set(xlabel="probability of the tag", title=f"a generated clip of {music.target[0]}")
    probabilities = model.predict_proba(music.data[:1])[0]
    best_genre = probabilities.argmax()
    print(f"{model.classes_[best_genre]}: {probabilities[best_genre]:.2f}")
else:
    print("Without weights: python -m sklearn_mgc models fetch musicnn")
plt.show()
