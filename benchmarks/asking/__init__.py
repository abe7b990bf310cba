"""How long pages take to answer that `--format page` writes."""
