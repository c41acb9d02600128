"""Nurtures: where a contact stands in a graph of steps and what follows from it. Pure; the clock is in the facts."""
