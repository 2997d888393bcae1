"""Several sites that may not share records: each exports what it has released, and the exports are pooled."""
