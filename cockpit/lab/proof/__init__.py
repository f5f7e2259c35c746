"""Is a result an edge or the best of many tries? Definitions of the quant reference, sections 7, 8 and 16."""
