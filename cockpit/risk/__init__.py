"""Risk: rules, stops and breakers between what is wanted and what is done."""
