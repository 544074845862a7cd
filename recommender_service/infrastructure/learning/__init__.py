"""The model: training, its artefact, ranking and explaining. Numbers only: no database, no network, no clock.

`train(interactions, catalogue, parameters)` makes a Model, `save(model, directory)` its artefact, `load(directory)` the Model again.
"""
