"""MetadataService over the contract's messages."""
