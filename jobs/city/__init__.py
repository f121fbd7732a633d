"""The city's run on Spark: newly committed rows become one register, features and warnings."""
