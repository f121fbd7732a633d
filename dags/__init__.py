"""When it happens: Airflow DAGs that name the steps and their order."""
