"""How true, personal and varied replies are: `parley evaluate explain`, and how well the claim checker judges."""
