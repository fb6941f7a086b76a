"""One file a command, or a family of them; `generator.command_table` says which is where."""
