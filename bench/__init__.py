"""What a call costs with ocicat, beside what it must cost at least and what the peers take."""
