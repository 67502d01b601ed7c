"""What fixes a finding: commands, snippets, and what they need to know about inheritance."""
