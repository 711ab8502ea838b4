"""The whole, as a user has it: the installed command on real projects."""
