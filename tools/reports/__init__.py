"""Results as people look at them: plots, tables, drawings."""
