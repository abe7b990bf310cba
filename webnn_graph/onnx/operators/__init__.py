"""The translations, one file for each file of the operator table."""
