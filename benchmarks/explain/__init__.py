"""How true, personal and varied replies are, and how well the claim checker judges."""
