"""Ready pipelines: the paper's, its relatives', and our best."""
