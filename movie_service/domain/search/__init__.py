"""How movies are found: what a word is, what a query asks for, which word was meant, where it was found."""
