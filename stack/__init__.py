"""The `reelmesh` command: runs the whole mesh on one machine, loads data into it and shows how it fares."""
