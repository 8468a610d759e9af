"""
Tuning with Optuna: prune, resume, share a study
================================================

An Optuna study searches where a grid would be too coarse. Trials that fall behind are given up. The
study is a file, so it can be resumed after a crash and shared by several processes.
"""

# %%
# Features are computed once, before the study. With ``cache=`` on the transformer, a search over a
# whole pipeline on paths costs no more.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import optuna
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import DNNClassifier, HandcraftedFeatures, search
from sklearn_mgc.datasets import make_music

optuna.logging.set_verbosity(optuna.logging.WARNING)
music = make_music(n_tracks=60, artists_per_genre=5, duration=1.0, random_state=0)
X = HandcraftedFeatures(n_jobs=2).transform(music.data)

# %%
# A ready-made space for the classifier, which you can change; folds that keep artists apart; and a
# median pruner that is asked after each epoch.
model = make_pipeline(StandardScaler(), DNNClassifier(max_epochs=10, random_state=0))
space = search.space(model)
space["dnnclassifier__lr"] = optuna.distributions.FloatDistribution(1e-5, 1e-2, log=True)
objective = search.objective(
    model, X, music.target, groups=music.groups, cv=3, space=space, pruning="epoch"
)
file = Path(tempfile.mkdtemp()) / "study.journal"
study = search.open_study(
    file,
    space=space,
    sampler=optuna.samplers.TPESampler(seed=0),
    pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=3),
)
study.optimize(objective, n_trials=8)

# %%
# In another process, or tomorrow, the same line opens the same study and resumes it.
study = search.open_study(file, space=space)
study.optimize(objective, n_trials=4)
print(study.trials_dataframe()["state"].value_counts())
print(study.best_params)

# %%
# The trials, epoch by epoch, and which parameters mattered.
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for trial in study.trials:
    pruned = trial.state.name == "PRUNED"
    steps = trial.intermediate_values
    left.plot(
        [epoch + 1 for epoch in steps],
        list(steps.values()),
        color="C1" if pruned else "C0",
        linestyle=":" if pruned else "-",
        label=f"{'given up' if pruned else 'finished'}",
    )
handles, labels = left.get_legend_handles_labels()
unique = dict(zip(labels, handles, strict=True))
left.legend(unique.values(), unique.keys())
left.set(xlabel="epoch", ylabel="accuracy, mean of the folds")
importance = optuna.importance.get_param_importances(
    study, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=0)
)
names = [name.removeprefix("dnnclassifier__") for name in importance]
right.barh(names[::-1], list(importance.values())[::-1])
right.set(xlabel="importance")
plt.show()

# %%
# Fit what was found. The best of twelve scores is too high: report the score of the whole search on
# artists that it has not heard.
best = objective.estimator(study.best_params).fit(X, music.target)
print(best.steps[-1][1])
