"""The import of MovieLens data sets, without a platform."""
