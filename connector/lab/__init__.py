"""The laboratory: rules over the mirrored past, and over the days to come. It keeps nothing and sends nothing."""
