"""Training on a real Spark in local mode, where pyspark and Java are."""
