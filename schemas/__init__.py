"""What departments promise: the contract of each feed, the code lists, and the grammar that reads them."""
