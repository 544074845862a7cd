"""`python -m stack` is the `reelmesh` command."""

from stack.cli import app

if __name__ == "__main__":
    app(prog_name="reelmesh")
