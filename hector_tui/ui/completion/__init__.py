"""What the prompt's popup offers: commands and their arguments, agents and files."""
