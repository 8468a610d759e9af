"""What every classifier of genres answers."""

from __future__ import annotations

from abc import ABC, abstractmethod

from sklearn.base import ClassifierMixin

from sklearn_mgc._sklearn_compat import DocumentedMixin


class GenreMixin(DocumentedMixin, ClassifierMixin, ABC):
    """A classifier that has ``predict_proba``."""

    def predict(self, X):
        """Predict the genre of each sample.

        Parameters
        ----------
        X : array-like
            As in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples,)
            Genres, as they were passed to ``fit``.
        """
        shares = self.predict_proba(X)  # first, as it says whether the model is fitted
        return self.classes_[shares.argmax(axis=1)]

    @abstractmethod
    def predict_proba(self, X):
        """Predict the probability of each genre.

        Parameters
        ----------
        X : array-like
            As in ``fit``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, columns in the order of ``classes_``.

        Raises
        ------
        NotFittedError
            If the classifier was not fitted.
        ValueError
            If the shape of X differs from that seen in ``fit``.
        """
