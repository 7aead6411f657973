"""The demonstration: two real nodes, scripted officers at their real doors, and a page that shows both desks."""
