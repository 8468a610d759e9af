"""What ``python -m sklearn_mgc`` runs, one command per file."""
