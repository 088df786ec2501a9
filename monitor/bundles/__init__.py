"""Policy as it is handed on: one signed file with every rule and clause, the same for all who receive it."""
