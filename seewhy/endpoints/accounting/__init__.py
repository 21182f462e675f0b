"""What calls cost: prices, forecasts, and the ledger of what was spent."""
