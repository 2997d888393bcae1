"""What can tell who somebody is: found in the files of a study, named without a value, and kept out of its tables."""
