"""The words of the house: frozen values and enums, standard library only."""
