"""How well columns are told: labelled tables of another generator, other locales and another seed than the training."""
