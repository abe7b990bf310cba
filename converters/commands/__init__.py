"""What the commands have in common: options, the console, reports, the work itself."""
