"""What a conversion costs: time by nodes, and memory and time by bytes of weights."""
