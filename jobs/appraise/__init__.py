"""How good the departments' data are: counted, put before the appraisal desk, printed for an operator."""
