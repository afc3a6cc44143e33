"""Messages to the owner, as receivers get them."""
