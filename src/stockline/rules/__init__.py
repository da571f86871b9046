"""What must hold: each rule one SELECT of the rows that break it."""
