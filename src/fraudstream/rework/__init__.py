"""Records that were refused or not delivered, and what a person does with them."""
