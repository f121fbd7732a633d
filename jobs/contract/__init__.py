"""What an operator does with a contract itself: look it over, hand it on."""
