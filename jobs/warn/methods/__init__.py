"""Methods of surveillance: pure functions on arrays, many series or many places at once, each naming its source."""
