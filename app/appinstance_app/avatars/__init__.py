"""Pictures of people: checked, rebuilt from pixels, stored under unguessable names, delivered."""
