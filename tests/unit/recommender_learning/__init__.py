"""The recommender's model: training, ranking, its artefact and how it is measured."""
