"""`python -m demo`: build the city's deliveries, or score what the lakehouse made of them."""

from demo.cli import app

app(prog_name="python -m demo")
