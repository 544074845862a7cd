"""The model: training, its artefact, ranking and explaining. Numbers only: no database, no network, no clock.

`train(interactions, catalogue, parameters)` → `Model`, `model.save(directory)` → `Manifest`, `load(directory)` → `Model`.
"""
