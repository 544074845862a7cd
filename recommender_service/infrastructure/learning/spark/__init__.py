"""Training on Spark, for data that outgrow one machine (`pip install reelmesh[spark]`, and Java)."""
