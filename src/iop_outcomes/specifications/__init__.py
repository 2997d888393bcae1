"""Every other way in which a study's first question could have been asked of its data, side by side."""
