"""The zoo: where real models come from, and what is done with them."""
