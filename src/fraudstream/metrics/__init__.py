"""What processes say of themselves in numbers: the metrics there are, and the board that shows them."""
