"""Models as data: arrays, their archive, and the one function that scores with them."""
