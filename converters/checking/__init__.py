"""How near a graph is to the model that it was made of."""
