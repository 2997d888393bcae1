"""What a study's files will and will not give: read to the end, held against the study, told before anything runs."""
