"""Cross-validation: folds, what each trains and scores, one process or many."""
